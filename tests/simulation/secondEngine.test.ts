import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { keyOf } from "@anamnesis/testing/keys";
import { EngineLife } from "./engineLife.ts";

const SEEDS = 16;

test("I1, I2: a second engine drives the application: whoever proposes, is absent, lies or dies, all replicas agree", async () => {
  const lives: EngineLife[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      lives.push(await EngineLife.run(seed, seed % 2 === 0 ? "care" : "consortium"));
    } catch (cause) {
      throw new Error(`Seed ${seed} fails`, { cause });
    }
  }
  // A life in which nothing happens proves nothing.
  const total = (count: (life: EngineLife) => number): number =>
    lives.reduce((sum, life) => sum + count(life), 0);
  assert.ok(total(({ accepted }) => accepted.size) > 20 * SEEDS);
  assert.ok(total(({ crashes }) => crashes) > 3 * SEEDS);
  for (const event of [
    "rejected",
    "forced",
    "empty",
    "absences",
    "replayed",
    "joined",
    "left",
  ] as const)
    assert.ok(total(({ engine }) => engine.counts[event]) > 0, event);
  const codes = new Set(lives.flatMap(({ refused }) => [...refused]));
  for (const code of ["GROUP_MALFORMED", "GROUP_TOO_LARGE", "REPLAYED"])
    assert.ok(codes.has(code), `nothing was refused as ${code}`);
});

test("a halt does not burn what waits: whose clock is two heartbeats ahead of block time proposes nothing first", async () => {
  const life = await EngineLife.begin(1, "consortium");
  const { engine, chain } = life;
  life.hasLiars = false;
  const [voter] = engine.voters;
  while ((await life.decide())!.entry.groups.length > 0);
  life.halted = 20 * 60_000;
  const key = keyOf("after the halt");
  const fields = publishFields("after the halt", { expiresAt: life.now + 3_600_000 });
  const header = { time: life.now, notAfter: life.now + 5 * 60_000 };
  const slip = chain.slip("grant.publish", fields, key, header);
  assert.ok(await engine.offer(voter!, chain.group([slip]).bytes));
  const found: (readonly string[])[] = [];
  while (found.length === 0) {
    const { entry, codes } = (await life.decide())!;
    if (entry.groups.length > 0) found.push(...codes);
    else assert.ok(life.now - entry.time > 20_000, "an empty entry although time is fresh");
  }
  assert.deepEqual(found, [["OK"]]);
  await life.end();
});

test("the second engine needs nothing of the ledger", async () => {
  const source = await readFile(new URL("memoryEngine.ts", import.meta.url), "utf8");
  const imported = Array.from(source.matchAll(/from "([^"]+)"/g), ([, from]) => from);
  assert.deepEqual(
    imported.filter((from) => /ledger|store/.test(from!)),
    [],
  );
});
