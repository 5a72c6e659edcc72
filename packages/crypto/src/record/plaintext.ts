import { concat, enc, i2osp } from "../encoding/bytes.ts";
import { decodeCanonical, encodeCanonical } from "../encoding/cbor.ts";
import type { CborValue } from "../encoding/cborValue.ts";
import { CryptoError, expectLength } from "../errors.ts";
import type { RecordHeader } from "./header.ts";

/** Signature type of the author's inner signature. */
export const INNER = "INNER";
/** Largest metadata: far above 64 keywords, and bounded before anything is believed. */
export const META_BYTES_MAX = 1 << 18;

/** What stands in front of the content, inside the encryption. */
export interface RecordMeta {
  /** RFC 6838 media type. */
  readonly mediaType: string;
  readonly category: string;
  /** Coded keywords as texts, in the author's order. */
  readonly keywords: readonly string[];
  /** Content length in bytes: that of the content itself, whatever its encoding. */
  readonly size: number;
  /** Length in bytes of the content as encoded; absent where the header says `identity`. */
  readonly encodedSize?: number;
  /** SHA-256 of the content. */
  readonly sha256: Uint8Array;
  /** Fingerprint of the author's certificate, 32 bytes; the header's. */
  readonly author: Uint8Array;
  readonly fileName?: string;
}

/** Metadata and the author's signature over it. */
export interface SignedMeta {
  readonly meta: RecordMeta;
  readonly signature: Uint8Array;
}

/**
 * What the author signs, type `INNER`: enc(record id, pid, tag, SHA-256(content), enc(keywords...), I2OSP(time, 8),
 * metadata, SHA-256(label as sealed)). It binds author to content and visit, survives re-encryption, and stops another
 * author from adopting the ciphertext; the metadata as a whole is in it so that nobody with the content key can rename or
 * recategorise, and the label so that nobody who can read it can put another in its place.
 */
export function innerMessage(
  header: Pick<RecordHeader, "recordId" | "pid" | "tag" | "time">,
  meta: RecordMeta,
  labelHash: Uint8Array,
): Uint8Array {
  expectLength("label hash", labelHash, 32);
  const { recordId, pid, tag, time } = header;
  return enc(
    recordId,
    pid,
    tag,
    meta.sha256,
    enc(...meta.keywords),
    i2osp(time, 8),
    encodeMeta(meta),
    labelHash,
  );
}

/** I2OSP(length, 4) || canonical CBOR of metadata and signature: what precedes the content. */
export function encodePrelude({ meta, signature }: SignedMeta): Uint8Array {
  const bytes = encodeCanonical({ ...metaFields(meta), signature });
  if (bytes.length > META_BYTES_MAX) {
    throw new CryptoError(
      "E_ARGUMENT",
      `Cannot seal ${bytes.length} bytes of metadata, want at most ${META_BYTES_MAX}`,
    );
  }
  return concat(i2osp(bytes.length, 4), bytes);
}

/** @throws {CryptoError} `E_FORMAT` or a code of `decodeCanonical`; callers turn either into `E_DECRYPT`. */
export function decodeMeta(bytes: Uint8Array): SignedMeta {
  const map = decodeCanonical(bytes, { maxBytes: META_BYTES_MAX }) as {
    readonly [key: string]: CborValue;
  };
  if (map === null || typeof map !== "object" || Array.isArray(map)) throw malformed("a map");
  const { mediaType, category, keywords, size, encodedSize, sha256, author, ...others } = map;
  const { signature, fileName, ...extra } = others;
  if (Object.keys(extra).length > 0) throw malformed("no unknown fields");
  if (typeof mediaType !== "string" || typeof category !== "string") throw malformed("texts");
  if (!Array.isArray(keywords) || !keywords.every((word) => typeof word === "string"))
    throw malformed("keywords");
  if (typeof size !== "number" || size < 0) throw malformed("a size");
  if (encodedSize !== undefined && (typeof encodedSize !== "number" || encodedSize < 0))
    throw malformed("an encoded size");
  if (
    !(
      sha256 instanceof Uint8Array &&
      author instanceof Uint8Array &&
      signature instanceof Uint8Array
    )
  ) {
    throw malformed("bytes");
  }
  if (fileName !== undefined && typeof fileName !== "string") throw malformed("a file name");
  expectLength("content hash", sha256, 32, "E_FORMAT");
  expectLength("author fingerprint", author, 32, "E_FORMAT");
  const meta = {
    mediaType,
    category,
    keywords: keywords as readonly string[],
    size,
    sha256,
    author,
    ...(encodedSize !== undefined && { encodedSize }),
    ...(fileName !== undefined && { fileName }),
  };
  return { meta, signature };
}

/**
 * Padme: a plaintext length rounded up so that only O(log log length) bits of it show, at most 12 % more.
 * Source: Nikitin, Barman, Lueks, Underwood, Hubaux and Ford, PETS 2019, algorithm 1.
 */
export function padmeLength(length: number): number {
  if (length < 2) return length;
  const exponent = Math.floor(Math.log2(length));
  const significant = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** Math.max(exponent - significant, 0);
  return Math.ceil(length / step) * step;
}

function encodeMeta(meta: RecordMeta): Uint8Array {
  return encodeCanonical(metaFields(meta));
}

function metaFields(meta: RecordMeta): { [key: string]: CborValue } {
  const { mediaType, category, keywords, size, encodedSize, sha256, author, fileName } = meta;
  return {
    mediaType,
    category,
    keywords,
    size,
    sha256,
    author,
    ...(encodedSize !== undefined && { encodedSize }),
    ...(fileName !== undefined && { fileName }),
  };
}

function malformed(wanted: string): CryptoError {
  return new CryptoError("E_FORMAT", `Cannot read record metadata, want ${wanted}`);
}
