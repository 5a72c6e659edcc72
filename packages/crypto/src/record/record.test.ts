import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import fc from "fast-check";
import { concat, utf8 } from "../encoding/bytes.ts";
import { readAll, streamOf } from "../encoding/streams.ts";
import { openAsAuthor, openAsPatient } from "./contentKey.ts";
import { randomBytes, sha256 } from "../primitives/derive.ts";
import { recordDigest } from "./digest.ts";
import { CryptoError } from "../errors.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeParties,
  LABEL,
  makeTarget,
  openWhole,
  readFixture,
  replaceAt,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { encodeHeader } from "./header.ts";
import { readStoredRecord } from "./objectHead.ts";
import type { OpenedRecord } from "./openBody.ts";
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
  return openWhole({
    record,
    contentKey,
    authorPublicKey,
    expectedDigest,
    ...change,
  });
}

suite("a sealed record", () => {
  test("opens for patient and author, with its metadata", async () => {
    const opened = await open(long.object);
    assert.deepEqual(sha256(opened.content), opened.meta.sha256);
    assert.equal(opened.content.length, 250_000);
    assert.deepEqual(opened.meta.keywords, ["loinc|4548-4", "month|2026-11"]);
    assert.equal(opened.meta.fileName, "hba1c.json");
    assert.equal(opened.meta.category, "lab-result");
    assert.deepEqual(opened.digest, long.sealed.digest);
    assert.deepEqual(recordDigest(long.sealed), long.sealed.digest);
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
      const record = await readStoredRecord({
        source: streamOf(source),
        addressKey: target.addressKey,
      });
      const opened = await openWhole({
        record,
        contentKey: key,
        authorPublicKey: parties.author.publicKey,
        expectedDigest: fixture.sealed.digest,
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
    const source = streamOf([long.object]);
    await assert.rejects(readStoredRecord({ source, addressKey: randomBytes(32) }), {
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
  const input = () => ({
    target,
    author: {
      signingSecretKey: parties.author.secretKey,
      certFingerprint: randomBytes(32),
      boxPublicKey: parties.authorBox.publicKey,
    },
    description: {
      mediaClass: "x",
      mediaType: "text/plain",
      category: "c",
      keywords: [],
      label: LABEL,
    },
    time: 1,
  });
  const attempt = async (
    size: number,
    contents: readonly Uint8Array[],
    change = {},
  ): Promise<unknown> => {
    let reading = 0;
    const { object, sealed } = await sealRecord({
      ...input(),
      target: { ...target, ...change },
      content: {
        size,
        open: () => {
          reading += 1;
          return streamOf(contents.slice(reading - 1, reading));
        },
      },
    });
    await readAll(object);
    return sealed;
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

  test("fails where its content fails: the object ends with that error, and so does what was sealed", async () => {
    const fails = new Error("the disk is gone");
    let reading = 0;
    const bytes = randomBytes(100);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 50);
      throw fails;
    }
    const open = () => {
      reading += 1;
      return streamOf(reading === 1 ? [bytes] : broken());
    };
    const { object, sealed } = await sealRecord({ ...input(), content: { size: 100, open } });
    await assert.rejects(readAll(object), fails);
    await assert.rejects(sealed, fails);
  });

  test("is over where nobody pulls the object any more, were it before the first byte", async () => {
    const bytes = randomBytes(100_000);
    for (const pulls of [0, 1, 2]) {
      const { object, sealed } = await sealRecord({
        ...input(),
        content: { size: bytes.length, open: () => streamOf([bytes]) },
      });
      const reader = object.getReader();
      for (let i = 0; i < pulls; i += 1) await reader.read();
      await reader.cancel();
      await assert.rejects(sealed, { code: "E_ARGUMENT", message: /stopped/ });
    }
  });

  test("puts a file name into the metadata where there is one", async () => {
    const bytes = utf8("content");
    for (const named of [{}, { fileName: "letter.txt" }]) {
      const { object, sealed } = await sealRecord({
        ...input(),
        content: { size: bytes.length, open: () => streamOf([bytes]) },
        description: { ...input().description, ...named },
      });
      const fixture = { target, object: await readAll(object), sealed: await sealed };
      const { meta } = await openWhole({
        record: await readFixture(fixture),
        contentKey: await openKey(fixture),
        authorPublicKey: parties.author.publicKey,
        expectedDigest: fixture.sealed.digest,
      });
      assert.equal(meta.fileName, "fileName" in named ? named.fileName : undefined);
    }
  });

  test("compresses text where that makes it shorter, and says of it how long it is", async () => {
    const text = utf8("HbA1c 6.5 %; ".repeat(5000));
    const short = await sealContent(parties, target, text);
    assert.equal(short.sealed.header.contentEncoding, "deflate-raw");
    assert.ok(short.object.length < 10_000, `${short.object.length} bytes`);
    const noise = await sealContent(parties, target, randomBytes(5000));
    assert.equal(noise.sealed.header.contentEncoding, "identity");
    const { content, meta } = await openWhole({
      record: await readFixture(short),
      contentKey: await openKey(short),
      authorPublicKey: parties.author.publicKey,
      expectedDigest: short.sealed.digest,
    });
    assert.deepEqual(content, text);
    assert.equal(meta.size, text.length);
  });

  test("refuses text that changes between readings", async () => {
    const text = utf8("HbA1c; ".repeat(500));
    for (const other of [flipBit(text, 100), text.subarray(1), concat(text, text)])
      await assert.rejects(attempt(text.length, [text, other]), { code: "E_ARGUMENT" });
  });

  test("refuses a bad target", async () => {
    const bytes = randomBytes(10);
    for (const [bad, code] of [
      [{ pid: randomBytes(31) }, "E_ARGUMENT"],
      [{ A: new Uint8Array(96) }, "E_SUBGROUP"],
      [{ ekTag: randomBytes(10) }, "E_FORMAT"],
      [{ addressKey: randomBytes(10) }, "E_ARGUMENT"],
    ] as const)
      await assert.rejects(attempt(10, [bytes, bytes], bad), { code });
  });
});
