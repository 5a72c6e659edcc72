import assert from "node:assert/strict";
import { test } from "node:test";
import { verifySignatureRaw } from "@anamnesis/crypto/verify";
import type { SignatureCheck } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { keyOf } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { VerifiedGroups, isRefused } from "./verifiedGroups.ts";

const chain = new TestChain(makeGenesis("consortium"));

const publishing = (label: string) =>
  chain.slip(
    "grant.publish",
    publishFields(label, { expiresAt: chain.time + 3_600_000 }),
    keyOf(label),
  );
const groupOf = (label: string, key = keyOf(chain.genesis.writer)): Uint8Array => {
  return chain.group([publishing(label)], undefined, key).bytes;
};

/** Verifies, and counts what it was asked. */
function counting() {
  const asked: SignatureCheck[] = [];
  const verify = async (checks: readonly SignatureCheck[]) => {
    asked.push(...checks);
    return checks.map(verifySignatureRaw);
  };
  return { asked, verify };
}

/** What is said of a group: its code, or how many slips hold. */
async function said(groups: VerifiedGroups, bytes: Uint8Array): Promise<unknown> {
  const judged = await groups.judge(chain.state, bytes);
  return isRefused(judged) ? [judged.code, judged.slips] : judged.slips.length;
}

test("judge() verifies a group once, also when it comes twice at the same time, until it is let go", async () => {
  const { asked, verify } = counting();
  const groups = new VerifiedGroups(chain.machine, verify);
  const group = groupOf("a");
  assert.deepEqual(await Promise.all([said(groups, group), said(groups, group)]), [1, 1]);
  assert.equal(await said(groups, Uint8Array.from(group)), 1);
  assert.equal(asked.length, 2);
  groups.forget(group);
  assert.equal(await said(groups, group), 1);
  assert.equal(asked.length, 4);
});

test("judge() verifies again under other keys than the group was verified under", async () => {
  const { asked, verify } = counting();
  let signer = keyOf("a").publicKey;
  const machine: typeof chain.machine = {
    ...chain.machine,
    keys: (state, group) => [chain.machine.keys(state, group)[0]!, signer],
    signatures: (state, group) =>
      chain.machine
        .signatures(state, group)
        .map((check, i) => (i === 0 ? check : { ...check, publicKey: signer })),
  };
  const groups = new VerifiedGroups(machine, verify);
  assert.equal(await said(groups, groupOf("a")), 1);
  signer = keyOf("another").publicKey;
  assert.deepEqual(await said(groups, groupOf("a")), ["SLIP_SIGNATURE", 1]);
  signer = keyOf("a").publicKey;
  assert.equal(await said(groups, groupOf("a")), 1);
  assert.equal(asked.length, 6);
});

test("judge() gives the code of a group that does not hold, and keeps none of it", async () => {
  const { asked, verify } = counting();
  const groups = new VerifiedGroups(chain.machine, verify);
  const good = groupOf("a");
  const flipped = (at: number): Uint8Array =>
    Uint8Array.from(good, (byte, i) => (i === at ? byte ^ 1 : byte));
  const rows: readonly [Uint8Array, unknown][] = [
    [Uint8Array.of(1, 2, 3), ["GROUP_MALFORMED", undefined]],
    [new Uint8Array(1024 * 1024), ["GROUP_TOO_LARGE", undefined]],
    [flipped(good.length - 1), ["CARRIER_SIGNATURE", 1]],
    [groupOf("a", keyOf("mallory")), ["CARRIER_SIGNATURE", 1]],
  ];
  for (const [bytes, want] of rows) assert.deepEqual(await said(groups, bytes), want);
  const before = asked.length;
  assert.deepEqual(await said(groups, flipped(good.length - 1)), ["CARRIER_SIGNATURE", 1]);
  assert.equal(asked.length, before + 2);
});

test("judge() takes a result that is missing for a signature that does not hold", async () => {
  for (const [given, want] of [
    [[], "CARRIER_SIGNATURE"],
    [[true], "SLIP_SIGNATURE"],
  ] as const) {
    const groups = new VerifiedGroups(chain.machine, async () => given);
    assert.deepEqual(await said(groups, groupOf("a")), [want, 1]);
  }
});

test("judgeOffered() asks no more than the carrier's signature of a group that its carrier did not sign", async () => {
  const { asked, verify } = counting();
  const groups = new VerifiedGroups(chain.machine, verify);
  const judged = await groups.judgeOffered(chain.state, groupOf("a", keyOf("mallory")));
  assert.deepEqual(judged, { code: "CARRIER_SIGNATURE", slips: 1 });
  assert.equal(asked.length, 1);
  const good = groupOf("a");
  assert.ok(!isRefused(await groups.judgeOffered(chain.state, good)));
  assert.equal(await said(groups, good), 1);
  assert.equal(asked.length, 3);
});

test("judge() says nothing of a group while nobody can verify, and asks again", async () => {
  let isDead = true;
  const groups = new VerifiedGroups(chain.machine, async (checks) => {
    if (isDead) throw Object.assign(new Error("gone"), { code: "UNAVAILABLE" });
    return checks.map(verifySignatureRaw);
  });
  await assert.rejects(said(groups, groupOf("a")), { code: "UNAVAILABLE" });
  isDead = false;
  assert.equal(await said(groups, groupOf("a")), 1);
});

test("a group that was made here of admitted slips is not verified, and the oldest go when there are too many", async () => {
  const { asked, verify } = counting();
  const one = groupOf("a");
  const groups = new VerifiedGroups(chain.machine, verify, 2 * one.length);
  const made = chain.group([publishing("b")]);
  groups.remember(made, [keyOf(chain.genesis.writer).publicKey, keyOf("b").publicKey]);
  assert.equal(await said(groups, made.bytes), 1);
  assert.equal(asked.length, 0);
  for (const label of ["c", "d"]) assert.equal(await said(groups, groupOf(label)), 1);
  assert.equal(asked.length, 4);
  assert.equal(await said(groups, made.bytes), 1);
  assert.equal(asked.length, 6);
});
