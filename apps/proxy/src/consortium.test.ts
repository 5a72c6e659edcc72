/** Whose heads make the chain fresh: as many voters as a fact needs, and a follower only where one alone votes. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeNodes } from "@anamnesis/testing/fakeNodes";
import { hospital, institutions, makeGenesis, otherHospital } from "@anamnesis/testing/federation";
import { TestChain } from "@anamnesis/testing/testChain";
import { consortiumOverHttp } from "./consortium.ts";

const nodes = await FakeNodes.start();
after(() => nodes.stop());

interface Row {
  readonly when: string;
  /** Votes of each; who is not named has none. */
  readonly power: Readonly<Record<string, number>>;
  /** Who answers besides the own node. */
  readonly here: readonly string[];
  readonly want: "OK" | "STALE_CHAIN";
}

const clinic = "online-clinic";
const rows: readonly Row[] = [
  {
    when: "a second voter agrees",
    power: { [hospital]: 1, [otherHospital]: 1 },
    here: [otherHospital],
    want: "OK",
  },
  {
    when: "only a follower agrees where two vote",
    power: { [hospital]: 1, [otherHospital]: 1 },
    here: [clinic],
    want: "STALE_CHAIN",
  },
  {
    when: "a follower agrees with the only voter",
    power: { [hospital]: 1 },
    here: [clinic],
    want: "OK",
  },
  {
    when: "two followers agree, and the only voter is away",
    power: { [otherHospital]: 1 },
    here: [clinic],
    want: "STALE_CHAIN",
  },
  {
    when: "two voters agree who have less than a third of the power",
    power: { [hospital]: 1, [otherHospital]: 1, [clinic]: 5 },
    here: [otherHospital],
    want: "STALE_CHAIN",
  },
];

for (const { when, power, here, want } of rows)
  test(`a chain is ${want === "OK" ? "fresh" : "stale"} when ${when}`, async () => {
    const member = (id: string) => ({ power: power[id] ?? 0, address: `${nodes.address}/${id}` });
    const chain = new TestChain(makeGenesis("consortium", { member }));
    nodes.clock.now = chain.time;
    nodes.serves(chain);
    nodes.away.clear();
    for (const id of institutions) if (id !== hospital && !here.includes(id)) nodes.away.add(id);
    const consortium = consortiumOverHttp({
      genesis: chain.genesis,
      institution: hospital,
      nodeAddress: `${nodes.address}/${hospital}`,
      now: () => nodes.clock.now,
    });
    const code = await consortium.assertFresh().then(
      () => "OK",
      (error: { code?: string }) => error.code,
    );
    assert.equal(code, want);
  });
