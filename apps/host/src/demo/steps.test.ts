import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { DemoStep } from "@anamnesis/client/folder";
import { answerOf } from "./answered.ts";
import { DemoSteps } from "./steps.ts";

const told = (): { readonly demo: DemoSteps; readonly steps: DemoStep[] } => {
  const steps: DemoStep[] = [];
  return { demo: new DemoSteps((step) => steps.push(step)), steps };
};

test("attack() holds only when whoever is asked refuses it with the very code that is wanted", async () => {
  const refused = { by: "first", code: "NO_ACCESS" };
  const rows = [
    { when: "all refuse as wanted", answers: [refused, { ...refused, by: "second" }], ok: true },
    { when: "one serves", answers: [refused, { by: "second", code: "SERVED" }], ok: false },
    { when: "one refuses otherwise", answers: [{ by: "a", code: "UNAVAILABLE" }], ok: false },
    { when: "nobody was asked", answers: [], ok: false },
  ];
  for (const { when, answers, ok } of rows) {
    const { demo, steps } = told();
    assert.equal(await demo.attack("a", "NO_ACCESS", () => Promise.resolve(answers)), ok, when);
    assert.deepEqual([steps[0]?.name, steps[0]?.ok], ["attack: a", ok], when);
  }
  const { demo, steps } = told();
  const bug = (): Promise<never> => Promise.reject(new TypeError("bug"));
  assert.equal(await demo.attack("a", "NO_ACCESS", bug), false);
  assert.equal(steps[0]?.detail, "bug");
});

test("answerOf() gives the code of a refusal, SERVED where there was none, and no bug", async () => {
  const refusing = Promise.reject(new AnamnesisError("NO_ACCESS", "No"));
  assert.deepEqual(await answerOf("x", refusing), { by: "x", code: "NO_ACCESS" });
  assert.deepEqual(await answerOf("x", Promise.resolve(1)), { by: "x", code: "SERVED" });
  await assert.rejects(answerOf("x", Promise.reject(new TypeError("bug"))), TypeError);
});

test("play() tells each step with its time and goes on after one that failed", async () => {
  const { demo, steps } = told();
  await demo.play("one", () => Promise.resolve("fine"));
  await demo.play("two", () => Promise.reject(new AnamnesisError("NO_ACCESS", "No")));
  await demo.play("three", () => Promise.resolve());
  assert.deepEqual(
    steps.map(({ name, ok }) => `${name} ${ok}`),
    ["one true", "two false", "three true"],
  );
  assert.equal(steps[1]?.detail, "NO_ACCESS: No");
  assert.ok(steps.every(({ ms }) => Number.isInteger(ms) && ms >= 0));
});
