import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { concat, readU32, toHex, utf8 } from "../encoding/bytes.ts";
import { piecesOf, streamOf } from "../encoding/streams.ts";
import { BYTES, CHUNK_BYTES } from "../suite.ts";
import { readStoredRecord } from "./objectHead.ts";
import { openAsPatient } from "./contentKey.ts";
import { randomBytes } from "../primitives/derive.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeParties,
  makeTarget,
  openWhole,
  readFixture,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { openBody } from "./openBody.ts";
import type { OpenedRecord, OpeningBody } from "./openBody.ts";
import type { VisitTarget } from "./sealRecord.ts";

const CHUNK = CHUNK_BYTES + BYTES.gcmTag;

let parties: Parties;
let target: VisitTarget;
/** A record of four chunks. */
let long: SealedFixture;
let contentKey: Uint8Array;
/** One of as many chunks, which is compressed. */
let text: SealedFixture;

before(async () => {
  parties = await makeParties();
  target = makeTarget(parties, "record");
  long = await sealContent(parties, target, randomBytes(250_000));
  contentKey = await openKey(long);
  text = await sealContent(parties, target, utf8(toHex(randomBytes(250_000))));
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

/** Opens the body of a stored object as it comes from a source, with the right keys. */
async function opening(
  fixture: SealedFixture,
  source: ReadableStream<Uint8Array>,
): Promise<OpeningBody> {
  return openBody({
    record: await readStoredRecord({ source, addressKey: target.addressKey }),
    contentKey: await openKey(fixture),
    authorPublicKey: parties.author.publicKey,
    expectedDigest: fixture.sealed.digest,
  });
}

/** The body is what follows magic (5 bytes), length (4) and sealed head. */
function bodyStart({ object }: SealedFixture): number {
  return 9 + readU32(object, 5);
}

suite("the stream", () => {
  const chunks = (): { head: Uint8Array; body: Uint8Array[] } => {
    const start = bodyStart(long);
    const body: Uint8Array[] = [];
    for (let at = start; at < long.object.length; at += CHUNK)
      body.push(long.object.subarray(at, at + CHUNK));
    return { head: long.object.subarray(0, start), body };
  };

  test("is refused cut, reordered, doubled, extended or emptied", async () => {
    const { head, body } = chunks();
    const [a, b, c, d] = body;
    assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
    assert.equal(body.length, 4);
    await open(concat(head, a, b, c, d));
    const cases = {
      "last chunk dropped": [a, b, c],
      "first chunk dropped": [b, c, d],
      "cut inside a chunk": [a, b, c, d.subarray(0, 100)],
      "cut by one byte": [a, b, c, d.subarray(0, -1)],
      reordered: [b, a, c, d],
      doubled: [a, a, b, c, d],
      "last doubled": [a, b, c, d, d],
      "a byte appended": [a, b, c, d, Uint8Array.of(0)],
      "an earlier chunk appended": [a, b, c, d, a],
      emptied: [],
    };
    for (const [name, changed] of Object.entries(cases)) {
      await assert.rejects(open(concat(head, ...changed)), { code: "E_DECRYPT" }, name);
    }
  });

  test("gives only what has verified", async () => {
    const { head, body } = chunks();
    const [a, b] = body;
    assert.ok(a !== undefined && b !== undefined);
    const record = await readFixture({ object: concat(head, a, flipBit(b, 99)), target });
    const { content, finished } = openBody({
      record,
      contentKey,
      authorPublicKey: parties.author.publicKey,
      expectedDigest: long.sealed.digest,
    });
    let given = 0;
    await assert.rejects(
      async () => {
        for await (const piece of piecesOf(content)) given += piece.length;
      },
      { code: "E_DECRYPT" },
    );
    assert.ok(given > 0 && given < CHUNK);
    await assert.rejects(finished, { code: "E_DECRYPT" });
  });

  test("fails with the source's own error, and finished tells of it", async () => {
    const broken = new Error("the line went dead");
    for (const fixture of [long, text]) {
      const source = streamOf(
        (async function* () {
          yield fixture.object.subarray(0, 100_000);
          throw broken;
        })(),
      );
      const { content, finished } = await opening(fixture, source);
      await assert.rejects(async () => {
        for await (const _ of piecesOf(content));
      }, broken);
      await assert.rejects(finished, broken);
    }
  });

  test("whoever stops reading stops the source", async () => {
    for (const fixture of [long, text]) {
      const { promise: stopped, resolve } = Promise.withResolvers<void>();
      const source = streamOf(
        (async function* () {
          try {
            for (let at = 0; ; at += 10_000) yield fixture.object.subarray(at, at + 10_000);
          } finally {
            resolve();
          }
        })(),
      );
      const { content, finished } = await opening(fixture, source);
      for await (const _ of piecesOf(content)) break;
      await assert.rejects(finished, { code: "E_ARGUMENT" });
      await stopped;
    }
  });

  test("whoever does not even begin to read stops the source, too", async () => {
    let isStopped = false;
    async function* bytes(): AsyncGenerator<Uint8Array> {
      try {
        for (let at = 0; ; at += 10_000) yield long.object.subarray(at, at + 10_000);
      } finally {
        isStopped = true;
      }
    }
    const { addressKey } = target;
    const record = await readStoredRecord({ source: streamOf(bytes()), addressKey });
    const { content, finished } = openBody({
      record,
      contentKey,
      authorPublicKey: parties.author.publicKey,
      expectedDigest: long.sealed.digest,
    });
    await content.cancel();
    await assert.rejects(finished, { code: "E_ARGUMENT" });
    assert.equal(isStopped, true);
  });
});
