import { decode, Tokenizer } from "cborg";
import { equalBytes } from "./bytes.ts";
import { readQuickly } from "./cborReader.ts";
import { CborWriter, encodedBytes } from "./cborWriter.ts";
import { CryptoError } from "../errors.ts";

/** What canonical structures are made of. Integers beyond 2^53 - 1 are bigints, up to 64 bits. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** Deepest nesting of arrays and maps. */
export const CBOR_DEPTH_MAX = 16;
/** Default limit of {@link decodeCanonical}: 1 MiB. */
export const CBOR_BYTES_MAX = 1 << 20;

/**
 * Deterministic CBOR (RFC 8949 4.2.1): shortest integers, definite lengths, map keys (texts) in bytewise order.
 *
 * @throws {CryptoError} `MALFORMED` for `undefined`, floats, functions and whatever else {@link CborValue} does not hold, and for texts
 * that are not well-formed Unicode or begin with a byte order mark;
 * `TOO_DEEP` beyond {@link CBOR_DEPTH_MAX}.
 */
export function encodeCanonical(value: CborValue): Uint8Array {
  assertEncodable(value, 0);
  const bytes = new Uint8Array(encodedBytes(value));
  new CborWriter(bytes).write(value);
  return bytes;
}

/**
 * Decodes deterministic CBOR and refuses everything else.
 *
 * @param options.maxBytes - Largest input, default 1 MiB.
 * @param options.views - Long byte strings may be views of `bytes`, which must not change as long as they are used; default
 * copies.
 * @throws {CryptoError} `TOO_LARGE`; `TOO_DEEP`; `NOT_CANONICAL` for longer integers or lengths than needed, unsorted
 * or duplicate keys, indefinite lengths, ill-formed UTF-8; `MALFORMED` for truncation, trailing bytes, floats, tags,
 * `undefined`, and map keys that are not texts.
 */
export function decodeCanonical(
  bytes: Uint8Array,
  options: { readonly maxBytes?: number; readonly views?: boolean } = {},
): CborValue {
  const maxBytes = options.maxBytes ?? CBOR_BYTES_MAX;
  if (bytes.length > maxBytes) {
    throw new CryptoError(
      "TOO_LARGE",
      `Cannot decode ${bytes.length} bytes of CBOR, want at most ${maxBytes}`,
    );
  }
  return readQuickly(bytes, options.views) ?? decodeGenerally(bytes);
}

function decodeGenerally(bytes: Uint8Array): CborValue {
  let value: CborValue;
  try {
    value = decode(bytes, {
      ...DECODE_OPTIONS,
      tokenizer: new StrictTokenizer(bytes),
    }) as CborValue;
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause;
    if (cause instanceof Error && /more bytes than necessary|repeat map key/.test(cause.message)) {
      throw notCanonical("longer than needed, or a key twice");
    }
    throw new CryptoError("MALFORMED", "Cannot decode CBOR, want one whole item", { cause });
  }
  // Whatever the tokenizer let through in another than the one deterministic form shows here.
  if (!equalBytes(encodeCanonical(value), bytes))
    throw notCanonical("bytes differ from the deterministic form");
  return value;
}

const DECODE_OPTIONS = { strict: true, rejectDuplicateMapKeys: true, allowBigInt: true };

const MAJOR = { array: 4, map: 5, tag: 6, simple: 7 } as const;
const INDEFINITE = 31;
const FALSE = 20;
const NULL = 22;

/** cborg's tokenizer behind a look at each item's first byte. */
class StrictTokenizer extends Tokenizer {
  /** Items still missing in each open array or map. */
  readonly #open: number[] = [];
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(bytes, DECODE_OPTIONS);
    this.#bytes = bytes;
  }

  override next(): ReturnType<Tokenizer["next"]> {
    const first = this.#bytes[this.pos()] ?? 0;
    const major = first >> 5;
    const minor = first & 31;
    if (minor === INDEFINITE) throw notCanonical("indefinite length");
    if (major === MAJOR.tag)
      throw new CryptoError("MALFORMED", "Cannot decode CBOR, tags are not used");
    if (major === MAJOR.simple && (minor < FALSE || minor > NULL)) {
      throw new CryptoError(
        "MALFORMED",
        "Cannot decode CBOR, floats and simple values are not used",
      );
    }
    const token = super.next();
    this.#count(major, token.value);
    return token;
  }

  /** Follows the nesting: a value completes its parent, and so on upwards; an array or map opens a level. */
  #count(major: number, value: unknown): void {
    const open = this.#open;
    const last = open.length - 1;
    if (last >= 0) open[last] = (open[last] ?? 0) - 1;
    if (major === MAJOR.array || major === MAJOR.map) {
      open.push(Number(value) * (major === MAJOR.map ? 2 : 1));
      if (open.length > CBOR_DEPTH_MAX) throw tooDeep();
    }
    while (open.at(-1) === 0) open.pop();
  }
}

function assertEncodable(value: unknown, depth: number): void {
  if (typeof value === "boolean") return;
  if (typeof value === "object") {
    assertEncodableObject(value, depth);
  } else if (typeof value === "string") {
    if (!value.isWellFormed() || value.startsWith("\uFEFF")) throw unencodable("well-formed text");
  } else if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw unencodable("a safe integer");
  } else if (typeof value === "bigint") {
    if (value < -(2n ** 64n) || value >= 2n ** 64n) throw unencodable("an integer of 64 bits");
  } else {
    throw unencodable("null, boolean, integer, text, bytes, array or map");
  }
}

function assertEncodableObject(value: object | null, depth: number): void {
  if (value === null || value instanceof Uint8Array) return;
  if (depth >= CBOR_DEPTH_MAX) throw tooDeep();
  if (Array.isArray(value)) {
    for (const item of value) assertEncodable(item, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unencodable("a plain object");
  for (const [key, item] of Object.entries(value)) {
    assertEncodable(key, depth);
    assertEncodable(item, depth + 1);
  }
}

function unencodable(wanted: string): CryptoError {
  return new CryptoError("MALFORMED", `Cannot encode value as CBOR, want ${wanted}`);
}

function notCanonical(why: string): CryptoError {
  return new CryptoError("NOT_CANONICAL", `Cannot accept CBOR, ${why}; want RFC 8949 4.2`);
}

function tooDeep(): CryptoError {
  return new CryptoError("TOO_DEEP", `Cannot nest CBOR deeper than ${CBOR_DEPTH_MAX} levels`);
}
