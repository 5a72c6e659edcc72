import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8, verifySignature } from "@anamnesis/crypto/verify";
import { sign } from "@anamnesis/crypto/sign";
import { keyOf } from "@anamnesis/testing/keys";
import { verifyOnce } from "./verifyOnce.ts";

const { publicKey, secretKey } = keyOf("hospital");
const message = utf8("a head");
const signature = sign({ type: "HEAD", message, secretKey });
const good = { type: "HEAD", message, publicKey, signature };

test("verifyOnce() computes a signature once, and one that does not verify each time", () => {
  let computed = 0;
  const verify = verifyOnce((signed) => {
    computed += 1;
    return verifySignature(signed);
  });
  assert.deepEqual([verify(good), verify({ ...good }), computed], [true, true, 1]);
  const bad = { ...good, message: utf8("another head") };
  assert.deepEqual([verify(bad), verify(bad), computed], [false, false, 3]);
});

test("verifyOnce() remembers one signature for nothing but the same type, message and key", () => {
  const verify = verifyOnce();
  assert.ok(verify(good));
  for (const change of [
    { type: "PAGE" },
    { message: utf8("another head") },
    { publicKey: keyOf("mallory").publicKey },
    { signature: signature.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) },
    // What one field lost another gained.
    { type: "HEA", message: utf8("Da head") },
  ])
    assert.ok(!verify({ ...good, ...change }), Object.keys(change).join());
});
