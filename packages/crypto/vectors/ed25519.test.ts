import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromHex } from "../src/encoding/bytes.ts";
import * as node from "../src/primitives/primitives.node.ts";
import * as web from "../src/primitives/primitives.web.ts";
import { isStrictPublicKey, verifySignatureRaw } from "../src/signature/signature.ts";
import edges from "../../../tests/vectors/ed25519-edges.json" with { type: "json" };

suite("Ed25519 at its edges", () => {
  test("verifySignatureRaw() gives every vector's verdict", () => {
    for (const { id, why, publicKey, message, signature, valid } of edges.vectors) {
      const verdict = verifySignatureRaw({
        publicKey: fromHex(publicKey),
        message: fromHex(message),
        signature: fromHex(signature),
      });
      assert.equal(verdict, valid, `${id}: ${why}`);
    }
  });

  test("ed25519Verify() judges alike on both platforms whatever passes the checks of bytes", () => {
    let judged = 0;
    for (const { id, why, ...vector } of edges.vectors) {
      const input = {
        publicKey: fromHex(vector.publicKey),
        message: fromHex(vector.message),
        signature: fromHex(vector.signature),
      };
      const { publicKey, signature } = input;
      const isChecked =
        signature.length === 64 &&
        isStrictPublicKey(publicKey) &&
        isStrictPublicKey(signature.subarray(0, 32));
      if (!isChecked) continue;
      judged += 1;
      const answers = [node, web].map((platform) => attempt(() => platform.ed25519Verify(input)));
      assert.deepEqual(answers, [vector.valid, vector.valid], `${id}: ${why}`);
    }
    assert.ok(judged > 100);
  });
});

/** Bytes that are no point make a platform throw. */
function attempt(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}
