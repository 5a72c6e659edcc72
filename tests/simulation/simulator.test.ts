import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "./simulation.ts";

const SEEDS = 24;
const AT_ONCE = 12;

test("I1, I2, I7: whatever gets lost, late, doubled or killed, nodes agree and no acknowledged slip is gone", async () => {
  const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
  const lives: Simulation[] = [];
  const run = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      try {
        lives.push(await Simulation.run(seed));
      } catch (cause) {
        throw new Error(`Seed ${seed} fails`, { cause });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  // A life in which nothing happens proves nothing.
  const total = (count: (life: Simulation) => number): number =>
    lives.reduce((sum, life) => sum + count(life), 0);
  assert.ok(total((life) => life.acknowledged.size) > 30 * SEEDS);
  for (const misfortune of ["beforeCommit", "afterCommit", "lostDisk"] as const)
    assert.ok(total((life) => life.misfortunes[misfortune]) > SEEDS / 2, misfortune);
});
