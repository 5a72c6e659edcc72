import { concat } from "../encoding/bytes.ts";
import { decodeCanonical, encodeCanonical } from "../encoding/cbor.ts";
import type { CborValue } from "../encoding/cborValue.ts";
import { CryptoError } from "../errors.ts";
import { CHUNK_BYTES, SUITE } from "../suite.ts";

/** Version of header and stored object. */
export const RECORD_VERSION = 1;

/** How content may be encoded before it is sealed, by the words of the Compression Standard; others are refused, never guessed. */
const CONTENT_ENCODINGS = ["identity", "deflate-raw"] as const;
export type ContentEncoding = (typeof CONTENT_ENCODINGS)[number];

/** The header of a sealed record: public to whoever holds the tag's address key, and bound to everything inside. */
export interface RecordHeader {
  readonly recordId: Uint8Array; // 16 bytes
  readonly pid: Uint8Array; // 32 bytes
  readonly tag: Uint8Array; // 16 bytes
  /** Coarse kind of content, e.g. `fhir`, `pdf`, `dicom`, `other`. */
  readonly mediaClass: string;
  readonly contentEncoding: ContentEncoding;
  readonly salt: Uint8Array; // 32 bytes
  /** Key commitment KDF(DEK, "commit", salt, 32). */
  readonly kc: Uint8Array;
  /** SHA-256 fingerprint of the author's certificate, 32 bytes. */
  readonly author: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  readonly nCaps: number;
}

const LENGTHS = { recordId: 16, pid: 32, tag: 16, salt: 32, kc: 32, author: 32 } as const;

/** Deterministic CBOR of a header. */
export function encodeHeader(header: RecordHeader): Uint8Array {
  return encodeCanonical({ ...header, v: RECORD_VERSION, suite: SUITE, chunk: CHUNK_BYTES });
}

/**
 * Reads a header.
 *
 * @throws {CryptoError} `E_FORMAT` for another version, suite or chunk size, missing or extra fields, wrong lengths;
 * the codes of `decodeCanonical`.
 */
export function decodeHeader(bytes: Uint8Array): RecordHeader {
  const map = decodeCanonical(bytes, { maxBytes: 4096 });
  if (map === null || typeof map !== "object" || map instanceof Uint8Array || Array.isArray(map))
    throw malformed("map");
  const { v, suite, chunk, ...fields } = map as { readonly [key: string]: CborValue };
  if (v !== RECORD_VERSION || suite !== SUITE || chunk !== CHUNK_BYTES) {
    throw malformed(`version ${RECORD_VERSION} of ${SUITE} with chunks of ${CHUNK_BYTES} bytes`);
  }
  const known = [
    "author",
    "contentEncoding",
    "kc",
    "mediaClass",
    "nCaps",
    "pid",
    "recordId",
    "salt",
    "tag",
    "time",
  ];
  if (Object.keys(fields).toSorted().join() !== known.join())
    throw malformed(`exactly the fields ${known.join(", ")}`);
  return {
    recordId: bytesField(fields, "recordId"),
    pid: bytesField(fields, "pid"),
    tag: bytesField(fields, "tag"),
    mediaClass: textField(fields, "mediaClass"),
    contentEncoding: encodingField(fields),
    salt: bytesField(fields, "salt"),
    kc: bytesField(fields, "kc"),
    author: bytesField(fields, "author"),
    time: countField(fields, "time"),
    nCaps: countField(fields, "nCaps"),
  };
}

type Fields = { readonly [key: string]: CborValue };

function bytesField(fields: Fields, name: keyof typeof LENGTHS): Uint8Array {
  const value = fields[name];
  if (!(value instanceof Uint8Array) || value.length !== LENGTHS[name]) {
    throw malformed(`${name} of ${LENGTHS[name]} bytes`);
  }
  return concat(value);
}

function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw malformed(`${name} as text`);
  return value;
}

function encodingField({ contentEncoding }: Fields): ContentEncoding {
  const known = CONTENT_ENCODINGS.find((encoding) => encoding === contentEncoding);
  if (known === undefined) throw malformed(`a content encoding of ${CONTENT_ENCODINGS.join(", ")}`);
  return known;
}

function countField(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || value < 0) throw malformed(`${name} as a number of at least 0`);
  return value;
}

function malformed(wanted: string): CryptoError {
  return new CryptoError("E_FORMAT", `Cannot read record header, want ${wanted}`);
}
