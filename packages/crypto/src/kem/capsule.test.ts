import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import vector from "../../../../tests/vectors/mrs-v1-capsule.json" with { type: "json" };
import { fromHex, i2osp, toHex, utf8 } from "../encoding/bytes.ts";
import { checkCapsule, checkedC1s, encapsulate, hashTag, splitCapsule } from "./capsule.ts";
import { openCapsule } from "../record/contentKey.ts";
import { sha256 } from "../primitives/derive.ts";
import type { CurveEngine } from "../engine/curveEngine.ts";
import { mclEngine } from "../engine/engineMcl.ts";
import { nobleEngine } from "../engine/engineNoble.ts";
import { CryptoError } from "../errors.ts";
import { flipBit } from "@anamnesis/testing/cryptoParties";
import { curve, useEngine } from "../engine/ready.ts";
import { institutionPublicKey, institutionScalar, multiplySplit, tagKeys } from "./seedKeys.ts";
import { keyCommitment } from "../record/stream.ts";

const OFFSETS: Record<string, number> = { c1: 0, c2: 96, c3: 128, ctPq: 176, w: 1264 };
const seed = fromHex(vector.seed);
const tag = fromHex(vector.tag);
const ctx = sha256(utf8(vector.header));
const contentKey = fromHex(vector.contentKey);
const who = { seed, institution: vector.institution, epoch: vector.epoch };

/** Gives the vector's sigma first and its ML-KEM coins second. */
function vectorRandom(): (length: number) => Uint8Array {
  const values = [fromHex(vector.sigma), fromHex(vector.coins)];
  return () => values.shift() ?? assert.fail("asked for more randomness than the vector has");
}

async function encapsulateVector(): Promise<Uint8Array> {
  const A = institutionPublicKey(who);
  const { ekTag } = tagKeys({ seed, tag });
  return (await encapsulate({ A, ekTag, tag, ctx, contentKey }, vectorRandom())).capsule;
}

/** Opens a capsule as the patient, with a header that commits to the vector's key. */
function open(capsule: Uint8Array, openTag = tag, openCtx = ctx): Promise<Uint8Array> {
  const salt = new Uint8Array(32);
  const header = { ...HEADER, tag: openTag, salt, kc: keyCommitment(contentKey, salt) };
  const parts = splitCapsule(capsule);
  const tagKey = multiplySplit(hashTag(openTag), institutionScalar(who));
  return openCapsule({
    key: curve().pairing(tagKey, curve().g2Decode(parts.c1)),
    A: institutionPublicKey(who),
    ss64: tagKeys({ seed, tag: openTag }).ss64,
    parts,
    record: { header, ctx: openCtx, capsules: [capsule] },
  });
}

const empty32 = new Uint8Array(32);
const HEADER = {
  recordId: new Uint8Array(16),
  pid: empty32,
  mediaClass: "fhir",
  contentEncoding: "identity" as const,
  author: empty32,
  time: 0,
  nCaps: 1,
};

for (const engine of [mclEngine, nobleEngine] satisfies CurveEngine[]) {
  suite(`capsule under ${engine.name}`, () => {
    before(() => useEngine(engine));
    after(() => useEngine(mclEngine));

    test("encapsulate() gives the suite's vector", async () => {
      const capsule = await encapsulateVector();
      const parts = splitCapsule(capsule);
      assert.equal(toHex(i2osp(institutionScalar(who), 32).subarray(0, 8)), vector.aFirst8);
      assert.equal(toHex(institutionPublicKey(who).subarray(0, 16)), vector.AFirst16);
      assert.equal(toHex(sha256(institutionPublicKey(who))), vector.ASha256);
      assert.equal(toHex(sha256(tagKeys({ seed, tag }).ekTag)), vector.ekTagSha256);
      assert.equal(toHex(parts.c1.subarray(0, 16)), vector.c1First16);
      assert.equal(toHex(parts.c2), vector.c2);
      assert.equal(toHex(parts.c3), vector.c3);
      assert.equal(toHex(sha256(capsule)), vector.capsuleSha256);
    });

    test("e(P1, P2) has the published bytes", () => {
      const bytes = engine.gtEncode(engine.pairing(engine.g1Base(), engine.g2Base()));
      assert.equal(toHex(bytes.subarray(0, 16)), vector.pairing.first16);
      assert.equal(toHex(sha256(bytes)), vector.pairing.sha256);
    });

    test("openCapsule() gives the content key back", async () => {
      assert.deepEqual(await open(await encapsulateVector()), contentKey);
    });

    test("checkCapsule() and openCapsule() refuse the vector's negative cases", async () => {
      const capsule = await encapsulateVector();
      for (const { field, bit, check } of vector.negative) {
        const changed = flipBit(capsule, 8 * (OFFSETS[field] ?? 0) + bit);
        assert.equal(safeCheck(changed), check, `${field} bit ${bit}`);
        await assert.rejects(async () => open(changed), CryptoError, `${field} bit ${bit}`);
      }
    });
  });
}

test("checkCapsule() refuses another tag and another header", async () => {
  await useEngine(mclEngine);
  const capsule = await encapsulateVector();
  assert.equal(checkCapsule({ capsule, tag, ctx }), true);
  assert.equal(checkCapsule({ capsule, tag: flipBit(tag, 0), ctx }), false);
  assert.equal(checkCapsule({ capsule, tag, ctx: flipBit(ctx, 255) }), false);
  await assert.rejects(open(capsule, flipBit(tag, 0)), { code: "E_DECRYPT" });
  await assert.rejects(open(capsule, tag, flipBit(ctx, 0)), { code: "E_DECRYPT" });
});

test("checkedC1s() of no capsule gives none, and of several all or nothing", async () => {
  await useEngine(mclEngine);
  assert.deepEqual(checkedC1s([]), []);
  const check = { capsule: await encapsulateVector(), tag, ctx };
  assert.equal(checkedC1s([check, check, check])?.length, 3);
  const bad = { ...check, ctx: flipBit(ctx, 0) };
  for (const checks of [[bad], [bad, check], [check, bad], [bad, bad]])
    assert.equal(checkedC1s(checks), undefined);
});

test("checkCapsule() and openCapsule() refuse a flipped bit anywhere", async () => {
  await useEngine(mclEngine);
  const capsule = await encapsulateVector();
  // One bit in every 7 bytes of the point and mask fields, one in every 61 of the ML-KEM ciphertext, all of W's bytes.
  const places = [...range(0, 176, 7), ...range(176, 1264, 61), ...range(1264, 1312, 1)];
  for (const byte of places) {
    const changed = flipBit(capsule, 8 * byte + (byte % 8));
    if (byte < 1264) assert.equal(safeCheck(changed), false, `check accepts byte ${byte}`);
    await assert.rejects(async () => open(changed), CryptoError, `opens with byte ${byte}`);
  }
});

test("encapsulate() refuses keys that are none", async () => {
  await useEngine(mclEngine);
  const A = institutionPublicKey(who);
  const { ekTag } = tagKeys({ seed, tag });
  const identity = new Uint8Array(96);
  identity[0] = 0xc0;
  const attempt = (change: object): Promise<Uint8Array> =>
    encapsulate({ A, ekTag, tag, ctx, contentKey, ...change }).then(({ capsule }) => capsule);
  await assert.rejects(attempt({ A: identity }), { code: "E_SUBGROUP" });
  await assert.rejects(attempt({ A: A.subarray(1) }), { code: "E_FORMAT" });
  await assert.rejects(attempt({ ekTag: ekTag.subarray(1) }), { code: "E_FORMAT" });
  // FIPS 203 7.2: a coefficient of 4095 is above q = 3329.
  await assert.rejects(attempt({ ekTag: new Uint8Array(1184).fill(0xff) }), { code: "E_FORMAT" });
  await assert.rejects(attempt({ tag: tag.subarray(1) }), { code: "E_ARGUMENT" });
});

/** A point that does not decode fails the check like one that does. */
function safeCheck(capsule: Uint8Array): boolean {
  try {
    return checkCapsule({ capsule, tag, ctx });
  } catch (error) {
    assert.ok(error instanceof CryptoError && error.code === "E_SUBGROUP");
    return false;
  }
}

function range(start: number, end: number, step: number): number[] {
  return Array.from({ length: Math.ceil((end - start) / step) }, (_, i) => start + i * step);
}
