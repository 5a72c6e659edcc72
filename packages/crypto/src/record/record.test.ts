import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import fc from "fast-check";
import { openObjectId, sealObjectId } from "../kem/addressKey.ts";
import { concat, i2osp, utf8 } from "../encoding/bytes.ts";
import { encodeCanonical } from "../encoding/cbor.ts";
import { openAsAuthor, openAsPatient } from "../kem/contentKey.ts";
import { randomBytes, sha256 } from "../primitives/derive.ts";
import { recordDigest } from "./digest.ts";
import { CryptoError } from "../errors.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeParties,
  makeTarget,
  readFixture,
  replaceAt,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { decodeHeader, encodeHeader } from "./header.ts";
import { readStoredRecord, sealHead } from "./objectHead.ts";
import { openBodyBytes } from "./openBody.ts";
import type { OpenedRecord } from "./openBody.ts";
import { padmeLength } from "./plaintext.ts";
import { sealRecord } from "./sealRecord.ts";
import type { VisitTarget } from "./sealRecord.ts";
import { signingKeypair } from "../sign.ts";

let parties: Parties;
let target: VisitTarget;
/** A record of four chunks. */
let long: SealedFixture;
let contentKey: Uint8Array;

before(async () => {
  parties = await makeParties();
  target = makeTarget(parties, "record");
  long = await sealContent(parties, target, randomBytes(250_000));
  contentKey = await openKey(long);
});

async function openKey(fixture: SealedFixture): Promise<Uint8Array> {
  const record = await readFixture(fixture);
  return openAsPatient({ seed: parties.seed, institution: INSTITUTION, epoch: EPOCH, record });
}

/** Opens a stored object, as changed, with the content key of the unchanged one. */
async function open(
  object: Uint8Array,
  change: {
    contentKey?: Uint8Array;
    expectedDigest?: Uint8Array;
    authorPublicKey?: Uint8Array;
  } = {},
): Promise<OpenedRecord & { content: Uint8Array }> {
  const record = await readFixture({ object, target });
  const { publicKey: authorPublicKey } = parties.author;
  const expectedDigest = long.sealed.digest;
  return openBodyBytes({
    record,
    contentKey,
    authorPublicKey,
    expectedDigest,
    maxBytes: 1 << 24,
    ...change,
  });
}

suite("a sealed record", () => {
  test("opens for patient and author, with its metadata", async () => {
    const opened = await open(long.object);
    assert.deepEqual(sha256(opened.content), long.sealed.contentHash);
    assert.deepEqual(opened.meta.keywords, ["loinc|4548-4", "month|2026-11"]);
    assert.equal(opened.meta.fileName, "hba1c.json");
    assert.equal(opened.meta.category, "lab-result");
    assert.deepEqual(opened.digest, long.sealed.digest);
    assert.deepEqual(recordDigest(long.sealed), long.sealed.digest);
    assert.deepEqual(sha256(long.object), long.sealed.objectHash);
    assert.equal(long.object.length, long.sealed.objectBytes);
    const record = await readFixture(long);
    assert.deepEqual(
      await openAsAuthor({ boxSecretKey: parties.authorBox.secretKey, record }),
      contentKey,
    );
  });

  test("opens whatever its size and however it arrives", async () => {
    const sizes = [0, 1, 65_000, 65_536, 65_537, 131_072, 200_001];
    for (const size of sizes) {
      const content = randomBytes(size);
      const fixture = await sealContent(parties, target, content);
      const key = await openKey(fixture);
      const piece = 1 + (size % 40_000);
      const source = Array.from({ length: Math.ceil(fixture.object.length / piece) }, (_, i) =>
        fixture.object.subarray(i * piece, (i + 1) * piece),
      );
      const record = await readStoredRecord({ source, addressKey: target.addressKey });
      const opened = await openBodyBytes({
        record,
        contentKey: key,
        authorPublicKey: parties.author.publicKey,
        expectedDigest: fixture.sealed.digest,
        maxBytes: 1 << 20,
      });
      assert.deepEqual(opened.content, content, `${size} bytes`);
    }
  });

  test("does not open for a stranger, another institution's key or another epoch", async () => {
    const record = await readFixture(long);
    const stranger = { seed: randomBytes(32), institution: INSTITUTION, epoch: EPOCH, record };
    await assert.rejects(openAsPatient(stranger), { code: "E_DECRYPT" });
    const mine = { ...stranger, seed: parties.seed };
    await assert.rejects(openAsPatient({ ...mine, institution: "hospital-2" }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openAsPatient({ ...mine, epoch: "2" }), { code: "E_DECRYPT" });
    await assert.rejects(openAsAuthor({ boxSecretKey: randomBytes(32), record }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(readStoredRecord({ source: [long.object], addressKey: randomBytes(32) }), {
      code: "E_DECRYPT",
    });
  });

  test("says E_DECRYPT, and nothing else, whichever check of a capsule fails", async () => {
    const record = await readFixture(long);
    const capsule = record.capsules[0] ?? new Uint8Array(0);
    const messages = new Set<string>();
    const identity = replaceAt(new Uint8Array(96), 0, Uint8Array.of(0xc0));
    const changed = [0, 8 * 100, 8 * 130, 8 * 600, 8 * 1300].map((bit) => flipBit(capsule, bit));
    for (const bad of [...changed, replaceAt(capsule, 0, identity), capsule.subarray(1)]) {
      const attempt = { ...record, capsules: [bad] };
      await assert.rejects(
        openAsPatient({
          seed: parties.seed,
          institution: INSTITUTION,
          epoch: EPOCH,
          record: attempt,
        }),
        (error) =>
          error instanceof CryptoError &&
          error.code === "E_DECRYPT" &&
          messages.add(error.message).size === 1,
      );
    }
  });

  test("refuses a flipped bit in every header field", async () => {
    const record = await readFixture(long);
    for (const field of ["recordId", "pid", "tag", "salt", "kc", "author"] as const) {
      const header = { ...record.header, [field]: flipBit(record.header[field], 7) };
      const changed = { ...record, header, ctx: sha256(encodeHeader(header)) };
      await assert.rejects(
        openAsPatient({
          seed: parties.seed,
          institution: INSTITUTION,
          epoch: EPOCH,
          record: changed,
        }),
        { code: "E_DECRYPT" },
        field,
      );
    }
    const later = { ...record.header, time: record.header.time + 1 };
    const changed = { ...record, header: later, ctx: sha256(encodeHeader(later)) };
    await assert.rejects(
      openAsPatient({
        seed: parties.seed,
        institution: INSTITUTION,
        epoch: EPOCH,
        record: changed,
      }),
      { code: "E_DECRYPT" },
    );
  });

  test("refuses capsules swapped between two records", async () => {
    const twin = await readFixture(await sealContent(parties, target, utf8("twin")));
    const record = { ...(await readFixture(long)), capsules: twin.capsules };
    const keys = { seed: parties.seed, institution: INSTITUTION, epoch: EPOCH };
    await assert.rejects(openAsPatient({ ...keys, record }), { code: "E_DECRYPT" });
    await assert.rejects(openAsAuthor({ boxSecretKey: parties.authorBox.secretKey, record }), {
      code: "E_DECRYPT",
    });
  });

  test("refuses another author's key, another digest and another content key", async () => {
    const stranger = signingKeypair(randomBytes(32)).publicKey;
    await assert.rejects(open(long.object, { authorPublicKey: stranger }), { code: "E_DECRYPT" });
    await assert.rejects(open(long.object, { expectedDigest: randomBytes(32) }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(open(long.object, { contentKey: randomBytes(32) }), { code: "E_DECRYPT" });
  });

  test("refuses a flipped bit anywhere in the stored object", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * long.object.length - 1), async (bit) => {
        await assert.rejects(open(flipBit(long.object, bit)), CryptoError);
      }),
      { numRuns: 60, seed: 4 },
    );
    for (let bit = 0; bit < 9 * 8; bit += 1)
      await assert.rejects(open(flipBit(long.object, bit)), CryptoError);
  });
});

suite("sealRecord()", () => {
  const attempt = (
    size: number,
    contents: readonly Uint8Array[],
    change = {},
  ): Promise<unknown> => {
    let reading = 0;
    const author = parties.author.secretKey;
    return sealRecord({
      target: { ...target, ...change },
      author: {
        signingSecretKey: author,
        certFingerprint: randomBytes(32),
        boxPublicKey: parties.authorBox.publicKey,
      },
      content: {
        size,
        open: () => {
          reading += 1;
          return [contents[reading - 1] ?? new Uint8Array(0)];
        },
      },
      description: { mediaClass: "x", mediaType: "text/plain", category: "c", keywords: [] },
      time: 1,
      sink: () => undefined,
    });
  };

  test("refuses content that is not what it said, or changes between readings", async () => {
    const bytes = randomBytes(100);
    await attempt(100, [bytes, bytes]);
    for (const [size, contents] of [
      [99, [bytes, bytes]],
      [101, [bytes, bytes]],
      [100, [bytes, flipBit(bytes, 3)]],
      [100, [bytes, bytes.subarray(1)]],
      [100, [bytes, concat(bytes, bytes)]],
    ] as const) {
      await assert.rejects(attempt(size, contents), { code: "E_ARGUMENT" });
    }
  });

  test("refuses a bad target", async () => {
    const bytes = randomBytes(10);
    await assert.rejects(attempt(10, [bytes, bytes], { pid: randomBytes(31) }), {
      code: "E_ARGUMENT",
    });
    await assert.rejects(attempt(10, [bytes, bytes], { A: new Uint8Array(96) }), {
      code: "E_SUBGROUP",
    });
    await assert.rejects(attempt(10, [bytes, bytes], { ekTag: randomBytes(10) }), {
      code: "E_FORMAT",
    });
    await assert.rejects(attempt(10, [bytes, bytes], { addressKey: randomBytes(10) }), {
      code: "E_ARGUMENT",
    });
  });
});

suite("header and head", () => {
  test("decodeHeader() undoes encodeHeader() and refuses the rest", async () => {
    const { header } = await readFixture(long);
    assert.deepEqual(decodeHeader(encodeHeader(header)), header);
    const full = { ...header, v: 1, suite: "MRS-V1", chunk: 65536 };
    for (const change of [
      { v: 2 },
      { suite: "MRS-V2" },
      { chunk: 1 },
      { pid: randomBytes(31) },
      { time: -1 },
      { extra: 1 },
    ]) {
      assert.throws(() => decodeHeader(encodeCanonical({ ...full, ...change })), {
        code: "E_FORMAT",
      });
    }
    assert.throws(() => decodeHeader(encodeCanonical([1])), { code: "E_FORMAT" });
    assert.throws(() => decodeHeader(utf8("not a header")), CryptoError);
  });

  test("readStoredRecord() refuses other files and a head that misstates its capsules", async () => {
    const read = (bytes: Uint8Array): Promise<unknown> =>
      readStoredRecord({ source: [bytes], addressKey: target.addressKey });
    for (const bytes of [
      new Uint8Array(0),
      utf8("MRSO"),
      utf8("%PDF-1.7 and more"),
      long.object.subarray(0, 8),
    ]) {
      await assert.rejects(read(bytes), { code: "E_FORMAT" });
    }
    await assert.rejects(read(long.object.subarray(0, 100)), { code: "E_DECRYPT" });
    const huge = replaceAt(long.object, 5, i2osp(0xffffffff, 4));
    await assert.rejects(read(huge), { code: "E_FORMAT" });
    const { header, capsules } = await readFixture(long);
    const head = { header: encodeHeader(header), capsules: capsules.slice(1) };
    const forged = await sealHead(head, target.addressKey, randomBytes);
    await assert.rejects(read(forged), { code: "E_DECRYPT" });
  });

  test("openObjectId() undoes sealObjectId() and refuses a head in its place", async () => {
    const objectId = randomBytes(32);
    const sealed = await sealObjectId({ addressKey: target.addressKey, objectId });
    assert.equal(sealed.length, 60);
    assert.deepEqual(await openObjectId({ addressKey: target.addressKey, sealed }), objectId);
    await assert.rejects(
      openObjectId({ addressKey: target.addressKey, sealed: flipBit(sealed, 100) }),
      {
        code: "E_DECRYPT",
      },
    );
    await assert.rejects(
      openObjectId({ addressKey: target.addressKey, sealed: long.object.subarray(9, 69) }),
      {
        code: "E_DECRYPT",
      },
    );
  });

  test("padmeLength() never shrinks, adds at most 12 %, and is idempotent", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 40 }), (length) => {
        const padded = padmeLength(length);
        assert.ok(padded >= length && padded <= length * 1.12 + 1);
        assert.equal(padmeLength(padded), padded);
      }),
      { seed: 5 },
    );
    assert.deepEqual([9, 100, 1000, 1 << 20, (1 << 20) + 1].map(padmeLength), [
      10,
      104,
      1024,
      1 << 20,
      1081344,
    ]);
  });
});
