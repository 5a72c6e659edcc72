import assert from "node:assert/strict";
import { test } from "node:test";
import type { SignatureCheck } from "@anamnesis/protocol";
import { bytesOf } from "@anamnesis/testing/chainFixture";
import { VerifiedSignatures } from "./verifiedSignatures.ts";

const check = (label: string): SignatureCheck => ({
  publicKey: bytesOf(`key ${label}`),
  signature: new Uint8Array(64).fill(label.length),
  message: bytesOf(`message ${label}`),
});

/** Says that a signature holds unless its label is bad, and notes what it was asked. */
function counting(bad: readonly SignatureCheck[] = []) {
  const asked: SignatureCheck[] = [];
  const verify = async (checks: readonly SignatureCheck[]) => {
    asked.push(...checks);
    return checks.map((one) => !bad.includes(one));
  };
  return { asked, verify };
}

test("recalling() asks for nothing that was verified before, and answers in order", async () => {
  const [a, b, c] = [check("a"), check("bb"), check("ccc")];
  const { asked, verify } = counting([b]);
  const verified = new VerifiedSignatures();
  assert.deepEqual(await verified.remembering(verify)([a, c]), [true, true]);
  asked.length = 0;
  assert.deepEqual(await verified.recalling(verify)([a, b, c]), [true, false, true]);
  assert.deepEqual(asked, [b]);
});

test("what did not hold is not remembered, nor what differs in any part", async () => {
  const good = check("a");
  const bad = check("bb");
  const { asked, verify } = counting([bad]);
  const verified = new VerifiedSignatures();
  await verified.remembering(verify)([good, bad]);
  asked.length = 0;
  const others = [
    bad,
    { ...good, message: bytesOf("another") },
    { ...good, publicKey: bytesOf("another") },
    { ...good, signature: new Uint8Array(64) },
  ];
  await verified.recalling(verify)(others);
  assert.deepEqual(asked, others);
});

test("only so many are remembered, the newest", async () => {
  const { asked, verify } = counting();
  const verified = new VerifiedSignatures();
  const many = Array.from({ length: 16_385 }, (_, i) => check(`${i}`));
  await verified.remembering(verify)(many);
  asked.length = 0;
  await verified.recalling(verify)([many[0]!, many[1]!, many.at(-1)!]);
  assert.deepEqual(asked, [many[0]]);
});
