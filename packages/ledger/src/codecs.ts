import { encodeCanonical, i2osp, sha256 } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { AnamnesisError, rootNames } from "@anamnesis/protocol";
import type { InstitutionId, StateRoots } from "@anamnesis/protocol";
import { NUMBER_BYTES, bytesKey, keyBytes, numberAt, numberKey } from "./keys.ts";
import { decodeStored } from "./stored.ts";

/** How the values of a row are written down. */
export interface Codec<V> {
  encode(value: V): Uint8Array;
  /** Reads what this state machine wrote. @throws {AnamnesisError} STORE_CORRUPT for bytes that it cannot have written. */
  decode(bytes: Uint8Array): V;
}

/** A canonical CBOR array of these fields, in this order. */
export const tuple = <T extends object>(...names: readonly (keyof T & string)[]): Codec<T> => ({
  encode: (value) => encodeCanonical(names.map((name) => value[name] as CborValue)),
  decode(bytes) {
    const list = decodeStored(bytes);
    return Object.fromEntries(names.map((name, i) => [name, list[i]])) as T;
  },
});

/** The byte string itself. */
export const raw: Codec<Uint8Array> = { encode: (value) => value, decode: (bytes) => bytes };

/** The place of a slip on the chain: how many stood before it. */
export const sequence: Codec<number> = {
  encode: (value) => keyBytes(numberKey(value)),
  decode(bytes) {
    if (bytes.length !== NUMBER_BYTES)
      throw new AnamnesisError("STORE_CORRUPT", "A place on the chain is not one");
    return numberAt(bytesKey(bytes), 0);
  },
};

const nothing = new Uint8Array(0);
/** No value: the key says all. */
export const empty: Codec<undefined> = { encode: () => nothing, decode: () => undefined };

/** Where an accepted slip stands. `height` and `time` are those of its block, `page` and `index` those of its leaf. */
export interface StoredSlip {
  readonly bytes: Uint8Array;
  readonly carrier: InstitutionId;
  readonly height: number;
  /** Block time, Unix milliseconds. */
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
 * A sealed page: its header's canonical CBOR, the sequence of its first slip, and the perfect subtrees of its tree level by
 * level from the leaf hashes up, one after another, 32 bytes each.
 */
export interface StoredPage {
  readonly header: Uint8Array;
  readonly first: number;
  readonly tree: Uint8Array;
}
export const storedPage = tuple<StoredPage>("header", "first", "tree");

/** A visit: where it was opened, and the place of its `session.open`. */
export interface Session {
  readonly institution: InstitutionId;
  readonly sequence: number;
}
export const session = tuple<Session>("institution", "sequence");

/** The open page as it is kept between blocks. */
export interface OpenPage {
  readonly no: number;
  /** How many slips the chain holds, this page's included. */
  readonly sequence: number;
  /** Time of the block that put the first slip into it, Unix milliseconds; 0 while empty. */
  readonly openedAt: number;
  /** Leaf hashes one after another, 32 bytes each. */
  readonly leaves: Uint8Array;
  /** {@link Frontier.bytes} of the leaves. */
  readonly peaks: Uint8Array;
}
export const openPage = tuple<OpenPage>("no", "sequence", "openedAt", "leaves", "peaks");

/** The edge of the log of sealed pages. `lastHash` is that of the newest page. */
export interface StoredPageLog {
  readonly count: number;
  readonly lastHash: Uint8Array;
  readonly peaks: Uint8Array;
}
export const pageLog = tuple<StoredPageLog>("count", "lastHash", "peaks");

export const roots = tuple<StateRoots>(...rootNames);
