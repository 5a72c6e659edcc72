import { equalBytes } from "../encoding/bytes.ts";
import { piecesOf, streamOf } from "../encoding/streams.ts";
import { asReaderSees } from "./contentKey.ts";
import { createSha256, sha256 } from "../primitives/derive.ts";
import { recordDigest } from "./digest.ts";
import { CryptoError, decryptError } from "../errors.ts";
import { decoded } from "./contentEncoding.ts";
import { asStated, unframing } from "./frame.ts";
import { labelCapsule } from "./label.ts";
import type { StoredRecord } from "./objectHead.ts";
import { INNER, innerMessage } from "./plaintext.ts";
import type { RecordMeta, SignedMeta } from "./plaintext.ts";
import { verifySignature } from "../signature/signature.ts";
import { isCommitted, openingChunks } from "./stream.ts";

export interface OpenBodyInput {
  readonly record: StoredRecord;
  /** What `openAsPatient`, `openAsAuthor` or `openAsReader` gave, 32 bytes. */
  readonly contentKey: Uint8Array;
  /** Ed25519 key in the certificate that `record.header.author` names; the caller has checked that certificate. */
  readonly authorPublicKey: Uint8Array;
  /** The digest that stands on chain, 32 bytes. */
  readonly expectedDigest: Uint8Array;
}

export interface OpenedRecord {
  readonly meta: RecordMeta;
  readonly bodyHash: Uint8Array;
  readonly digest: Uint8Array;
}

/** A body as it opens. */
export interface OpeningBody {
  /**
   * The content in order, each piece after the authentication tag of its chunk verified. The record as a whole is good only
   * when the stream ends: where it fails, whoever read throws away what came.
   */
  readonly content: ReadableStream<Uint8Array>;
  /** What was opened; rejects as the content fails, or when reading stopped before its end. */
  readonly finished: Promise<OpenedRecord>;
}

/**
 * Opens the body of a record, once and in one pass: commitment, chunks, the author's inner signature (before any content
 * comes), padding, encoding, length and SHA-256 of the content, and the digest on chain (at the end).
 *
 * Either promise fails with `E_DECRYPT` for every cryptographic failure, and with its own error where the source fails.
 */
export function openBody(input: OpenBodyInput): OpeningBody {
  const { promise: finished, resolve, reject } = Promise.withResolvers<OpenedRecord>();
  finished.catch(() => undefined); // Whoever reads the content learns of the failure there.
  const stop = (): void =>
    reject(new CryptoError("E_ARGUMENT", "Reading stopped before the record ended"));
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      let opened: OpenedRecord | undefined;
      const pieces = opening(input, (whole) => {
        opened = whole;
      });
      for await (const piece of piecesOf(pieces)) yield piece;
      if (opened === undefined) throw decryptError();
      resolve(opened);
    } catch (error) {
      const failure = asReaderSees(error);
      reject(failure);
      throw failure;
    } finally {
      stop();
    }
  }
  const unread = (): Promise<void> => {
    stop();
    return input.record.body.cancel();
  };
  return { content: streamOf(content(), unread), finished };
}

function opening(
  input: OpenBodyInput,
  opened: (whole: OpenedRecord) => void,
): ReadableStream<Uint8Array> {
  const { record, contentKey } = input;
  const { header, ctx, capsulesHash } = record;
  if (!isCommitted(contentKey, header)) throw decryptError();
  const hash = createSha256();
  const chunks = openingChunks({ contentKey, salt: header.salt, ctx }, (sealed) => {
    hash.update(sealed);
  });
  let believed: RecordMeta | undefined;
  const framed = unframing((signed) => {
    checkInner(signed, input);
    believed = signed.meta;
  });
  const content = asStated(
    () => believed,
    (meta) => {
      const bodyHash = hash.digest();
      const digest = recordDigest({ headerHash: ctx, capsulesHash, bodyHash });
      if (!equalBytes(digest, input.expectedDigest)) throw decryptError();
      opened({ meta, bodyHash, digest });
    },
  );
  const encoded = record.body.pipeThrough(chunks).pipeThrough(framed);
  return decoded(encoded, header.contentEncoding).pipeThrough(content);
}

/** The signature inside: this author wrote this content, under this label, for this visit. */
function checkInner(
  { meta, signature }: SignedMeta,
  { record: { header, capsules }, authorPublicKey }: OpenBodyInput,
): void {
  const message = innerMessage(header, meta, sha256(labelCapsule(capsules)));
  const isSigned = verifySignature({ type: INNER, message, publicKey: authorPublicKey, signature });
  const isEncoded = header.contentEncoding !== "identity";
  const agrees = isEncoded === (meta.encodedSize !== undefined);
  if (!isSigned || !agrees || !equalBytes(meta.author, header.author)) throw decryptError();
}
