import { enc } from "../encoding/bytes.ts";
import { sha256 } from "../primitives/derive.ts";
import { expectLength } from "../errors.ts";

export interface RecordHashes {
  /** SHA-256 of the canonical header; also the record's `ctx`. */
  readonly headerHash: Uint8Array;
  /** {@link capsulesDigest} */
  readonly capsulesHash: Uint8Array;
  /** SHA-256 of the sealed chunks, in order. */
  readonly bodyHash: Uint8Array;
}

/**
 * The record's digest, which stands on chain: SHA-256(enc(headerHash, capsulesHash, bodyHash)).
 *
 * @throws {CryptoError} `E_ARGUMENT` unless each hash is 32 bytes.
 */
export function recordDigest({ headerHash, capsulesHash, bodyHash }: RecordHashes): Uint8Array {
  expectLength("headerHash", headerHash, 32);
  expectLength("capsulesHash", capsulesHash, 32);
  expectLength("bodyHash", bodyHash, 32);
  return sha256(enc(headerHash, capsulesHash, bodyHash));
}

/** SHA-256 of the capsules, concatenated in order. */
export function capsulesDigest(capsules: readonly Uint8Array[]): Uint8Array {
  return sha256(...capsules);
}
