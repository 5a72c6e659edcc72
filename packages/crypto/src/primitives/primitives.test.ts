import assert from "node:assert/strict";
import { createHmac, hkdfSync } from "node:crypto";
import { suite, test } from "node:test";
import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import {
  concat,
  readU32,
  xor,
  enc,
  equalBytes,
  fromBase64url,
  fromHex,
  i2osp,
  os2ip,
  toBase64url,
  toHex,
  utf8,
  utf8Decode,
} from "../encoding/bytes.ts";
import { expandMessageXmd, hashToScalar, kdf, randomBytes, randomScalar } from "./derive.ts";
import { flipBit, seededRandom } from "@anamnesis/testing/cryptoParties";
import { at } from "../encoding/at.ts";
import { modInverse } from "../grant/modInverse.ts";
import type { Primitives } from "./primitives.ts";
import * as node from "./primitives.node.ts";
import * as web from "./primitives.web.ts";
import { GROUP_ORDER } from "../suite.ts";

const PLATFORMS: readonly Primitives[] = [node, web];
const bytes = fc.uint8Array({ maxLength: 300 });

suite("both platforms", () => {
  test("hash alike, at once and in pieces", () => {
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 600 }), (left, right, length) => {
        const [first, second] = PLATFORMS.map((platform) => [
          platform.sha256(concat(left, right)),
          platform.createSha256().update(left).update(right).digest(),
          platform.hmacSha256(left, right),
          platform.shake128(left, length),
        ]);
        assert.deepEqual(first?.map(toHex), second?.map(toHex));
        assert.deepEqual(first?.[0], first?.[1]);
      }),
      { numRuns: 60, seed: 8 },
    );
  });

  test("seal alike, open each other's, and refuse every flipped bit", async () => {
    const key = randomBytes(32);
    const nonce = randomBytes(12);
    for (const size of [0, 1, 100, 65536]) {
      const data = randomBytes(size);
      const aad = randomBytes(size % 77);
      const [first, second] = await Promise.all(
        PLATFORMS.map((platform) => platform.gcmSeal({ key, nonce, aad, data })),
      );
      assert.ok(first !== undefined && second !== undefined);
      assert.ok(equalBytes(first, second));
      for (const platform of PLATFORMS) {
        const open = (change: object): Promise<Uint8Array | undefined> =>
          platform.gcmOpen({ key, nonce, aad, data: first, ...change });
        assert.ok(equalBytes((await open({})) ?? randomBytes(1), data));
        assert.equal(await open({ data: flipBit(first, 8 * first.length - 1) }), undefined);
        assert.equal(await open({ data: first.subarray(0, 15) }), undefined);
        assert.equal(await open({ nonce: flipBit(nonce, 0) }), undefined);
        assert.equal(await open({ aad: concat(aad, Uint8Array.of(0)) }), undefined);
        assert.equal(await open({ key: flipBit(key, 0) }), undefined);
      }
    }
  });

  test("sign alike", () => {
    for (let i = 0; i < 5; i += 1) {
      const [secretKey, message] = [randomBytes(32), randomBytes(50)];
      const [first, second] = PLATFORMS.map((platform) => platform.ed25519Sign(secretKey, message));
      assert.deepEqual(first, second);
      const publicKey = web.ed25519PublicKey(secretKey);
      assert.deepEqual(node.ed25519PublicKey(secretKey), publicKey);
      for (const platform of PLATFORMS) {
        assert.equal(
          platform.ed25519Verify({ publicKey, message, signature: first ?? message }),
          true,
        );
      }
    }
  });

  test("hash parts as what they are joined, few or many", () => {
    const part = seededRandom("parts")(1_000);
    for (const count of [0, 1, 2, 4, 5, 20]) {
      const parts = Array.from({ length: count }, () => part);
      const want = node
        .createSha256()
        .update(concat(...parts))
        .digest();
      for (const platform of PLATFORMS) assert.deepEqual(platform.sha256(...parts), want);
    }
    const full = [new Uint8Array(4_095), Uint8Array.of(7)];
    for (const platform of PLATFORMS)
      assert.deepEqual(platform.sha256(...full), platform.sha256(concat(...full)));
  });

  test("sign with what a key's array holds when it is used, whatever it held before", () => {
    const message = utf8("message");
    const [first, second] = [seededRandom("first")(32), seededRandom("second")(32)];
    for (const platform of PLATFORMS) {
      const reused = first.slice();
      assert.deepEqual(platform.ed25519Sign(reused, message), node.ed25519Sign(first, message));
      reused.set(second);
      assert.deepEqual(platform.ed25519Sign(reused, message), node.ed25519Sign(second, message));
      assert.deepEqual(platform.ed25519PublicKey(reused), node.ed25519PublicKey(second));
    }
  });

  test("verify under more keys than are kept read", () => {
    const message = utf8("message");
    for (let i = 0; i < 520; i += 1) {
      const secretKey = i2osp(i, 32);
      const publicKey = node.ed25519PublicKey(secretKey);
      const signature = node.ed25519Sign(secretKey, message);
      assert.equal(node.ed25519Verify({ publicKey, signature, message }), true);
    }
  });

  test("give random bytes of any length", () => {
    for (const platform of PLATFORMS) {
      for (const length of [0, 1, 32, 200_000])
        assert.equal(platform.randomBytes(length).length, length);
      assert.notDeepEqual(platform.randomBytes(32), platform.randomBytes(32));
      assert.ok(
        platform
          .randomBytes(200_000)
          .subarray(199_000)
          .some((byte) => byte !== 0),
      );
    }
  });
});

suite("derivations", () => {
  test("kdf() is HKDF-SHA-256 with the suite's salt and info", () => {
    for (const length of [1, 7, 32, 64, 100]) {
      const ikm = seededRandom("ikm")(40);
      const want = hkdfSync("sha256", ikm, utf8("MRS-V1"), enc("label", "ctx"), length);
      assert.deepEqual(kdf(ikm, "label", "ctx", length), new Uint8Array(want));
    }
    // Beyond the 1024 bytes of info that the platform allows: by the definition of RFC 5869.
    const long = randomBytes(2000);
    const prk = createHmac("sha256", "MRS-V1").update("ikm").digest();
    const want = createHmac("sha256", prk)
      .update(concat(enc("l", long), Uint8Array.of(1)))
      .digest();
    assert.deepEqual(kdf(utf8("ikm"), "l", long, 32), new Uint8Array(want));
    assert.equal(kdf(long, "l", "", 8160).length, 8160);
    for (const length of [0, -1, 8161, 1.5, Number.NaN])
      assert.throws(() => kdf(long, "l", "", length), { code: "E_ARGUMENT" }, `${length}`);
  });

  test("expandMessageXmd() agrees with noble", () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 200 }), (message, length) => {
        const want = expand_message_xmd(message, utf8("MRS-V1-HS-x"), length, nobleSha256);
        assert.deepEqual(expandMessageXmd(message, "MRS-V1-HS-x", length), want);
      }),
      { numRuns: 40, seed: 9 },
    );
  });

  test("scalars lie in 1..q-1 and labels separate them", () => {
    for (let i = 0; i < 50; i += 1) {
      for (const scalar of [randomScalar(), hashToScalar("a", i2osp(i, 4))])
        assert.ok(scalar > 0n && scalar < GROUP_ORDER);
    }
    assert.notEqual(hashToScalar("a", utf8("m")), hashToScalar("b", utf8("m")));
  });

  test("modInverse() inverts", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: GROUP_ORDER - 1n }), (value) => {
        assert.equal((value * modInverse(value, GROUP_ORDER)) % GROUP_ORDER, 1n);
      }),
      { seed: 10 },
    );
  });
});

suite("bytes", () => {
  test("hex and base64url come back, and malformed texts are refused", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        assert.deepEqual(fromHex(toHex(value)), value);
        assert.equal(toBase64url(value), Buffer.from(value).toString("base64url"));
        assert.deepEqual(fromBase64url(toBase64url(value)), value);
        assert.equal(os2ip(value), BigInt(`0x0${toHex(value)}`));
      }),
      { seed: 11 },
    );
    for (const text of ["0", "0g", "0x00", " 00"])
      assert.throws(() => fromHex(text), { code: "E_FORMAT" });
    for (const text of ["A", "AA==", "AB", "A+", "A/", "AA\n"]) {
      assert.throws(() => fromBase64url(text), { code: "E_FORMAT" }, text);
    }
  });

  test("enc() is injective", () => {
    assert.equal(
      toHex(enc("ab", new Uint8Array(0), Uint8Array.of(1))),
      "0000000261620000000000000001" + "01",
    );
    assert.notDeepEqual(enc("ab", "c"), enc("a", "bc"));
    const fields = fc.array(bytes, { maxLength: 5 });
    fc.assert(
      fc.property(fields, fields, (left, right) => {
        const isSame = JSON.stringify(left.map(toHex)) === JSON.stringify(right.map(toHex));
        assert.equal(toHex(enc(...left)) === toHex(enc(...right)), isSame);
      }),
      { seed: 12 },
    );
  });

  test("readU32() and at() throw where nothing is", () => {
    assert.equal(readU32(Uint8Array.of(9, 1, 2, 3, 4), 1), 0x01020304);
    assert.throws(() => readU32(Uint8Array.of(1, 2, 3, 4), 1), { code: "E_FORMAT" });
    assert.equal(at([7, 8], 1), 8);
    assert.throws(() => at([7, 8], 2), RangeError);
    assert.throws(() => xor(Uint8Array.of(1), Uint8Array.of(1, 2)), { code: "E_ARGUMENT" });
  });

  test("i2osp() refuses what does not fit", () => {
    assert.deepEqual(i2osp(258, 4), Uint8Array.of(0, 0, 1, 2));
    assert.deepEqual(i2osp(2n ** 64n - 1n, 8), new Uint8Array(8).fill(255));
    for (const [value, length] of [
      [-1, 4],
      [256, 1],
      [1.5, 4],
      [2n ** 64n, 8],
      [Number.NaN, 4],
    ] as const) {
      assert.throws(() => i2osp(value, length), { code: "E_ARGUMENT" });
    }
  });

  test("equalBytes() compares all and only the bytes", () => {
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
    assert.equal(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)), false);
    assert.equal(equalBytes(Uint8Array.of(1, 0), Uint8Array.of(1)), false);
  });

  test("utf8Decode() refuses ill-formed text and keeps a byte order mark", () => {
    assert.equal(utf8Decode(utf8("\uFEFFü")), "\uFEFFü");
    assert.throws(() => utf8Decode(Uint8Array.of(0xff)), { code: "E_FORMAT" });
  });
});
