import { sealTo } from "../box.ts";
import { piecesOf, streamOf } from "../encoding/streams.ts";
import { encapsulate } from "../kem/capsule.ts";
import { createSha256, randomBytes, sha256 } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import { capsulesDigest, recordDigest } from "./digest.ts";
import type { RecordHashes } from "./digest.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { encoded, isText } from "./contentEncoding.ts";
import { encodeHeader } from "./header.ts";
import type { ContentEncoding, RecordHeader } from "./header.ts";
import { sealHead } from "./objectHead.ts";
import { changedContent, framing, sameAs } from "./frame.ts";
import { labelCapsule, sealLabel } from "./label.ts";
import type { RecordLabel } from "./label.ts";
import { encodePrelude, INNER, innerMessage } from "./plaintext.ts";
import type { RecordMeta } from "./plaintext.ts";
import { sign } from "../sign.ts";
import { keyCommitment, sealingChunks } from "./stream.ts";
import { BYTES, LABEL } from "../suite.ts";

/** The part of a visit token that sealing needs; whoever calls has verified the token's signature. */
export interface VisitTarget {
  /** 32 bytes. */
  readonly pid: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
  /** The patient's public key for this institution, 96 bytes. */
  readonly A: Uint8Array;
  /** ML-KEM-768 encapsulation key of the tag, 1184 bytes. */
  readonly ekTag: Uint8Array;
  /** 32 bytes. */
  readonly addressKey: Uint8Array;
}

/** The certified author. */
export interface Author {
  /** Ed25519 seed, 32 bytes. */
  readonly signingSecretKey: Uint8Array;
  /** SHA-256 fingerprint of the author's certificate. */
  readonly certFingerprint: Uint8Array;
  /** X-Wing key, 1216 bytes: the author can reread what they wrote. */
  readonly boxPublicKey: Uint8Array;
}

/** Content that can be read twice: once to hash and measure, once to seal. It is never held whole. */
export interface ContentSource {
  /** Bytes; both readings must give exactly this many. */
  readonly size: number;
  readonly open: () => ReadableStream<Uint8Array>;
}

export interface ContentDescription {
  /** Goes into the header, where holders of the address key see it: a coarse class such as `fhir`. */
  readonly mediaClass: string;
  readonly mediaType: string;
  readonly category: string;
  /** Coded keywords; they stay inside the encryption. */
  readonly keywords: readonly string[];
  readonly fileName?: string;
  /** What the record is, for lists of patient and granted readers. */
  readonly label: RecordLabel;
}

export interface SealRecordInput {
  readonly target: VisitTarget;
  readonly author: Author;
  readonly content: ContentSource;
  readonly description: ContentDescription;
  /** Unix seconds. */
  readonly time: number;
}

export interface SealedRecord extends RecordHashes {
  /** 16 bytes. */
  readonly recordId: Uint8Array;
  /** The digest for the chain. */
  readonly digest: Uint8Array;
  readonly header: RecordHeader;
  readonly capsules: readonly Uint8Array[];
}

/** A record as it is sealed. */
export interface SealingRecord {
  /** The stored object's bytes, sealed as they are pulled. */
  readonly object: ReadableStream<Uint8Array>;
  /** What was sealed; rejects as the object fails, or when it was not pulled to its end. */
  readonly sealed: Promise<SealedRecord>;
}

/**
 * Seals a record for a visit token. Await `ready()` first.
 *
 * Two readings of the content: the first hashes, and measures what text compresses to, before this resolves; the second seals,
 * as the object is pulled. Memory stays at a few chunks whatever the size. The object is: magic, sealed head (header and
 * capsules), sealed chunks.
 *
 * @throws {CryptoError} `E_ARGUMENT` for content that is not of its size, and for wrong lengths; `E_SUBGROUP`, `E_FORMAT` for
 * a bad token. The object fails with `E_ARGUMENT` if the second reading differs: its bytes are then worthless.
 */
export async function sealRecord(
  input: SealRecordInput,
  random: RandomSource = randomBytes,
): Promise<SealingRecord> {
  checkLengths(input);
  const { target, author, content, description } = input;
  const measured = await measure(input);
  const { encoding, encodedSize, hash } = measured;
  const contentKey = random(32);
  const { header, headerBytes, ctx } = makeHeader(input, { contentKey, encoding }, random);
  const { capsule, secret } = await encapsulate(
    { A: target.A, ekTag: target.ekTag, tag: target.tag, ctx, contentKey },
    random,
  );
  const capsules = [
    capsule,
    await sealTo({
      publicKey: author.boxPublicKey,
      info: LABEL.author,
      aad: ctx,
      plaintext: contentKey,
    }),
    await sealLabel(description.label, { secret, tag: target.tag, ctx }),
  ];
  const head = await sealHead({ header: headerBytes, capsules }, target.addressKey, random);
  const meta = metaOf(input, measured);
  const message = innerMessage(header, meta, sha256(labelCapsule(capsules)));
  const signature = sign({ type: INNER, message, secretKey: author.signingSecretKey });
  const prelude = encodePrelude({ meta, signature });
  const chunks = (): ReadableStream<Uint8Array> =>
    encoded(content.open().pipeThrough(sameAs({ size: content.size, hash })), encoding)
      .pipeThrough(framing(prelude, encodedSize))
      .pipeThrough(sealingChunks({ contentKey, salt: header.salt, ctx }));
  return sealing(head, chunks, (bodyHash) => {
    const hashes = { headerHash: ctx, capsulesHash: capsulesDigest(capsules), bodyHash };
    const { recordId } = header;
    return { ...hashes, recordId, digest: recordDigest(hashes), header, capsules };
  });
}

/** The object as its head and then its chunks, with what is known when the last has been pulled. */
function sealing(
  head: Uint8Array,
  chunks: () => ReadableStream<Uint8Array>,
  known: (bodyHash: Uint8Array) => SealedRecord,
): SealingRecord {
  const { promise: sealed, resolve, reject } = Promise.withResolvers<SealedRecord>();
  sealed.catch(() => undefined); // Whoever pulls the object learns of the failure there.
  const stop = (): void =>
    reject(new CryptoError("E_ARGUMENT", "Sealing stopped before the record ended"));
  async function* object(): AsyncGenerator<Uint8Array> {
    const bodyHash = createSha256();
    try {
      yield head;
      for await (const chunk of piecesOf(chunks())) {
        bodyHash.update(chunk);
        yield chunk;
      }
      resolve(known(bodyHash.digest()));
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      stop();
    }
  }
  return { object: streamOf(object(), stop), sealed };
}

function makeHeader(
  { target, author, description, time }: SealRecordInput,
  { contentKey, encoding }: { readonly contentKey: Uint8Array; readonly encoding: ContentEncoding },
  random: RandomSource,
): { readonly header: RecordHeader; readonly headerBytes: Uint8Array; readonly ctx: Uint8Array } {
  const salt = random(32);
  const header: RecordHeader = {
    recordId: random(BYTES.recordId),
    pid: target.pid,
    tag: target.tag,
    mediaClass: description.mediaClass,
    contentEncoding: encoding,
    salt,
    kc: keyCommitment(contentKey, salt),
    author: author.certFingerprint,
    time,
    nCaps: 3,
  };
  const headerBytes = encodeHeader(header);
  return { header, headerBytes, ctx: sha256(headerBytes) };
}

function metaOf(
  { author, content, description }: SealRecordInput,
  { hash, encoding, encodedSize }: Measured,
): RecordMeta {
  const { mediaType, category, keywords, fileName } = description;
  return {
    mediaType,
    category,
    keywords,
    size: content.size,
    sha256: hash,
    author: author.certFingerprint,
    ...(encoding !== "identity" && { encodedSize }),
    ...(fileName !== undefined && { fileName }),
  };
}

function checkLengths({ target, author, content, time }: SealRecordInput): void {
  expectLength("pid", target.pid, BYTES.hash);
  expectLength("tag", target.tag, BYTES.tag);
  expectLength("address key", target.addressKey, 32);
  expectLength("certificate fingerprint", author.certFingerprint, BYTES.hash);
  if (!Number.isSafeInteger(content.size) || content.size < 0) {
    throw new CryptoError(
      "E_ARGUMENT",
      "Cannot seal content of unknown size, want its length in bytes",
    );
  }
  if (!Number.isSafeInteger(time) || time < 0) {
    throw new CryptoError("E_ARGUMENT", "Cannot use time, want Unix seconds");
  }
}

/** What the first reading of the content found. */
interface Measured {
  readonly hash: Uint8Array;
  readonly encoding: ContentEncoding;
  readonly encodedSize: number;
}

/** Hashes the content. What is text is compressed on the way, and stays so where that makes it shorter. */
async function measure({ content, description }: SealRecordInput): Promise<Measured> {
  const attempt = isText(description.mediaType) ? "deflate-raw" : "identity";
  const hash = createSha256();
  let size = 0;
  const reading = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      hash.update(piece);
      size += piece.length;
      controller.enqueue(piece);
    },
  });
  let encodedSize = 0;
  for await (const piece of piecesOf(encoded(content.open().pipeThrough(reading), attempt)))
    encodedSize += piece.length;
  if (size !== content.size) throw changedContent();
  const encoding = encodedSize < size ? attempt : "identity";
  return {
    hash: hash.digest(),
    encoding,
    encodedSize: encoding === "identity" ? size : encodedSize,
  };
}
