import { asDecryption } from "../kem/contentKey.ts";
import { concat, equalBytes, readU32 } from "../encoding/bytes.ts";
import { createSha256 } from "../primitives/derive.ts";
import { recordDigest } from "./digest.ts";
import { CryptoError, decryptError } from "../errors.ts";
import type { StoredRecord } from "./objectHead.ts";
import { decodeMeta, INNER, innerMessage, META_BYTES_MAX, padmeLength } from "./plaintext.ts";
import type { RecordMeta, SignedMeta } from "./plaintext.ts";
import { verifySignature } from "../signature/signature.ts";
import { chunkStream, isCommitted, SEALED_CHUNK_BYTES } from "./stream.ts";

export interface OpenBodyInput {
  readonly record: StoredRecord;
  /** What `openAsPatient`, `openAsAuthor` or `openAsReader` gave, 32 bytes. */
  readonly contentKey: Uint8Array;
  /** Ed25519 key in the certificate that `record.header.author` names; the caller has checked that certificate. */
  readonly authorPublicKey: Uint8Array;
  /** The digest that stands on chain, 32 bytes. */
  readonly expectedDigest: Uint8Array;
  /** Takes the content in order, only bytes whose chunk has verified. */
  readonly sink: (bytes: Uint8Array) => Promise<void> | void;
}

export interface OpenedRecord {
  readonly meta: RecordMeta;
  readonly bodyHash: Uint8Array;
  readonly digest: Uint8Array;
}

/**
 * Opens the body of a record, once. The sink gets content chunk by chunk, each after its authentication tag verified;
 * the record as a whole is good only when the promise resolves: then length, padding, SHA-256, the author's inner
 * signature and the digest on chain have all been checked. On rejection the caller throws away what the sink took.
 *
 * @throws {CryptoError} `E_DECRYPT` for every failure.
 */
export function openBody(input: OpenBodyInput): Promise<OpenedRecord> {
  return asDecryption(async () => {
    const { record, contentKey } = input;
    const { header, ctx, body } = record;
    if (!isCommitted(contentKey, header)) throw decryptError();
    const stream = chunkStream({ contentKey, salt: header.salt, ctx });
    const bodyHash = createSha256();
    const frame = new Frame(input.sink, (signed) => checkInner(signed, input));
    for (let last = false; !last;) {
      const sealed = await body.read(SEALED_CHUNK_BYTES);
      last = await body.atEnd();
      bodyHash.update(sealed);
      await frame.take(await stream.open(sealed, last));
    }
    const meta = frame.finish();
    const hashes = {
      headerHash: ctx,
      capsulesHash: record.capsulesHash,
      bodyHash: bodyHash.digest(),
    };
    const digest = recordDigest(hashes);
    if (!equalBytes(digest, input.expectedDigest)) throw decryptError();
    return { meta, bodyHash: hashes.bodyHash, digest };
  });
}

/**
 * {@link openBody} into one byte string, for records that fit into memory.
 *
 * @param input.maxBytes - Largest content to accept.
 * @throws {CryptoError} `TOO_LARGE` beyond it, and all of {@link openBody}'s.
 */
export async function openBodyBytes(
  input: Omit<OpenBodyInput, "sink"> & { readonly maxBytes: number },
): Promise<OpenedRecord & { readonly content: Uint8Array }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  let isTooLarge = false;
  const opened = await openBody({
    ...input,
    sink(bytes) {
      size += bytes.length;
      isTooLarge ||= size > input.maxBytes;
      if (isTooLarge) parts.length = 0;
      else parts.push(bytes);
    },
  });
  if (isTooLarge)
    throw new CryptoError(
      "TOO_LARGE",
      `Cannot open ${size} bytes at once, want at most ${input.maxBytes}`,
    );
  return { ...opened, content: concat(...parts) };
}

/** The signature inside: this author wrote this content for this visit. */
function checkInner(
  { meta, signature }: SignedMeta,
  { record, authorPublicKey }: OpenBodyInput,
): void {
  const message = innerMessage(record.header, meta);
  const isSigned = verifySignature({ type: INNER, message, publicKey: authorPublicKey, signature });
  if (!isSigned || !equalBytes(meta.author, record.header.author)) throw decryptError();
}

/** Takes a plaintext apart as it comes: length, metadata, content, zero padding. */
class Frame {
  readonly #sink: OpenBodyInput["sink"];
  readonly #check: (signed: SignedMeta) => void;
  readonly #hash = createSha256();
  #prelude: Uint8Array = new Uint8Array(0);
  #meta: RecordMeta | undefined;
  #taken = 0;
  #contentLeft = 0;
  #dataBytes = 0;

  constructor(sink: OpenBodyInput["sink"], check: (signed: SignedMeta) => void) {
    this.#sink = sink;
    this.#check = check;
  }

  async take(chunk: Uint8Array): Promise<void> {
    this.#taken += chunk.length;
    let rest = chunk;
    if (this.#meta === undefined) {
      const content = this.#takePrelude(chunk);
      if (content === undefined) return;
      rest = content;
    }
    const piece = rest.subarray(0, this.#contentLeft);
    this.#contentLeft -= piece.length;
    if (rest.subarray(piece.length).some((byte) => byte !== 0)) throw decryptError();
    if (piece.length === 0) return;
    this.#hash.update(piece);
    await this.#sink(piece);
  }

  /** What follows the metadata, once that is complete and the author's signature over it has verified. */
  #takePrelude(chunk: Uint8Array): Uint8Array | undefined {
    const bytes = concat(this.#prelude, chunk);
    const length = readU32(bytes, 0);
    if (bytes.length < 4 || length > META_BYTES_MAX) throw decryptError();
    if (bytes.length < 4 + length) {
      this.#prelude = bytes;
      return undefined;
    }
    const signed = decodeMeta(bytes.subarray(4, 4 + length));
    this.#check(signed);
    this.#meta = signed.meta;
    this.#contentLeft = signed.meta.size;
    this.#dataBytes = 4 + length + signed.meta.size;
    return bytes.subarray(4 + length);
  }

  finish(): RecordMeta {
    const meta = this.#meta;
    const isWhole = this.#contentLeft === 0 && this.#taken === padmeLength(this.#dataBytes);
    if (meta === undefined || !isWhole || !equalBytes(this.#hash.digest(), meta.sha256))
      throw decryptError();
    return meta;
  }
}
