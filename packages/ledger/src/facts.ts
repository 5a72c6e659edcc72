import { encodeCanonical, i2osp, sha256 } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import type { InstitutionId } from "@anamnesis/protocol";
import { decodeStored } from "./stored.ts";

/**
 * The values of facts and of stored slips: canonical CBOR arrays, in the order of the tuples below.
 * Slip ids, fingerprints and digests are 32 bytes, times are block times in Unix milliseconds.
 */

interface FactCodec<T> {
  encode(value: T): Uint8Array;
  /** Reads what this state machine wrote. */
  decode(bytes: Uint8Array): T;
}

const tuple = <T extends object>(...names: readonly (keyof T & string)[]): FactCodec<T> => ({
  encode: (value) => encodeCanonical(names.map((name) => value[name] as CborValue)),
  decode(bytes) {
    const list = decodeStored(bytes);
    return Object.fromEntries(names.map((name, i) => [name, list[i]])) as T;
  },
});

/** Where an accepted slip stands. `height` and `time` are those of its block, `page` and `index` those of its leaf. */
export interface StoredSlip {
  readonly bytes: Uint8Array;
  readonly carrier: InstitutionId;
  readonly height: number;
  readonly time: number;
  readonly page: number;
  readonly index: number;
  /** {@link placeCheck} of height and time, which no root covers: so that a scrub finds a flipped bit there too. */
  readonly check: Uint8Array;
}
export const storedSlip = tuple<StoredSlip>(
  "bytes",
  "carrier",
  "height",
  "time",
  "page",
  "index",
  "check",
);

/** First 8 bytes of SHA-256(I2OSP(height, 8) || I2OSP(time, 8)). */
export const placeCheck = (height: number, time: number): Uint8Array =>
  sha256(i2osp(height, 8), i2osp(time, 8)).slice(0, 8);

/**
 * A sealed page: its header's canonical CBOR, its slip ids, and the perfect subtrees of its tree level by level from the
 * leaf hashes up; ids and hashes one after another, 32 bytes each.
 */
export interface StoredPage {
  readonly header: Uint8Array;
  readonly slips: Uint8Array;
  readonly tree: Uint8Array;
}
export const storedPage = tuple<StoredPage>("header", "slips", "tree");

export interface Session {
  readonly institution: InstitutionId;
  readonly slip: Uint8Array;
  readonly time: number;
}
export const sessionFact = tuple<Session>("institution", "slip", "time");

/** One version of a record: what `record.submit` (version 0) and each `record.amend` add. `author` is a fingerprint. */
export interface RecordVersion {
  readonly slip: Uint8Array;
  readonly digest: Uint8Array;
  readonly sealedId: Uint8Array;
  readonly author: Uint8Array;
  readonly time: number;
}
export const versionFact = tuple<RecordVersion>("slip", "digest", "sealedId", "author", "time");

/** A record and its version 0. */
export interface RecordFact extends RecordVersion {
  readonly institution: InstitutionId;
  readonly pid: Uint8Array;
  readonly tag: Uint8Array;
}
export const recordFact = tuple<RecordFact>(
  "institution",
  "pid",
  "tag",
  "slip",
  "digest",
  "sealedId",
  "author",
  "time",
);

/** A confirmation or a refusal: which slip, when. */
export interface Mark {
  readonly slip: Uint8Array;
  readonly time: number;
}
export const markFact = tuple<Mark>("slip", "time");

export interface Dispute extends Mark {
  readonly reason: Uint8Array;
}
export const disputeFact = tuple<Dispute>("slip", "reason", "time");

export interface RequestFact {
  readonly reader: Uint8Array;
  readonly body: Uint8Array;
  readonly refusal: Uint8Array;
  readonly time: number;
}
export const requestFact = tuple<RequestFact>("reader", "body", "refusal", "time");

export interface IntentFact {
  readonly gid: Uint8Array;
  readonly reader: Uint8Array;
  readonly proxies: readonly number[];
  readonly commitment: Uint8Array;
  readonly time: number;
}
export const intentFact = tuple<IntentFact>("gid", "reader", "proxies", "commitment", "time");

export interface DeniedFact {
  readonly slip: Uint8Array;
  readonly proxy: number;
  readonly code: string;
  readonly time: number;
}
export const deniedFact = tuple<DeniedFact>("slip", "proxy", "code", "time");

export interface AuthorFact {
  readonly record: Uint8Array;
  readonly digest: Uint8Array;
  readonly author: Uint8Array;
  readonly time: number;
}
export const authorFact = tuple<AuthorFact>("record", "digest", "author", "time");
