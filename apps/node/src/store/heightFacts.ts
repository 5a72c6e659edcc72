import {
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  i2osp,
  sha256,
} from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** What is remembered of every height. `time` is when this node committed it, Unix milliseconds. */
export interface HeightFacts {
  readonly appHash: Uint8Array;
  readonly time: number;
}

/**
 * What follows app hash and time: first 8 bytes of SHA-256(appHash || I2OSP(time, 8)). No block says when this node committed
 * it, so that nothing else would find a flipped bit there before a head is signed over it (I7).
 */
const checkOf = ({ appHash, time }: HeightFacts): Uint8Array =>
  sha256(appHash, i2osp(time, 8)).slice(0, 8);

/** Canonical CBOR [appHash, time, check]. */
export const encodeHeightFacts = (facts: HeightFacts): Uint8Array =>
  encodeCanonical([facts.appHash, facts.time, checkOf(facts)]);

/** @throws {AnamnesisError} STORE_CORRUPT for anything but what {@link encodeHeightFacts} gave. */
export function decodeHeightFacts(bytes: Uint8Array): HeightFacts {
  const corrupt = (cause?: unknown) =>
    new AnamnesisError("STORE_CORRUPT", "What is kept of a height was changed", { cause });
  let list: unknown;
  try {
    list = decodeCanonical(bytes);
  } catch (cause) {
    throw corrupt(cause);
  }
  const [appHash, time, check]: unknown[] = Array.isArray(list) ? list : [];
  const isTime = typeof time === "number" && Number.isSafeInteger(time) && time >= 0;
  if (!(appHash instanceof Uint8Array) || !isTime || !(check instanceof Uint8Array))
    throw corrupt();
  const facts = { appHash, time };
  if (!equalBytes(check, checkOf(facts))) throw corrupt();
  return facts;
}
