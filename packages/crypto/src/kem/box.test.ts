import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { boxKeypairFromSeed, openSymmetric, openWith, sealSymmetric, sealTo } from "../box.ts";
import type { BoxKeypair } from "../box.ts";
import { toHex, utf8 } from "../encoding/bytes.ts";
import { randomBytes } from "../primitives/derive.ts";
import { flipBit } from "@anamnesis/testing/cryptoParties";

const info = "MRS-V1-TEST";
const aad = utf8("context");
const plaintext = utf8("a visit token");

let box: BoxKeypair;
let other: BoxKeypair;

before(async () => {
  box = await boxKeypairFromSeed(randomBytes(32));
  other = await boxKeypairFromSeed(randomBytes(32));
});

suite("HPKE box", () => {
  test("boxKeypairFromSeed() gives X-Wing keys, as a second implementation does", async () => {
    const seed = randomBytes(32);
    const { publicKey, secretKey } = await boxKeypairFromSeed(seed);
    assert.equal(publicKey.length, 1216);
    assert.equal(toHex(publicKey), toHex(ml_kem768_x25519.keygen(seed).publicKey));
    assert.deepEqual(secretKey, seed);
    await assert.rejects(boxKeypairFromSeed(randomBytes(31)), { code: "E_ARGUMENT" });
  });

  test("openWith() undoes sealTo(), for any length and for views into larger buffers", async () => {
    for (const size of [0, 1, 5000]) {
      const backing = randomBytes(size + 64);
      const part = backing.subarray(7, 7 + size);
      const sealed = await sealTo({
        publicKey: box.publicKey,
        info,
        aad: backing.subarray(3, 9),
        plaintext: part,
      });
      assert.equal(sealed.length, 1120 + size + 16);
      const opened = await openWith({
        secretKey: box.secretKey,
        info,
        aad: backing.subarray(3, 9),
        sealed,
      });
      assert.deepEqual(opened, Uint8Array.from(part));
    }
  });

  test("two seals of one message differ", async () => {
    const input = { publicKey: box.publicKey, info, aad, plaintext };
    assert.notDeepEqual(await sealTo(input), await sealTo(input));
  });

  test("openWith() refuses every change with E_DECRYPT", async () => {
    const sealed = await sealTo({ publicKey: box.publicKey, info, aad, plaintext });
    const input = { secretKey: box.secretKey, info, aad, sealed };
    const bits = [
      0,
      8 * 500 + 3,
      8 * 1087 + 7,
      8 * 1088,
      8 * 1119 + 2,
      8 * 1120,
      8 * sealed.length - 1,
    ];
    for (const change of [
      { info: "MRS-V1-OTHER" },
      { aad: flipBit(aad, 0) },
      { secretKey: other.secretKey },
      { sealed: sealed.subarray(0, 1135) },
      { sealed: new Uint8Array(0) },
      { sealed: sealed.subarray(1) },
      { sealed: new Uint8Array(sealed.length) },
      ...bits.map((bit) => ({ sealed: flipBit(sealed, bit) })),
    ]) {
      await assert.rejects(openWith({ ...input, ...change }), { code: "E_DECRYPT" });
    }
    await assert.rejects(openWith({ ...input, secretKey: randomBytes(33) }), {
      code: "E_ARGUMENT",
    });
  });

  test("sealTo() refuses keys that are none", async () => {
    const input = { publicKey: box.publicKey, info, aad, plaintext };
    await assert.rejects(sealTo({ ...input, publicKey: randomBytes(32) }), { code: "E_ARGUMENT" });
    // FIPS 203 7.2: coefficients above q.
    await assert.rejects(sealTo({ ...input, publicKey: new Uint8Array(1216).fill(0xff) }), {
      code: "E_FORMAT",
    });
  });
});

suite("symmetric sealing", () => {
  test("openSymmetric() undoes sealSymmetric() and refuses every change", async () => {
    const key = randomBytes(32);
    const sealed = await sealSymmetric({ key, aad, plaintext });
    assert.equal(sealed.length, 12 + plaintext.length + 16);
    assert.deepEqual(await openSymmetric({ key, aad, sealed }), plaintext);
    const nothing = new Uint8Array(0);
    const empty = await sealSymmetric({ key, aad, plaintext: nothing });
    assert.deepEqual(await openSymmetric({ key, aad, sealed: empty }), nothing);
    for (let bit = 0; bit < 8 * sealed.length; bit += 1) {
      await assert.rejects(openSymmetric({ key, aad, sealed: flipBit(sealed, bit) }), {
        code: "E_DECRYPT",
      });
    }
    await assert.rejects(openSymmetric({ key, aad: flipBit(aad, 3), sealed }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openSymmetric({ key: flipBit(key, 3), aad, sealed }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openSymmetric({ key, aad, sealed: sealed.subarray(0, 27) }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openSymmetric({ key: randomBytes(16), aad, sealed }), {
      code: "E_ARGUMENT",
    });
    await assert.rejects(sealSymmetric({ key: randomBytes(16), aad, plaintext }), {
      code: "E_ARGUMENT",
    });
  });
});
