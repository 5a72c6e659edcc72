import { encodeCanonical, verifySignature } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { decodeItem } from "./canonical.ts";
import { AnamnesisError } from "./errors.ts";
import type { ChainId, InstitutionId } from "./ids.ts";

/**
 * A signed head: "at `time`, `height` was my newest" (for an older height asked for later: when I committed it).
 * `time` is Unix milliseconds, `appHash` 32 bytes, `signature` 64 bytes by the member's node key.
 */
export interface Head {
  readonly chain: ChainId;
  readonly height: number;
  readonly appHash: Uint8Array;
  readonly time: number;
  readonly institution: InstitutionId;
  readonly signature: Uint8Array;
}

const message = (head: Omit<Head, "signature">): Uint8Array =>
  encodeCanonical([head.chain, head.height, head.appHash, head.time, head.institution]);

export const makeHead = (
  head: Omit<Head, "signature">,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Head => ({
  ...head,
  signature: sign("HEAD", message(head)),
});

export const verifyHead = (head: Head, publicKey: Uint8Array): boolean =>
  verifySignature({ type: "HEAD", message: message(head), publicKey, signature: head.signature });

/** Canonical CBOR [chain, height, appHash, time, institution, signature]. */
export const encodeHead = (head: Head): Uint8Array =>
  encodeCanonical([
    head.chain,
    head.height,
    head.appHash,
    head.time,
    head.institution,
    head.signature,
  ]);

/** @throws {AnamnesisError} MALFORMED and those of decoding. */
export const decodeHead = (bytes: Uint8Array): Head => headFromList(decodeItem(bytes, "Head"));

export const headToList = (head: Head): CborValue[] => [
  head.chain,
  head.height,
  head.appHash,
  head.time,
  head.institution,
  head.signature,
];

/** @throws {AnamnesisError} MALFORMED */
export function headFromList(list: unknown): Head {
  if (!Array.isArray(list) || list.length !== 6) throw malformed();
  const [chain, height, appHash, time, institution, signature] = list as unknown[];
  if (typeof chain !== "string" || typeof institution !== "string") throw malformed();
  if (!Number.isSafeInteger(height) || !Number.isSafeInteger(time)) throw malformed();
  if (!(appHash instanceof Uint8Array) || appHash.length !== 32) throw malformed();
  if (!(signature instanceof Uint8Array) || signature.length !== 64) throw malformed();
  return {
    chain: chain as ChainId,
    height: height as number,
    appHash,
    time: time as number,
    institution: institution as InstitutionId,
    signature,
  };
}

const malformed = () =>
  new AnamnesisError(
    "MALFORMED",
    "Head is not [chain, height, appHash, time, institution, signature]",
  );
