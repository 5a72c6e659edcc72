import assert from "node:assert/strict";
import { test } from "node:test";
import { certifyEntry } from "@anamnesis/protocol";
import type { CertifiedEntry, LogEntry } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { follows } from "./succession.ts";

const genesis = makeGenesis("consortium");
const before = { height: 4, time: genesis.time + 1_000, hash: bytesOf("before") };
const next = (
  change: Partial<LogEntry> = {},
  prevHash = before.hash,
  by = genesis.writer as string,
) => {
  const { chain, writer: proposer } = genesis;
  const empty = { groups: [], absent: [], misbehaviour: [] };
  const entry = { chain, height: 5, time: before.time, proposer, ...empty, ...change };
  return certifyEntry(entry, { prevHash, appHash: bytesOf("after") }, signer(keyOf(by)));
};

test("follows() wants the next height, time that does not go back, the hash before, and the writer", () => {
  assert.ok(follows(next(), genesis, before));
  const other = genesis.members.find(({ id }) => id !== genesis.writer)!.id;
  const rows: readonly [string, CertifiedEntry][] = [
    ["another height", next({ height: 6 })],
    ["an earlier time", next({ time: before.time - 1 })],
    ["another entry before", next({}, bytesOf("another"))],
    ["another chain", next({ chain: makeGenesis("care").chain })],
    ["another proposer", next({ proposer: other })],
    ["another's signature", next({}, before.hash, other)],
  ];
  for (const [when, certified] of rows) assert.ok(!follows(certified, genesis, before), when);
});
