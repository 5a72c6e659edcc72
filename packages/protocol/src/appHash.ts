import { leafHash, rootOfLeafHashes } from "./merkle.ts";
import { bytes, tuple } from "./shape.ts";
import type { Shaped } from "./shape.ts";

const roots = {
  /** Sized RFC 6962 root over the hashes of sealed page headers (leaf data = page hash). */
  pages: bytes(32),
  /** Sized RFC 6962 root over the leaves of the open page. */
  openPage: bytes(32),
  /** LtHash digest of sessions and records. */
  records: bytes(32),
  /** LtHash digest of requests and intents. */
  usage: bytes(32),
  /** Sparse map by SHA-256(gid). */
  grants: bytes(32),
  /** Sparse map by SHA-256(fingerprint): certificates and revocations. */
  keys: bytes(32),
  /** Sparse map by SHA-256(institution id): members. */
  institutions: bytes(32),
  /** SHA-256 of the canonical genesis document: parameters, CA keys, proxies, registry. */
  params: bytes(32),
};
/** The eight commitments under an app hash, 32 bytes each. */
export const stateRootsShape = tuple(roots);
export type StateRoots = Readonly<Shaped<typeof stateRootsShape>>;
export const rootNames = Object.keys(roots) as (keyof StateRoots)[];

/** App hash: RFC 6962 root over the eight roots in the order of {@link rootNames}. */
export const appHashOf = (roots: StateRoots): Uint8Array =>
  rootOfLeafHashes(rootNames.map((name) => leafHash(roots[name])));
