import { equalBytes } from "@anamnesis/crypto/verify";
import { recount } from "@anamnesis/ledger";
import {
  AnamnesisError,
  appHashOf,
  decodeCertified,
  memberOf,
  verifyCertified,
} from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import type { Application } from "../application.ts";
import type { ChainStore } from "./chainStore.ts";

/**
 * Re-hashes everything kept of a chain: the log's chain and signatures, every page from its slips, and the eight roots
 * from the entries of the state. LMDB has no checksums, so nothing else would find a flipped bit (I7).
 *
 * @returns How many entries held, and the first fault: what and where, in words.
 */
export async function scrubChain(
  genesis: Genesis,
  store: ChainStore,
  application: Application,
): Promise<{ checked: number; fault: string | undefined }> {
  let checked = 0;
  try {
    for (const fault of faults(genesis, store, application)) {
      if (fault !== undefined) return { checked, fault };
      checked += 1;
      if (checked % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { checked, fault: undefined };
  } catch (error) {
    return {
      checked,
      fault: `the store holds what cannot be read (${reasonOf(error)})`,
    };
  }
}

/** The project's own errors name no contents of a store; others may. */
const reasonOf = (error: unknown): string =>
  error instanceof AnamnesisError ? error.message : error instanceof Error ? error.name : "error";

function* faults(
  genesis: Genesis,
  store: ChainStore,
  application: Application,
): Iterable<string | undefined> {
  const writerKey = memberOf(genesis, genesis.writer).nodeKey;
  const { height } = application.info();
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
  // Entries may have been committed since the first one was read: the state is compared with its own height.
  const { state, height: newest } = store.snapshot();
  const { roots, fault } = recount(state);
  if (fault !== undefined) return yield fault;
  if (!equalBytes(appHashOf(roots), store.facts(newest)!.appHash))
    return yield "the entries of the state do not lead to its app hash";
  yield undefined;
}
