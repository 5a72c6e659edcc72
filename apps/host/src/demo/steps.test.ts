import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { DemoStep } from "@anamnesis/client/folder";
import { DemoSteps } from "./steps.ts";

const refusing = (code: "NO_ACCESS" | "UNAVAILABLE") => () =>
  Promise.reject(new AnamnesisError(code, "No"));

test("attack() holds only when the attack is refused with a code that was wanted", async () => {
  const rows = [
    {
      when: "refused as wanted",
      work: refusing("NO_ACCESS"),
      ok: true,
      detail: "Refused: NO_ACCESS",
    },
    {
      when: "refused otherwise",
      work: refusing("UNAVAILABLE"),
      ok: false,
      detail: "Refused with UNAVAILABLE, wanted NO_ACCESS",
    },
    {
      when: "it succeeds",
      work: () => Promise.resolve("plaintext"),
      ok: false,
      detail: "The attack succeeded",
    },
    {
      when: "it breaks",
      work: () => Promise.reject(new TypeError("bug")),
      ok: false,
      detail: "bug",
    },
  ];
  for (const { when, work, ok, detail } of rows) {
    const told: DemoStep[] = [];
    const demo = new DemoSteps((step) => told.push(step));
    assert.equal(await demo.attack("a", ["NO_ACCESS"], work), ok, when);
    assert.deepEqual([told[0]?.ok, told[0]?.detail], [ok, detail], when);
  }
});

test("play() tells each step with its time and goes on after one that failed", async () => {
  const told: DemoStep[] = [];
  const demo = new DemoSteps((step) => told.push(step));
  await demo.play("one", () => Promise.resolve("fine"));
  await demo.play("two", refusing("NO_ACCESS"));
  await demo.play("three", () => Promise.resolve());
  assert.deepEqual(
    told.map(({ name, ok }) => `${name} ${ok}`),
    ["one true", "two false", "three true"],
  );
  assert.equal(told[1]?.detail, "NO_ACCESS: No");
  assert.ok(told.every(({ ms }) => Number.isInteger(ms) && ms >= 0));
});
