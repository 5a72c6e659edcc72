/**
 * Records by an author who does not use our code: every key is right and every signature is the author's own, and one thing
 * inside is not what the suite says. Each stops at one check, and the same record without that one fault opens.
 */
import assert from "node:assert/strict";
import { deflateRawSync, gzipSync } from "node:zlib";
import { before, suite, test } from "node:test";
import {
  EPOCH,
  INSTITUTION,
  LABEL as label,
  makeParties,
  makeTarget,
  openWhole,
} from "@anamnesis/testing/cryptoParties";
import type { Parties } from "@anamnesis/testing/cryptoParties";
import { sealTo } from "../box.ts";
import { concat, utf8, xor } from "../encoding/bytes.ts";
import { piecesOf, readAll, streamOf } from "../encoding/streams.ts";
import { curve } from "../engine/ready.ts";
import {
  fujisakiOkamotoScalar,
  hashBind,
  hashTag,
  maskFor,
  wrapKeyFor,
  ZERO_NONCE,
} from "../kem/capsule.ts";
import { mlKemEncapsulate } from "../kem/mlKem.ts";
import { gcmSeal } from "../primitives/aesGcm.ts";
import { randomBytes, sha256 } from "../primitives/derive.ts";
import { sign } from "../sign.ts";
import { BYTES, LABEL } from "../suite.ts";
import { openAsAuthor, openAsPatient } from "./contentKey.ts";
import { capsulesDigest, recordDigest } from "./digest.ts";
import { encodeHeader } from "./header.ts";
import type { RecordHeader } from "./header.ts";
import { sealLabel } from "./label.ts";
import type { StoredRecord } from "./objectHead.ts";
import { openBody } from "./openBody.ts";
import { encodePrelude, INNER, innerMessage, padmeLength } from "./plaintext.ts";
import type { RecordMeta } from "./plaintext.ts";
import type { VisitTarget } from "./sealRecord.ts";
import { keyCommitment, sealingChunks } from "./stream.ts";

const content = utf8('{"resourceType":"Bundle","type":"collection"}');
const contentKey = sha256(utf8("content key"));
const certificate = sha256(utf8("certificate"));

/** What the hostile author does otherwise. */
interface Fault {
  /** The content key to which the header commits. */
  readonly committed?: Uint8Array;
  readonly meta?: Partial<RecordMeta>;
  /** The content as it is encoded, DEFLATE as the header then says, in place of the plain content. */
  readonly deflated?: Uint8Array;
  /** The encoding in the header. */
  readonly contentEncoding?: RecordHeader["contentEncoding"];
  /** What stands behind metadata and content, given how many zeros ought to. */
  readonly padding?: (right: number) => Uint8Array;
  /** In the place of the sealed label. */
  readonly label?: Uint8Array;
  /** Instead of the sealed label, in what the inner signature covers. */
  readonly signedLabel?: Uint8Array;
  /** Scalars for C1 and C3 in place of the one that the hash says. */
  readonly rho?: (right: bigint) => { readonly c1: bigint; readonly c3: bigint };
}

let parties: Parties;
let target: VisitTarget;

before(async () => {
  parties = await makeParties();
  target = makeTarget(parties, "hostile");
});

async function forge(fault: Fault): Promise<{ record: StoredRecord; digest: Uint8Array }> {
  const salt = randomBytes(32);
  const header: RecordHeader = {
    recordId: randomBytes(16),
    pid: target.pid,
    tag: target.tag,
    mediaClass: "fhir",
    contentEncoding: fault.contentEncoding ?? (fault.deflated ? "deflate-raw" : "identity"),
    salt,
    kc: keyCommitment(fault.committed ?? contentKey, salt),
    author: certificate,
    time: 1_790_000_000,
    nCaps: 3,
  };
  const ctx = sha256(encodeHeader(header));
  const capsules = await forgeCapsules(ctx, fault);
  const meta = {
    mediaType: "application/fhir+json",
    category: "lab-result",
    keywords: [],
    size: content.length,
    sha256: sha256(content),
    author: certificate,
    ...(fault.deflated && { encodedSize: fault.deflated.length }),
    ...fault.meta,
  };
  const signedLabel = fault.signedLabel ?? capsules[2]!;
  const message = innerMessage(header, meta, sha256(signedLabel));
  const signature = sign({ type: INNER, message, secretKey: parties.author.secretKey });
  const data = concat(encodePrelude({ meta, signature }), fault.deflated ?? content);
  const zeros = padmeLength(data.length) - data.length;
  const padding = fault.padding?.(zeros) ?? new Uint8Array(zeros);
  const chunks = sealingChunks({ contentKey, salt, ctx });
  const body = await readAll(streamOf([concat(data, padding)]).pipeThrough(chunks));
  const capsulesHash = capsulesDigest(capsules);
  const digest = recordDigest({ headerHash: ctx, capsulesHash, bodyHash: sha256(body) });
  return { record: { header, ctx, capsules, capsulesHash, body: streamOf([body]) }, digest };
}

/** Capsules of patient and author with the content key, and the label. */
async function forgeCapsules(
  ctx: Uint8Array,
  { rho: bend, label: other }: Fault,
): Promise<Uint8Array[]> {
  const { tag, A, ekTag } = target;
  const engine = curve();
  const sigma = randomBytes(32);
  const { ct: ctPq, secret } = mlKemEncapsulate(ekTag, randomBytes(32));
  const right = fujisakiOkamotoScalar({ sigma, A, tag, ctx, ctPq });
  const rho = bend?.(right) ?? { c1: right, c3: right };
  const c1 = engine.g2Encode(engine.g2Multiply(engine.g2Base(), rho.c1));
  const key = engine.pairing(engine.g1Multiply(hashTag(tag), rho.c1), engine.g2Decode(A));
  const c2 = xor(sigma, maskFor({ key: engine.gtEncode(key), c1, tag, A }));
  const parts = { c1, c2, ctPq };
  const c3 = engine.g1Encode(engine.g1Multiply(hashBind(parts, { tag, ctx }), rho.c3));
  const kek = wrapKeyFor(concat(sigma, secret), { parts, tag, A, ekTag, ctx });
  const w = await gcmSeal({ key: kek, nonce: ZERO_NONCE, aad: ctx, data: contentKey });
  const { publicKey } = parties.authorBox;
  return [
    concat(c1, c2, c3, ctPq, w),
    await sealTo({ publicKey, info: LABEL.author, aad: ctx, plaintext: contentKey }),
    other ?? (await sealLabel(label, { secret, tag, ctx })),
  ];
}

const asPatient = (record: StoredRecord): Promise<Uint8Array> =>
  openAsPatient({ seed: parties.seed, institution: INSTITUTION, epoch: EPOCH, record });
const asAuthor = (record: StoredRecord): Promise<Uint8Array> =>
  openAsAuthor({ boxSecretKey: parties.authorBox.secretKey, record });
const whole = async (fault: Fault) => {
  const { record, digest } = await forge(fault);
  const authorPublicKey = parties.author.publicKey;
  return openWhole({ record, contentKey, authorPublicKey, expectedDigest: digest });
};
const refused = { code: "E_DECRYPT" };

suite("a hostile author", () => {
  test("who does as the suite says makes a record that opens", async () => {
    const { record } = await forge({});
    assert.deepEqual(await asPatient(record), contentKey);
    assert.deepEqual(await asAuthor(record), contentKey);
    assert.deepEqual((await whole({})).content, content);
  });

  test("who commits to another content key than the one in the capsules opens nothing to anybody", async () => {
    const fault = { committed: sha256(utf8("another content key")) };
    const { record } = await forge(fault);
    await assert.rejects(asPatient(record), refused);
    await assert.rejects(asAuthor(record), refused);
    await assert.rejects(whole(fault), refused);
  });

  test("who puts another key than 32 bytes into the author's capsule is refused", async () => {
    const { record } = await forge({ committed: contentKey.subarray(1) });
    const { publicKey } = parties.authorBox;
    const plaintext = contentKey.subarray(1);
    const short = await sealTo({ publicKey, info: LABEL.author, aad: record.ctx, plaintext });
    const capsules = [record.capsules[0]!, short, record.capsules[2]!];
    await assert.rejects(asAuthor({ ...record, capsules }), refused);
  });

  test("who chooses C1 by another scalar than the hash's is refused, whatever C3 is", async () => {
    const bent = (right: bigint): bigint => right + 1n;
    const { record: both } = await forge({
      rho: (right) => ({ c1: bent(right), c3: bent(right) }),
    });
    await assert.rejects(asPatient(both), refused);
    const { record: first } = await forge({ rho: (right) => ({ c1: bent(right), c3: right }) });
    await assert.rejects(asPatient(first), refused);
    const { record: third } = await forge({ rho: (right) => ({ c1: right, c3: bent(right) }) });
    await assert.rejects(asPatient(third), refused);
  });

  test("who signs metadata of other content, or of another author, is refused", async () => {
    const rows: readonly Partial<RecordMeta>[] = [
      { sha256: sha256(utf8("other content")) },
      { author: sha256(utf8("another's certificate")) },
      { size: content.length + 1 },
      { size: content.length - 1 },
    ];
    for (const meta of rows)
      await assert.rejects(whole({ meta }), refused, Object.keys(meta).join());
  });

  test("who signs for another label than the one that lies beside is refused", async () => {
    await assert.rejects(whole({ signedLabel: utf8("another label") }), refused);
  });

  test("who puts no label where it belongs, and signs for that, is refused", async () => {
    for (const length of [0, BYTES.labelCapsule - 1, BYTES.labelCapsule + 1])
      await assert.rejects(whole({ label: new Uint8Array(length) }), refused, `${length} bytes`);
  });

  test("who pads otherwise is refused: by a bit, by a byte less, by a byte more", async () => {
    const rows: readonly [string, (right: number) => Uint8Array][] = [
      ["a bit", (right) => Uint8Array.from({ length: right }, (_, i) => (i === right - 1 ? 1 : 0))],
      ["a byte less", (right) => new Uint8Array(right - 1)],
      ["a byte more", (right) => new Uint8Array(right + 1)],
      ["none", () => new Uint8Array(0)],
    ];
    for (const [name, padding] of rows) await assert.rejects(whole({ padding }), refused, name);
  });

  test("who compresses as the suite says makes a record that opens", async () => {
    const deflated = deflateRawSync(content);
    assert.deepEqual((await whole({ deflated })).content, content);
  });

  test("who compresses more than the metadata state is stopped at that length", async () => {
    const swelling = deflateRawSync(new Uint8Array(256 * 1024 * 1024));
    const size = 100_000;
    const meta = { size, sha256: sha256(new Uint8Array(size)) };
    const { record, digest: expectedDigest } = await forge({ deflated: swelling, meta });
    const authorPublicKey = parties.author.publicKey;
    const opening = openBody({ record, contentKey, authorPublicKey, expectedDigest });
    let given = 0;
    await assert.rejects(async () => {
      for await (const piece of piecesOf(opening.content)) given += piece.length;
    }, refused);
    await assert.rejects(opening.finished, refused);
    assert.ok(given <= size, `${given} bytes came`);
  });

  test("who puts bytes behind the compressed content, or ends it early, is refused", async () => {
    const deflated = deflateRawSync(content);
    const again = concat(deflated, deflated);
    for (const wrong of [concat(deflated, Uint8Array.of(0)), again, deflated.subarray(0, -1)])
      await assert.rejects(whole({ deflated: wrong }), refused);
  });

  test("who names one encoding and uses another is refused", async () => {
    const deflated = deflateRawSync(content);
    const rows: readonly Fault[] = [
      { deflated: gzipSync(content) },
      { deflated: content },
      { deflated, contentEncoding: "identity" },
      { contentEncoding: "deflate-raw" },
      { meta: { encodedSize: content.length } },
      { deflated, meta: { encodedSize: deflated.length - 1 } },
    ];
    for (const fault of rows) await assert.rejects(whole(fault), refused);
  });
});
