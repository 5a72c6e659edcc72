import { sealTo } from "../box.ts";
import { ByteReader } from "../encoding/byteReader.ts";
import { concat, equalBytes } from "../encoding/bytes.ts";
import { encapsulate } from "../kem/capsule.ts";
import { createSha256, randomBytes, sha256 } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import { capsulesDigest, recordDigest } from "./digest.ts";
import type { RecordHashes } from "./digest.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { encodeHeader } from "./header.ts";
import type { RecordHeader } from "./header.ts";
import { sealHead } from "./objectHead.ts";
import { encodePrelude, INNER, innerMessage, padmeLength } from "./plaintext.ts";
import type { RecordMeta } from "./plaintext.ts";
import { sign } from "../sign.ts";
import { chunkStream, keyCommitment } from "./stream.ts";
import type { ChunkStream } from "./stream.ts";
import { BYTES, CHUNK_BYTES, LABEL } from "../suite.ts";

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

/** Content that can be read twice: once to hash, once to seal. It is never held whole. */
export interface ContentSource {
  /** Bytes; both readings must give exactly this many. */
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface ContentDescription {
  /** Goes into the header, where holders of the address key see it: a coarse class such as `fhir`. */
  readonly mediaClass: string;
  readonly mediaType: string;
  readonly category: string;
  /** Coded keywords; they stay inside the encryption. */
  readonly keywords: readonly string[];
  readonly fileName?: string;
}

/** Takes the stored object's bytes in order. */
export type Sink = (bytes: Uint8Array) => Promise<void> | void;

export interface SealRecordInput {
  readonly target: VisitTarget;
  readonly author: Author;
  readonly content: ContentSource;
  readonly description: ContentDescription;
  /** Unix seconds. */
  readonly time: number;
  readonly sink: Sink;
}

export interface SealedRecord extends RecordHashes {
  /** 16 bytes. */
  readonly recordId: Uint8Array;
  /** The digest for the chain. */
  readonly digest: Uint8Array;
  /** SHA-256 of the stored object: what the vault checks. */
  readonly objectHash: Uint8Array;
  /** SHA-256 of the content: what the inner signature covers. */
  readonly contentHash: Uint8Array;
  /** Bytes written to the sink. */
  readonly objectBytes: number;
  readonly header: RecordHeader;
  readonly capsules: readonly Uint8Array[];
}

/**
 * Seals a record for a visit token and writes the stored object to the sink. Await `ready()` first.
 *
 * Two readings of the content: the first hashes (and nothing is written before it ends), the second seals. Memory
 * stays at a few chunks whatever the size. The object is: magic, sealed head (header and capsules), sealed chunks.
 *
 * @throws {CryptoError} `E_ARGUMENT` if the two readings differ from each other or from `size` (the sink's bytes are
 * then worthless and must be thrown away), and for wrong lengths; `E_SUBGROUP`, `E_FORMAT` for a bad token.
 */
export async function sealRecord(
  input: SealRecordInput,
  random: RandomSource = randomBytes,
): Promise<SealedRecord> {
  const { target, author, content, description } = input;
  checkLengths(input);
  const contentHash = await hashContent(content);
  const contentKey = random(32);
  const salt = random(32);
  const header: RecordHeader = {
    recordId: random(BYTES.recordId),
    pid: target.pid,
    tag: target.tag,
    mediaClass: description.mediaClass,
    salt,
    kc: keyCommitment(contentKey, salt),
    author: author.certFingerprint,
    time: input.time,
    nCaps: 2,
  };
  const headerBytes = encodeHeader(header);
  const ctx = sha256(headerBytes);
  const capsules = [
    await encapsulate(
      { A: target.A, ekTag: target.ekTag, tag: target.tag, ctx, contentKey },
      random,
    ),
    await sealTo({
      publicKey: author.boxPublicKey,
      info: LABEL.author,
      aad: ctx,
      plaintext: contentKey,
    }),
  ];
  const objectHash = createSha256();
  let objectBytes = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    objectHash.update(bytes);
    objectBytes += bytes.length;
    await input.sink(bytes);
  };
  await write(await sealHead({ header: headerBytes, capsules }, target.addressKey, random));

  const { mediaType, category, keywords, fileName } = description;
  const base = {
    mediaType,
    category,
    keywords,
    size: content.size,
    sha256: contentHash,
    author: author.certFingerprint,
  };
  const meta: RecordMeta = fileName === undefined ? base : { ...base, fileName };
  const message = innerMessage(header, meta);
  const signature = sign({ type: INNER, message, secretKey: author.signingSecretKey });
  const bodyHash = await sealBody({
    stream: chunkStream({ contentKey, salt, ctx }),
    prelude: encodePrelude({ meta, signature }),
    content,
    contentHash,
    write,
  });
  const hashes = { headerHash: ctx, capsulesHash: capsulesDigest(capsules), bodyHash };
  return {
    ...hashes,
    recordId: header.recordId,
    digest: recordDigest(hashes),
    objectHash: objectHash.digest(),
    contentHash,
    objectBytes,
    header,
    capsules,
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

async function hashContent(content: ContentSource): Promise<Uint8Array> {
  const hash = createSha256();
  let size = 0;
  for await (const piece of content.open()) {
    hash.update(piece);
    size += piece.length;
  }
  if (size !== content.size) throw changedContent();
  return hash.digest();
}

/** Seals prelude, content and zero padding chunk by chunk; answers the SHA-256 of the sealed chunks. */
async function sealBody(input: {
  readonly stream: ChunkStream;
  readonly prelude: Uint8Array;
  readonly content: ContentSource;
  readonly contentHash: Uint8Array;
  readonly write: (bytes: Uint8Array) => Promise<void>;
}): Promise<Uint8Array> {
  const { stream, prelude, content } = input;
  const bodyHash = createSha256();
  const contentHash = createSha256();
  const reader = new ByteReader(content.open());
  const dataBytes = prelude.length + content.size;
  const paddedBytes = padmeLength(dataBytes);
  let restOfPrelude = prelude;
  for (let offset = 0; offset < paddedBytes; offset += CHUNK_BYTES) {
    const head = restOfPrelude.subarray(0, CHUNK_BYTES);
    restOfPrelude = restOfPrelude.subarray(head.length);
    const end = Math.min(offset + CHUNK_BYTES, dataBytes);
    const wanted = Math.max(end - offset - head.length, 0);
    const piece = await reader.read(wanted);
    if (piece.length !== wanted) throw changedContent();
    contentHash.update(piece);
    const chunkBytes = Math.min(CHUNK_BYTES, paddedBytes - offset);
    const padding = new Uint8Array(chunkBytes - head.length - piece.length);
    const chunk = head.length + padding.length === 0 ? piece : concat(head, piece, padding);
    const sealed = await stream.seal(chunk, offset + chunkBytes === paddedBytes);
    bodyHash.update(sealed);
    await input.write(sealed);
  }
  const isSame = (await reader.atEnd()) && equalBytes(contentHash.digest(), input.contentHash);
  if (!isSame) throw changedContent();
  return bodyHash.digest();
}

function changedContent(): CryptoError {
  return new CryptoError(
    "E_ARGUMENT",
    "Cannot seal content that changed between readings, want the same bytes twice",
  );
}
