import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { certifyEntry, encodeCertified } from "@anamnesis/protocol";
import type { Group, LogEntry, SlipCode } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { revokeFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { seededNumbers } from "@anamnesis/testing/chainScenario";
import { decodeKept, encodeKept } from "./keptEntry.ts";
import type { ExecutedGroup } from "./keptEntry.ts";

const chain = new TestChain(makeGenesis("consortium"));
const { writer, members } = chain.genesis;
let labels = 0;

function groupOf(count: number, carrier: string): Group {
  const slips = Array.from({ length: count }, () => {
    const label = `grant ${(labels += 1)}`;
    return chain.slip("grant.revoke", revokeFields(label), keyOf(label));
  });
  return chain.group(slips, carrier);
}

/** An entry of these groups, of whose slips those with the code OK stand on the chain from `first` on. */
function executed(groups: readonly ExecutedGroup[], first: number) {
  const onChain = groups.flatMap(({ group, codes }) =>
    (group?.slips ?? []).filter((_slip, i) => codes[i] === "OK").map(({ bytes }) => bytes),
  );
  const entry: LogEntry = {
    chain: chain.genesis.chain,
    height: 7,
    time: chain.time,
    proposer: writer,
    groups: groups.map(({ bytes }) => bytes),
    absent: [members[1]!.id],
    misbehaviour: [members[2]!.id],
  };
  const link = { prevHash: bytesOf("before"), appHash: bytesOf("after") };
  const certified = certifyEntry(entry, link, signer(keyOf(writer)));
  const kept = encodeKept(entry, certified.certificate, { first, groups });
  return { certified, kept, slipAt: (place: number) => onChain[place - first] };
}

const judged = (group: Group, codes: readonly SlipCode[]): ExecutedGroup => ({
  bytes: group.bytes,
  group,
  codes,
});

test("decodeKept() gives back every byte of an entry, whatever became of its slips", () => {
  const below = seededNumbers(5);
  for (let round = 0; round < 40; round += 1) {
    const groups = Array.from({ length: below(5) }, (): ExecutedGroup => {
      if (below(6) === 0)
        return { bytes: bytesOf("no group"), group: undefined, codes: ["GROUP_MALFORMED"] };
      const group = groupOf(1 + below(6), members[below(members.length)]!.id);
      return judged(
        group,
        group.slips.map(() => (below(3) === 0 ? "REPLAYED" : "OK")),
      );
    });
    const { certified, kept, slipAt } = executed(groups, below(1_000));
    const back = decodeKept(7, kept, slipAt);
    assert.equal(toHex(encodeCertified(back)), toHex(encodeCertified(certified)));
  }
});

test("D10: encodeKept() holds no slip that the chain took", () => {
  const group = groupOf(64, writer);
  const { kept } = executed(
    [
      judged(
        group,
        Array.from({ length: 64 }, () => "OK" as const),
      ),
    ],
    0,
  );
  assert.ok(kept.length < 400, `${kept.length} bytes for an entry of 64 slips`);
});

test("decodeKept() refuses what was not written, and an entry whose slip is gone", () => {
  const { kept, slipAt } = executed([judged(groupOf(2, writer), ["OK", "REPLAYED"])], 3);
  assert.throws(() => decodeKept(7, kept, () => undefined), { code: "STORE_CORRUPT" });
  for (let at = 0; at < kept.length; at += 1) {
    const cut = kept.subarray(0, at);
    assert.throws(() => decodeKept(7, cut, slipAt), { code: "STORE_CORRUPT" });
  }
});
