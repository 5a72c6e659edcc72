/** Whose heads make the chain fresh: as many voters as a fact needs, and a follower only where one alone votes. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeNodes } from "@anamnesis/testing/fakeNodes";
import { hospital, institutions, makeGenesis, otherHospital } from "@anamnesis/testing/federation";
import { rotationSlip } from "@anamnesis/testing/nodeKeyRotation";
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

function chainWith({ power, here }: Pick<Row, "power" | "here">): TestChain {
  const member = (id: string) => ({ power: power[id] ?? 0, address: `${nodes.address}/${id}` });
  const chain = new TestChain(makeGenesis("consortium", { member }));
  nodes.clock.now = chain.time;
  nodes.serves(chain);
  nodes.away.clear();
  nodes.keys.clear();
  for (const id of institutions) if (id !== hospital && !here.includes(id)) nodes.away.add(id);
  return chain;
}

const freshness = (chain: TestChain): Promise<string | undefined> =>
  consortiumOverHttp({
    genesis: chain.genesis,
    institution: hospital,
    nodeAddress: `${nodes.address}/${hospital}`,
    now: () => nodes.clock.now,
  })
    .assertFresh()
    .then(
      () => "OK",
      (error: { code?: string }) => error.code,
    );

for (const { when, want, ...row } of rows)
  test(`a chain is ${want === "OK" ? "fresh" : "stale"} when ${when}`, async () =>
    assert.equal(await freshness(chainWith(row)), want));

for (const rotated of [hospital, otherHospital])
  test(`S-29: after a rotation of ${rotated} heads count under its new node key alone`, async () => {
    const power = { [hospital]: 1, [otherHospital]: 1 };
    const chain = chainWith({ power, here: [otherHospital] });
    const slip = rotationSlip(chain, { id: rotated, to: "next key" });
    assert.equal(nodes.commit(chain, slip), "OK");
    assert.equal(await freshness(chain), "STALE_CHAIN", "signed by the key that was left");
    nodes.keys.set(rotated, "next key");
    assert.equal(await freshness(chain), "OK");
  });

test("who was suspended makes no chain fresh any more", async () => {
  const chain = chainWith({
    power: { [hospital]: 1, [otherHospital]: 1, [clinic]: 1 },
    here: [otherHospital],
  });
  assert.equal(await freshness(chain), "OK");
  const end = { id: otherHospital, suspended: true };
  const slip = chain.cosignedSlip("institution.suspend", end, [hospital, clinic]);
  assert.equal(nodes.commit(chain, slip), "OK");
  assert.equal(await freshness(chain), "STALE_CHAIN");
});
