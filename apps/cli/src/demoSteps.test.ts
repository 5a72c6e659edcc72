import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import { DemoSteps } from "./demoSteps.ts";

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
    const demo = new DemoSteps(() => undefined);
    assert.equal(await demo.attack("a", ["NO_ACCESS"], work), ok, when);
    assert.equal(demo.steps[0]?.detail, detail, when);
    assert.equal(demo.allHeld, ok, when);
  }
});

test("play() keeps each step with its time and goes on after one that failed", async () => {
  const told: string[] = [];
  const demo = new DemoSteps(({ name, ok }) => told.push(`${name} ${ok}`));
  await demo.play("one", () => Promise.resolve("fine"));
  await demo.play("two", refusing("NO_ACCESS"));
  await demo.play("three", () => Promise.resolve());
  assert.deepEqual(told, ["one true", "two false", "three true"]);
  assert.equal(demo.steps[1]?.detail, "NO_ACCESS: No");
  assert.ok(demo.steps.every(({ ms }) => Number.isInteger(ms) && ms >= 0));
  assert.equal(demo.allHeld, false);
});
