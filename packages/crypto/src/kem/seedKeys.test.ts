import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { enc, fromHex, toHex, utf8 } from "../encoding/bytes.ts";
import { kdf, randomBytes, sha256 } from "../primitives/derive.ts";
import { hashTag } from "./capsule.ts";
import { mclEngine } from "../engine/engineMcl.ts";
import { CryptoError } from "../errors.ts";
import { flipBit } from "@anamnesis/testing/cryptoParties";
import { curve, ready, useEngine } from "../engine/ready.ts";
import {
  contactBoxKeys,
  deviceStorageKey,
  grantSigningKey,
  identityKeys,
  institutionPublicKey,
  multiplySplit,
  tagKeys,
  visitBoxKeys,
  visitSigningKey,
} from "./seedKeys.ts";
import { GROUP_ORDER } from "../suite.ts";

const seed = fromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
const salt = utf8("a visit's random salt");

suite("keys of one seed", () => {
  before(() => ready());

  test("are the same every time and all different", async () => {
    const all = async (from: Uint8Array): Promise<string[]> => {
      const tag = sha256(utf8("tag")).slice(0, 16);
      const { ss64, ekTag, addressKey } = tagKeys({ seed: from, tag });
      const boxes = [
        await identityKeys(from),
        await contactBoxKeys(from),
        await visitBoxKeys({ seed: from, visitSalt: salt }),
      ];
      const keys = [
        institutionPublicKey({ seed: from, institution: "hospital-1", epoch: "1" }),
        institutionPublicKey({ seed: from, institution: "hospital-1", epoch: "2" }),
        institutionPublicKey({ seed: from, institution: "hospital-2", epoch: "1" }),
        ss64,
        ekTag,
        addressKey,
        visitSigningKey({ seed: from, visitSalt: salt }).secretKey,
        grantSigningKey({ seed: from, grantSalt: salt }).secretKey,
        deviceStorageKey(from),
        ...boxes.flatMap(({ signing, box, postKey }) => [
          postKey,
          signing.secretKey,
          signing.publicKey,
          box.secretKey,
          box.publicKey,
        ]),
      ];
      return keys.map(toHex);
    };
    const first = await all(seed);
    assert.deepEqual(await all(seed), first);
    const second = await all(flipBit(seed, 0));
    assert.equal(new Set([...first, ...second]).size, 2 * first.length);
  });

  test("pid and gid are the hashes of their public keys", () => {
    const visit = visitSigningKey({ seed, visitSalt: salt });
    assert.deepEqual(visit.id, sha256(visit.publicKey));
    const grant = grantSigningKey({ seed, grantSalt: salt });
    assert.deepEqual(grant.id, sha256(grant.publicKey));
    assert.notDeepEqual(visit.id, grant.id);
  });

  test("the address key follows from ss64 and the tag alone", () => {
    const tag = randomBytes(16);
    const { ss64, addressKey } = tagKeys({ seed, tag });
    assert.deepEqual(ss64, kdf(seed, "mlkem-tag", tag, 64));
    assert.deepEqual(addressKey, kdf(ss64, "address", tag, 32));
  });

  test("a seed or tag of another length is refused", async () => {
    const short = seed.subarray(1);
    assert.throws(() => institutionPublicKey({ seed: short, institution: "x", epoch: "1" }), {
      code: "E_ARGUMENT",
    });
    assert.throws(() => tagKeys({ seed: short, tag: randomBytes(16) }), { code: "E_ARGUMENT" });
    assert.throws(() => tagKeys({ seed, tag: randomBytes(15) }), { code: "E_ARGUMENT" });
    assert.throws(() => deviceStorageKey(short), { code: "E_ARGUMENT" });
    assert.throws(() => visitSigningKey({ seed: short, visitSalt: salt }), { code: "E_ARGUMENT" });
    await assert.rejects(identityKeys(short), { code: "E_ARGUMENT" });
  });
});

suite("ready()", () => {
  test("refuses an engine that fails its known-answer test", async () => {
    const wrongMode = {
      ...mclEngine,
      hashToG1: (message: Uint8Array) => mclEngine.hashToG1(message, "another tag"),
    };
    await assert.rejects(useEngine(wrongMode), { code: "E_ENGINE" });
    const swapped = {
      ...mclEngine,
      gtEncode: (z: Parameters<typeof mclEngine.gtEncode>[0]) => mclEngine.gtEncode(z).toReversed(),
    };
    await assert.rejects(
      useEngine(swapped),
      (error) => error instanceof CryptoError && /mcl/.test(error.message),
    );
    assert.equal(curve(), mclEngine);
    await ready();
  });

  test("separates labels from fields", () => {
    assert.notDeepEqual(kdf(seed, "visit-sign", enc("a"), 32), kdf(seed, "visit-sign", "a", 32));
  });
});

test("multiplySplit() equals the plain multiplication", async () => {
  await ready();
  const engine = curve();
  const point = hashTag(utf8("0123456789abcdef"));
  for (const scalar of [1n, 2n, GROUP_ORDER - 1n, 0xabcdefn]) {
    assert.deepEqual(
      engine.g1Encode(multiplySplit(point, scalar)),
      engine.g1Encode(engine.g1Multiply(point, scalar)),
    );
  }
});
