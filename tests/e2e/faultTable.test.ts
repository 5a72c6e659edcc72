/**
 * Each process of a federation frozen and killed in turn: what goes on, and where it cannot, who is named how soon
 * (docs/operating/faults.md). With an institution frozen, what goes on takes no longer than 1.5 times as long and 2 s.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { during } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { Scene, care, seconds } from "./faultWorkflows.ts";
import type { Told } from "./faultWorkflows.ts";
import { median } from "../bench/processTime.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const institutions = [...care, "national-authority", "provincial-authority", "municipal-authority"];
const vaults = care.map((institution) => `${institution}-vault`);
/** With an institution frozen. */
const LONGER = { times: 1.5, plusMs: 2_000 } as const;
const ROUNDS = 3;

let people: People;
let scene: Scene;

before(async () => {
  people = await startPeople();
  scene = await Scene.set(people.trust, (...who) => people.enrol(...who));
});
after(() => people.close());

async function undisturbed(): Promise<Told[]> {
  const told = await scene.play("", await scene.nextRound());
  await scene.clearUp();
  return told;
}

async function disturbed(part: string, fault: Fault): Promise<Told[]> {
  const round = await scene.nextRound();
  let told: Told[] = [];
  await during(people, part, fault, async () => {
    told = await scene.play(part, round);
  });
  await scene.clearUp();
  return told;
}

const medianOf = (rounds: readonly Told[][], name: string): number =>
  median(rounds.flatMap((told) => told.filter((each) => each.name === name)).map(({ ms }) => ms));

for (const part of institutions)
  test(`${part} frozen, beside the same without a fault`, async (t) => {
    const without: Told[][] = [];
    const frozen: Told[][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      without.push(await undisturbed());
      frozen.push(await disturbed(part, "frozen"));
    }
    const late: string[] = [];
    for (const { name, goesOn, line } of frozen[0]!) {
      const [usual, now] = [medianOf(without, name), medianOf(frozen, name)];
      t.diagnostic(`${line}; medians${seconds(usual)} without,${seconds(now)} frozen`);
      if (goesOn && now > LONGER.times * usual + LONGER.plusMs)
        late.push(`${name}:${seconds(usual)} without,${seconds(now)} frozen`);
    }
    assert.deepEqual(late, []);
  });

const others: readonly (readonly [string, Fault])[] = [
  ...institutions.map((part) => [part, "killed"] as const),
  ...[...vaults, "registry"].flatMap((part) => [
    [part, "frozen"] as const,
    [part, "killed"] as const,
  ]),
];
for (const [part, fault] of others)
  test(`${part} ${fault}`, async (t) => {
    for (const { line } of await disturbed(part, fault)) t.diagnostic(line);
  });
