import { equalBytes } from "@anamnesis/crypto/verify";
import { decodeCertified, memberOf, verifyCertified } from "@anamnesis/protocol";
import type { CertifiedEntry, Genesis } from "@anamnesis/protocol";
import type { ChainStore } from "../store/chainStore.ts";

/** What the next entry follows from. */
export interface Predecessor {
  readonly height: number;
  readonly time: number;
  /** {@link CertifiedEntry.hash}; 32 zero bytes before the first. */
  readonly hash: Uint8Array;
}

export const predecessorOf = ({ entry, hash }: CertifiedEntry): Predecessor => ({
  height: entry.height,
  time: entry.time,
  hash,
});

/** The entry that a store committed last, or the beginning of the chain. */
export function lastCommitted(genesis: Genesis, store: ChainStore): Predecessor {
  const bytes = store.entry(store.height ?? 0);
  return bytes === undefined
    ? { height: 0, time: genesis.time, hash: new Uint8Array(32) }
    : predecessorOf(decodeCertified(bytes));
}

/** Whether an entry is the writer's, and the next one after `before`. */
export const follows = (
  certified: CertifiedEntry,
  genesis: Genesis,
  before: Predecessor,
): boolean =>
  certified.entry.height === before.height + 1 &&
  certified.entry.time >= before.time &&
  equalBytes(certified.certificate.prevHash, before.hash) &&
  isOfWriter(certified, genesis);

/** Whether the writer made and certified an entry of this chain. */
export const isOfWriter = (certified: CertifiedEntry, genesis: Genesis): boolean =>
  certified.entry.chain === genesis.chain &&
  certified.entry.proposer === genesis.writer &&
  verifyCertified(certified, memberOf(genesis, genesis.writer).nodeKey);

/** What `replay` takes. */
export const recordedOf = ({ entry, certificate }: CertifiedEntry) => ({
  entry,
  certificate,
  appHash: certificate.appHash,
});
