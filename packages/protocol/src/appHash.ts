import { leafHash, rootOfLeafHashes } from "./merkle.ts";

/** The eight commitments under an app hash, 32 bytes each (design section 4). */
export interface StateRoots {
  /** Sized RFC 6962 root over the hashes of sealed page headers (leaf data = page hash). */
  readonly pages: Uint8Array;
  /** Sized RFC 6962 root over the leaves of the open page. */
  readonly openPage: Uint8Array;
  /** LtHash digest of sessions and records. */
  readonly records: Uint8Array;
  /** LtHash digest of requests and intents. */
  readonly usage: Uint8Array;
  /** Sparse map by SHA-256(gid). */
  readonly grants: Uint8Array;
  /** Sparse map by SHA-256(fingerprint): certificates and revocations. */
  readonly keys: Uint8Array;
  /** Sparse map by SHA-256(institution id): members. */
  readonly institutions: Uint8Array;
  /** SHA-256 of the canonical genesis document: parameters, CA keys, proxies, registry. */
  readonly params: Uint8Array;
}

export const rootNames = [
  "pages",
  "openPage",
  "records",
  "usage",
  "grants",
  "keys",
  "institutions",
  "params",
] as const;

/** App hash: RFC 6962 root over the eight roots in the order of {@link rootNames}. */
export const appHashOf = (roots: StateRoots): Uint8Array =>
  rootOfLeafHashes(rootNames.map((name) => leafHash(roots[name])));
