import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import vectors from "../../../../tests/vectors/ed25519-strict.json" with { type: "json" };
import { concat, enc, fromHex, i2osp, os2ip, toHex, utf8 } from "../encoding/bytes.ts";
import { randomBytes } from "../primitives/derive.ts";
import { flipBit, replaceAt } from "@anamnesis/testing/cryptoParties";
import * as node from "../primitives/primitives.node.ts";
import * as web from "../primitives/primitives.web.ts";
import { sign, signingKeypair, signRaw } from "../sign.ts";
import {
  isStrictPublicKey,
  signatureInput,
  verifySignature,
  verifySignatureRaw,
} from "./signature.ts";

const ORDER = ed25519.Point.Fn.ORDER;
const message = utf8("a record's digest");

/** A + T for an honest key A and a point T of order 8, signed so that only a cofactored check accepts it. */
function mixedOrderSignature(): { publicKey: Uint8Array; signature: Uint8Array } {
  const torsion = ed25519.Point.fromHex(
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  );
  const signed = signatureInput("CONFIRM", message);
  const secret = 12345678901234567890n;
  const nonce = 98765432109876543211n;
  const A = ed25519.Point.BASE.multiply(secret).add(torsion);
  const R = ed25519.Point.BASE.multiply(nonce);
  const hash = os2ip(sha512(concat(R.toBytes(), A.toBytes(), signed)).toReversed());
  const s = (nonce + (hash % ORDER) * secret) % ORDER;
  return { publicKey: A.toBytes(), signature: concat(R.toBytes(), i2osp(s, 32).toReversed()) };
}

/** A signature with R the identity: the nonce is zero, and S = k * a. The equation holds. */
function withoutNonce(): { publicKey: Uint8Array; signature: Uint8Array } {
  const secret = 12345678901234567890n;
  const publicKey = ed25519.Point.BASE.multiply(secret).toBytes();
  const R = ed25519.Point.ZERO.toBytes();
  const hash = os2ip(sha512(concat(R, publicKey, message)).toReversed());
  const s = ((hash % ORDER) * secret) % ORDER;
  return { publicKey, signature: concat(R, i2osp(s, 32).toReversed()) };
}

/** `verifySignatureRaw` of the web's build, where no OpenSSL looks again; in a thread that takes its primitives. */
function webVerifier(t: TestContext): (signed: RawSigned) => Promise<boolean> {
  const at = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const thread = new Worker(
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { registerHooks } from "node:module";
        import { parentPort } from "node:worker_threads";
        registerHooks({
          resolve: (specifier, context, next) =>
            specifier === "#primitives"
              ? { url: ${at("../primitives/primitives.web.ts")}, shortCircuit: true }
              : next(specifier, context),
        });
        const { verifySignatureRaw } = await import(${at("./signature.ts")});
        parentPort.on("message", (signed) => parentPort.postMessage(verifySignatureRaw(signed)));
      `)}`,
    ),
  );
  t.after(() => thread.terminate());
  return async (signed) => {
    const answer = once(thread, "message");
    thread.postMessage(signed);
    return (await answer)[0] as boolean;
  };
}
type RawSigned = Parameters<typeof verifySignatureRaw>[0];

suite("signatures", () => {
  test("both platforms give and accept the RFC's vectors", () => {
    for (const vector of vectors.rfc8032) {
      const [seed, publicKey, raw, signature] = [
        vector.seed,
        vector.publicKey,
        vector.message,
        vector.signature,
      ].map(fromHex);
      assert.ok(
        seed !== undefined &&
          publicKey !== undefined &&
          raw !== undefined &&
          signature !== undefined,
      );
      for (const platform of [node, web]) {
        assert.deepEqual(platform.ed25519PublicKey(seed), publicKey);
        assert.deepEqual(platform.ed25519Sign(seed, raw), signature);
        assert.equal(platform.ed25519Verify({ publicKey, signature, message: raw }), true);
        assert.equal(
          platform.ed25519Verify({ publicKey, signature: flipBit(signature, 1), message: raw }),
          false,
        );
      }
    }
  });

  test("verifySignature() accepts sign() and nothing changed", () => {
    const { publicKey, secretKey } = signingKeypair(randomBytes(32));
    const signature = sign({ type: "OUTER", message, secretKey });
    const signed = { type: "OUTER", message, publicKey, signature };
    assert.equal(verifySignature(signed), true);
    for (const change of [
      { type: "INNER" },
      { message: flipBit(message, 0) },
      { publicKey: signingKeypair(randomBytes(32)).publicKey },
      { publicKey: publicKey.subarray(1) },
      { signature: signature.subarray(1) },
      { signature: concat(signature, Uint8Array.of(0)) },
      ...Array.from({ length: 512 }, (_, bit) => ({ signature: flipBit(signature, bit) })),
    ]) {
      assert.equal(verifySignature({ ...signed, ...change }), false);
    }
  });

  test("verifySignature() refuses S + L, which names the same scalar", () => {
    const { publicKey, secretKey } = signingKeypair(randomBytes(32));
    const signature = sign({ type: "OUTER", message, secretKey });
    const s = os2ip(signature.subarray(32).toReversed());
    const twin = replaceAt(signature, 32, i2osp(s + ORDER, 32).toReversed());
    assert.equal(verifySignature({ type: "OUTER", message, publicKey, signature: twin }), false);
    const largest = replaceAt(signature, 32, new Uint8Array(32).fill(0xff));
    assert.equal(verifySignature({ type: "OUTER", message, publicKey, signature: largest }), false);
  });

  test("verifySignature() refuses keys of small order and non-canonical keys, and such R", () => {
    const { publicKey, secretKey } = signingKeypair(randomBytes(32));
    const signature = sign({ type: "OUTER", message, secretKey });
    for (const { publicKey: hex, why } of vectors.refusedKeys) {
      const bad = fromHex(hex);
      assert.equal(isStrictPublicKey(bad), false, why);
      // S = 0 and R = the identity verify under a small-order key wherever it is let in.
      const forged = concat(fromHex("01".padEnd(64, "0")), new Uint8Array(32));
      assert.equal(
        verifySignature({ type: "OUTER", message, publicKey: bad, signature: forged }),
        false,
        why,
      );
      const badR = replaceAt(signature, 0, bad);
      assert.equal(
        verifySignature({ type: "OUTER", message, publicKey, signature: badR }),
        false,
        why,
      );
    }
    assert.equal(isStrictPublicKey(publicKey), true);
    assert.equal(isStrictPublicKey(publicKey.subarray(1)), false);
  });

  test("verifySignature() says false for canonical bytes that are no point", () => {
    const noPoint = fromHex("02".padEnd(64, "0"));
    assert.throws(() => ed25519.Point.fromBytes(noPoint));
    const signature = randomBytes(64);
    signature[63] = 0;
    assert.equal(verifySignature({ type: "OUTER", message, publicKey: noPoint, signature }), false);
  });

  test("neither platform accepts under a key of mixed order what only the cofactor makes equal", () => {
    const { publicKey, signature } = mixedOrderSignature();
    assert.equal(isStrictPublicKey(publicKey), true);
    const raw = { publicKey, signature, message: signatureInput("CONFIRM", message) };
    assert.equal(ed25519.verify(signature, raw.message, publicKey, { zip215: false }), true);
    assert.deepEqual([node.ed25519Verify(raw), web.ed25519Verify(raw)], [false, false]);
    assert.equal(verifySignatureRaw(raw), false);
  });

  test("verifySignatureRaw() of the web's build refuses by itself what OpenSSL would", async (t) => {
    const verify = webVerifier(t);
    const { publicKey, secretKey } = signingKeypair(randomBytes(32));
    const signature = signRaw({ message, secretKey });
    const raw = { publicKey, signature, message };
    assert.equal(await verify(raw), true);
    const s = os2ip(signature.subarray(32).toReversed());
    const twin = replaceAt(signature, 32, i2osp(s + ORDER, 32).toReversed());
    const longer = concat(signature, Uint8Array.of(0));
    for (const bad of [twin, longer, signature.subarray(1), new Uint8Array(0)]) {
      assert.equal(await verify({ ...raw, signature: bad }), false);
      assert.equal(verifySignatureRaw({ ...raw, signature: bad }), false);
    }
    // For these the equation holds, and only the checks before it refuse them.
    for (const held of [
      { ...raw, signature: longer },
      { ...withoutNonce(), message },
    ]) {
      assert.equal(web.ed25519Verify(held), true);
      assert.equal(await verify(held), false);
      assert.equal(verifySignatureRaw(held), false);
    }
  });

  test("signatureInput() separates types", () => {
    assert.deepEqual(signatureInput("GRANT", message), enc("MRS-V1-SIG-GRANT", message));
    assert.notEqual(
      toHex(signatureInput("A", utf8("B"))),
      toHex(signatureInput("AB", new Uint8Array(0))),
    );
  });

  test("verifySignatureRaw() accepts signRaw(), is as strict, and neither passes for the other", () => {
    const { publicKey, secretKey } = signingKeypair(randomBytes(32));
    const raw = { message, publicKey, signature: signRaw({ message, secretKey }) };
    assert.equal(verifySignatureRaw(raw), true);
    assert.equal(verifySignature({ ...raw, type: "OUTER" }), false);
    const typed = sign({ type: "OUTER", message, secretKey });
    assert.equal(verifySignatureRaw({ ...raw, signature: typed }), false);
    for (const { publicKey: hex } of vectors.refusedKeys) {
      assert.equal(verifySignatureRaw({ ...raw, publicKey: fromHex(hex) }), false);
    }
  });

  test("signingKeypair() and sign() refuse keys of another length", () => {
    assert.throws(() => signingKeypair(new Uint8Array(31)), { code: "E_ARGUMENT" });
    for (const length of [31, 64]) {
      const secretKey = new Uint8Array(length);
      const mistake = { code: "E_ARGUMENT" };
      assert.throws(() => sign({ type: "X", message, secretKey }), mistake);
      assert.throws(() => signRaw({ message, secretKey }), mistake);
    }
  });
});
