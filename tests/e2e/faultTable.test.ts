/**
 * Each process of a federation frozen and killed in turn: what goes on, and where it cannot, who is named how soon
 * (docs/operating/faults.md). With an institution frozen, what goes on takes no longer than 1.5 times as long and 2 s,
 * and 2 s for what else the machine does.
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
/** With an institution frozen; a round that takes longer is played anew, and the median of three counts. */
const LONGER = { times: 1.5, plusMs: 2_000 } as const;
/** Other tests run beside this one. */
const BUSY_MS = 2_000;
const ROUNDS = 3;

let people: People;
let scene: Scene;
/** Rounds without a fault. */
const without: Told[][] = [];

before(async () => {
  people = await startPeople();
  scene = await Scene.set(people.trust, (...who) => people.enrol(...who));
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push(await scene.play("", await scene.nextRound()));
    await scene.clearUp();
  }
});
after(() => people.close());

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

/** What went on and took too long, by the medians of these rounds. */
const lateIn = (frozen: readonly Told[][]): string[] =>
  frozen[0]!.flatMap(({ name, goesOn }) => {
    const [usual, now] = [medianOf(without, name), medianOf(frozen, name)];
    const most = LONGER.times * usual + LONGER.plusMs + BUSY_MS;
    if (!goesOn || now <= most) return [];
    return [`${name}:${seconds(usual)} without,${seconds(now)} frozen`];
  });

for (const part of institutions)
  test(`${part} frozen, beside the same without a fault`, async (t) => {
    const frozen = [await disturbed(part, "frozen")];
    while (lateIn(frozen).length > 0 && frozen.length < ROUNDS)
      frozen.push(await disturbed(part, "frozen"));
    for (const { name, line } of frozen[0]!)
      t.diagnostic(`${line}; without the fault${seconds(medianOf(without, name))}`);
    assert.deepEqual(lateIn(frozen), []);
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
