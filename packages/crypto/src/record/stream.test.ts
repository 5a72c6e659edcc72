import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { concat, readU32 } from "../encoding/bytes.ts";
import { openAsPatient } from "../kem/contentKey.ts";
import { randomBytes } from "../primitives/derive.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { openBody, openBodyBytes } from "./openBody.ts";
import type { OpenedRecord } from "./openBody.ts";
import type { VisitTarget } from "./sealRecord.ts";
import { SEALED_CHUNK_BYTES } from "./stream.ts";

const CHUNK = SEALED_CHUNK_BYTES;

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

  test("gives the sink only what has verified", async () => {
    const { head, body } = chunks();
    const [a, b] = body;
    assert.ok(a !== undefined && b !== undefined);
    const record = await readFixture({ object: concat(head, a, flipBit(b, 99)), target });
    let given = 0;
    await assert.rejects(
      openBody({
        record,
        contentKey,
        authorPublicKey: parties.author.publicKey,
        expectedDigest: long.sealed.digest,
        sink: (bytes) => {
          given += bytes.length;
        },
      }),
      { code: "E_DECRYPT" },
    );
    assert.ok(given > 0 && given < CHUNK);
  });
});
