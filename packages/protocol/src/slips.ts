import {
  decodeCanonical,
  encodeCanonical,
  signatureInput,
  verifySignature,
} from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import { isChainId, slipIdOf } from "./ids.ts";
import type { ChainId, SlipId } from "./ids.ts";
import { limits } from "./limits.ts";
import { isSlipKind, slipKinds } from "./slipKinds.ts";
import type { SlipFields, SlipKind, SlipKindRow } from "./slipKinds.ts";
import type { Shape } from "./shape.ts";

/** What every slip carries beside the fields of its kind. Times are Unix milliseconds. */
export interface SlipHeader {
  readonly chain: ChainId;
  readonly time: number;
  readonly notAfter: number;
}

/** A decoded slip. `payload` and `bytes` are exactly what was received, perhaps views of it: signatures and hashes cover them. */
export type Slip<K extends SlipKind = SlipKind> = {
  [P in K]: SlipHeader & {
    readonly kind: P;
    readonly fields: SlipFields<P>;
    readonly id: SlipId;
    readonly payload: Uint8Array;
    readonly signature: Uint8Array;
    readonly bytes: Uint8Array;
  };
}[K];

/** One signature that has to verify, in the form a verifier (pool, library) takes it. */
export interface SignatureCheck {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The signed bytes, domain separation included. */
  readonly message: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

const VERSION = 1;

/**
 * Codes a slip's payload: canonical CBOR map {v, kind, chain, time, notAfter, …fields}.
 * Its SHA-256 is the slip's id.
 */
export function encodePayload<K extends SlipKind>(
  kind: K,
  header: SlipHeader,
  fields: SlipFields<K>,
): Uint8Array {
  const { chain, time, notAfter } = header;
  const payload: Record<string, CborValue> = { v: VERSION, kind, chain, time, notAfter };
  for (const [name, shape] of shapesOf.get(kind)!)
    payload[name] = shape.cbor.write((fields as Record<string, unknown>)[name]) as CborValue;
  return encodeCanonical(payload);
}

/** A slip's wire form: canonical CBOR array [payload, signature]. */
export const encodeSlip = (payload: Uint8Array, signature: Uint8Array): Uint8Array =>
  encodeCanonical([payload, signature]);

/**
 * Makes and signs a slip.
 *
 * @param sign - Signs the domain-separated message; called with the kind's signature type and the payload.
 */
export function makeSlip<K extends SlipKind>(
  kind: K,
  header: SlipHeader,
  fields: SlipFields<K>,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): { readonly id: SlipId; readonly bytes: Uint8Array } {
  const payload = encodePayload(kind, header, fields);
  const bytes = encodeSlip(payload, sign(slipKinds[kind].signatureType, payload));
  return { id: slipIdOf(payload), bytes };
}

/** The bytes under a slip's signature. */
export const slipSignatureInput = (slip: { kind: SlipKind; payload: Uint8Array }): Uint8Array =>
  signatureInput(slipKinds[slip.kind].signatureType, slip.payload);

/** `false` if the signature does not verify under `publicKey` (RFC 8032 strict). */
export const verifySlip = (slip: Slip, publicKey: Uint8Array): boolean =>
  verifySignature({
    type: slipKinds[slip.kind].signatureType,
    message: slip.payload,
    publicKey,
    signature: slip.signature,
  });

const malformed = (why: string) => new AnamnesisError("SLIP_MALFORMED", `Slip refused: ${why}`);

/**
 * Decodes one slip and checks its form: canonical, known version and kind, exactly the fields of the kind, each of its
 * type and length. Signatures and state rules are not judged here.
 *
 * @throws {AnamnesisError} SLIP_MALFORMED, UNKNOWN_KIND.
 */
export function decodeSlip(bytes: Uint8Array): Slip {
  if (bytes.length > limits.slipBytes)
    throw malformed(`${bytes.length} bytes, at most ${limits.slipBytes} wanted`);
  const outer = decode(bytes);
  if (!Array.isArray(outer) || outer.length !== 2)
    throw malformed("not an array of payload and signature");
  const [payload, signature] = outer as unknown[];
  if (!(payload instanceof Uint8Array)) throw malformed("payload is not a byte string");
  if (!(signature instanceof Uint8Array) || signature.length !== 64)
    throw malformed("signature is not 64 bytes");
  const map = decode(payload);
  if (!isMap(map)) throw malformed("payload is not a map");
  const { v, kind, chain, time, notAfter, ...found } = map;
  if (v !== VERSION)
    throw new AnamnesisError("UNKNOWN_KIND", `Slip refused: version ${String(v)}, want ${VERSION}`);
  if (typeof kind !== "string" || !isSlipKind(kind))
    throw new AnamnesisError("UNKNOWN_KIND", "Slip refused: unknown kind");
  if (!isChainId(chain)) throw malformed("chain is not the name of one");
  if (!isUint(time) || !isUint(notAfter))
    throw malformed("time and notAfter are not whole milliseconds");
  const fields = readFields(kind, found);
  return {
    kind,
    chain,
    time,
    notAfter,
    fields,
    id: slipIdOf(payload),
    payload,
    signature,
    bytes,
  } as Slip;
}

function decode(bytes: Uint8Array): unknown {
  try {
    return decodeCanonical(bytes, { views: true });
  } catch (cause) {
    throw new AnamnesisError("SLIP_MALFORMED", "Slip refused: not canonical CBOR", { cause });
  }
}

/** The fields of each kind, listed once: every slip asks. */
const shapesOf: ReadonlyMap<string, readonly (readonly [string, Shape<unknown>])[]> = new Map(
  Object.entries<SlipKindRow>(slipKinds).map(([kind, row]) => [kind, Object.entries(row.fields)]),
);

/** Exactly the fields of the kind, each of its shape; names the field, never its value. */
function readFields(kind: SlipKind, found: Record<string, unknown>): Record<string, unknown> {
  const shapes = shapesOf.get(kind)!;
  const fields: Record<string, unknown> = {};
  for (const [name, shape] of shapes) {
    try {
      fields[name] = shape.cbor.read(found[name], name);
    } catch (cause) {
      if (!(cause instanceof AnamnesisError)) throw cause;
      throw malformed(`field ${name} of ${kind} is missing or not ${shape.want}`);
    }
  }
  if (Object.keys(found).length !== shapes.length)
    throw malformed(`fields beyond those of ${kind}`);
  return fields;
}

const isUint = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array);
