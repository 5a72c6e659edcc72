import { utf8, utf8Decode } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "../errors.ts";
import { fromJson, toJson } from "../shape.ts";
import type { Document, JsonSchema, Shape } from "../shape.ts";

/** A body that is read whole before it means anything. */
export interface WholeBody<T> {
  readonly form: "none" | "json" | "cbor" | "octets";
  readonly contentType: string;
  /** Longest body, in bytes. */
  readonly maxBytes: number;
  readonly schema: JsonSchema;
  /** Of what is coded as JSON or CBOR. */
  readonly shape: Shape<T> | undefined;
  encode(value: T): Uint8Array;
  /** @throws {AnamnesisError} MALFORMED and those of decoding. */
  decode(bytes: Uint8Array): T;
}

/** A body that passes through piece by piece. */
export interface StreamBody {
  readonly form: "stream";
  readonly contentType: "application/octet-stream";
  readonly maxBytes: number;
  readonly schema: JsonSchema;
}
export interface ByteStream {
  /** How many bytes there are, where that is known before the first: Content-Length. */
  readonly bytes?: number | undefined;
  /** Of all of them: Repr-Digest (RFC 9530). */
  readonly sha256?: Uint8Array | undefined;
  readonly content: ReadableStream<Uint8Array>;
}

// oxlint-disable-next-line no-explicit-any
export type Body = WholeBody<any> | StreamBody;
/** What a handler gets or gives, and a client gives or gets. */
export type BodyValue<B> =
  B extends WholeBody<infer T> ? T : B extends StreamBody ? ByteStream : never;

const OCTETS = "application/octet-stream";
const octetSchema = (contentType: string): JsonSchema => ({
  type: "string",
  contentMediaType: contentType,
});

export const nothing: WholeBody<undefined> = {
  form: "none",
  contentType: "",
  maxBytes: 0,
  schema: {},
  shape: undefined,
  encode: () => new Uint8Array(0),
  decode: () => undefined,
};

/** @param name - Names it in errors: `Grant`. */
export const json = <T>(name: string, shape: Shape<T>, maxBytes: number): WholeBody<T> => ({
  form: "json",
  contentType: "application/json",
  maxBytes,
  schema: shape.schema,
  shape,
  encode: (value) => utf8(toJson(shape, value)),
  decode: (bytes) => fromJson(shape, textOf(bytes, name), name),
});

/** Canonical CBOR of a document. Its schema is that of the JSON form, as a description. */
export const cbor = <T>({ name, shape, maxBytes, encode, decode }: Document<T>): WholeBody<T> => ({
  form: "cbor",
  contentType: "application/cbor",
  maxBytes,
  schema: { ...octetSchema("application/cbor"), title: name, contentSchema: shape.schema },
  shape,
  encode,
  decode,
});

/** Bytes that the handler judges itself: what is sealed or signed. */
export const octets = (maxBytes: number, contentType: string = OCTETS): WholeBody<Uint8Array> => ({
  form: "octets",
  contentType,
  maxBytes,
  schema: octetSchema(contentType),
  shape: undefined,
  encode: (value) => value,
  decode: (bytes) => bytes,
});

export const stream = (maxBytes: number): StreamBody => ({
  form: "stream",
  contentType: OCTETS,
  maxBytes,
  schema: octetSchema(OCTETS),
});

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return utf8Decode(bytes);
  } catch (cause) {
    throw new AnamnesisError("MALFORMED", `${name} is not UTF-8`, { cause });
  }
}
