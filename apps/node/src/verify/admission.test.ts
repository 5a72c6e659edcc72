import assert from "node:assert/strict";
import { test } from "node:test";
import { verifySignatureRaw } from "@anamnesis/crypto/verify";
import { makeGenesis } from "@anamnesis/testing/federation";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { keyOf } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { Admission, passed } from "./admission.ts";
import type { Verify } from "./verifiedGroups.ts";

const chain = new TestChain(makeGenesis("consortium"));

const slipOf = (label: string, signedBy = label): Uint8Array =>
  chain.slip(
    "grant.publish",
    publishFields(label, { expiresAt: chain.time + 3_600_000 }),
    keyOf(signedBy),
  ).bytes;

async function codesOf(verify: Verify, slips: readonly Uint8Array[]): Promise<string[]> {
  const admission = new Admission({
    machine: chain.machine,
    state: chain.state,
    carrier: chain.genesis.writer,
    verify,
    now: () => chain.time,
    counts: () => true,
  });
  const judged = await admission.judge(slips);
  return judged.map((entry) => (passed(entry) ? "OK" : entry.code));
}

test("judge() refuses the slip whose signature does not hold, and no other", async () => {
  const verify: Verify = async (checks) => checks.map(verifySignatureRaw);
  const slips = [slipOf("a"), slipOf("b", "mallory"), slipOf("c")];
  assert.deepEqual(await codesOf(verify, slips), ["OK", "SLIP_SIGNATURE", "OK"]);
});

test("judge() takes a result that is missing for a signature that does not hold", async () => {
  const slips = [slipOf("a"), slipOf("b")];
  assert.deepEqual(await codesOf(async () => [true], slips), ["OK", "SLIP_SIGNATURE"]);
  assert.deepEqual(await codesOf(async () => [], slips), ["SLIP_SIGNATURE", "SLIP_SIGNATURE"]);
});
