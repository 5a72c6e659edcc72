import { equalBytes } from "@anamnesis/crypto/verify";
import { recount } from "@anamnesis/ledger";
import type { StateView } from "@anamnesis/ledger";
import {
  AnamnesisError,
  appHashOf,
  decodeCertified,
  memberOf,
  verifyCertified,
} from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import type { ChainStore, StoreSnapshot } from "./chainStore.ts";

export interface ScrubResult {
  /** How many entries of the log and, as one, the state held. */
  readonly checked: number;
  /** The first fault: what and where, in words. */
  readonly fault: string | undefined;
}

/**
 * Re-hashes everything that a chain's store holds: the log's chain and signatures, every page from its slips, and the
 * eight roots from the entries of the state. LMDB has no checksums, so nothing else would find a flipped bit (I7).
 *
 * It reads one snapshot of the disk without a pause, for as long as that takes: on a thread of its own, see `Scrubber`.
 *
 * @param isStopped - Asked now and then; nothing is read any more once it says so.
 * @throws {AnamnesisError} UNAVAILABLE when it was stopped.
 */
export function scrubStore(
  genesis: Genesis,
  store: ChainStore,
  isStopped: () => boolean,
): ScrubResult {
  let checked = 0;
  const snapshot = stoppable(store.snapshot(), isStopped);
  try {
    for (const fault of faults(genesis, store, snapshot)) {
      if (fault !== undefined) return { checked, fault };
      checked += 1;
      assertGoingOn(isStopped);
    }
    return { checked, fault: undefined };
  } catch (error) {
    assertGoingOn(isStopped);
    return { checked, fault: `the store holds what cannot be read (${reasonOf(error)})` };
  }
}

function assertGoingOn(isStopped: () => boolean): void {
  if (isStopped()) throw new AnamnesisError("UNAVAILABLE", "The scrub was stopped");
}

/** The project's own errors name no contents of a store; others may. */
const reasonOf = (error: unknown): string =>
  error instanceof AnamnesisError ? error.message : error instanceof Error ? error.name : "error";

function* faults(
  genesis: Genesis,
  store: ChainStore,
  { state, height }: StoreSnapshot,
): Iterable<string | undefined> {
  const writerKey = memberOf(genesis, genesis.writer).nodeKey;
  let prevHash: Uint8Array = new Uint8Array(32);
  for (let at = 1; at <= height; at++) {
    const bytes = store.entry(at);
    if (bytes === undefined) return yield `entry ${at} is missing`;
    const certified = decodeCertified(bytes);
    const { entry, certificate, hash } = certified;
    const facts = store.facts(at);
    const holds =
      entry.height === at &&
      equalBytes(certificate.prevHash, prevHash) &&
      verifyCertified(certified, writerKey);
    if (!holds) return yield `entry ${at} does not hash to what the next one says`;
    if (facts === undefined || !equalBytes(facts.appHash, certificate.appHash))
      return yield `the app hash kept for height ${at} is another than its entry's`;
    prevHash = hash;
    yield undefined;
  }
  const { roots, fault } = recount(state);
  if (fault !== undefined) return yield fault;
  if (!equalBytes(appHashOf(roots), store.facts(height)!.appHash))
    return yield "the entries of the state do not lead to its app hash";
  yield undefined;
}

/** Entries read between two questions whether to stop. */
const READS = 1_024;

function stoppable(snapshot: StoreSnapshot, isStopped: () => boolean): StoreSnapshot {
  let reads = 0;
  const ask = (): void => {
    reads += 1;
    if (reads % READS === 0) assertGoingOn(isStopped);
  };
  const state: StateView = {
    get: (key) => {
      ask();
      return snapshot.state.get(key);
    },
    *range(prefix, options) {
      for (const entry of snapshot.state.range(prefix, options)) {
        ask();
        yield entry;
      }
    },
  };
  return { state, height: snapshot.height };
}
