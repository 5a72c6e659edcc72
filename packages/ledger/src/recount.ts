import { createLtHash, equalBytes } from "@anamnesis/crypto/verify";
import type { LtHash } from "@anamnesis/crypto/verify";
import type { StateRoots } from "@anamnesis/protocol";
import { Findings } from "./findings.ts";
import { recountMap } from "./recountMap.ts";
import { recountPages } from "./recountPages.ts";
import { factItem, readRoots } from "./roots.ts";
import { rows, rowsUnder } from "./rows.ts";
import type { FactRoot } from "./rows.ts";
import type { StateView } from "./state.ts";
import { recountVoterChanges } from "./voterChanges.ts";

export interface Recount {
  /** As they come out, for the caller to compare with a signed app hash. */
  readonly roots: StateRoots;
  /** The first entry that does not fit the others, in words. */
  readonly fault: string | undefined;
}

/**
 * Computes the roots of a state anew from its entries, trusting no stored hash: every slip against its page, every page
 * against the log, every fact and map entry against its root, every stored tree node, peak and index against what it
 * follows from. It holds no more than one page of slips in memory.
 *
 * A generator that pauses every few entries, so that whoever runs it may let others run; the state must not change in
 * between.
 *
 * @throws {AnamnesisError} STORE_CORRUPT and those of decoding, for an entry that cannot be read any more.
 */
export function* recountInSlices(state: StateView): Generator<void, Recount> {
  const stored = readRoots(state);
  const findings = new Findings();
  const roots: StateRoots = {
    ...(yield* recountPages(state, findings)),
    records: yield* recountFacts(state, "records", findings),
    usage: yield* recountFacts(state, "usage", findings),
    grants: yield* recountMap(state, "grants", findings),
    keys: yield* recountMap(state, "keys", findings),
    institutions: yield* recountMap(state, "institutions", findings),
    params: stored.params,
  };
  recountVoterChanges(state, findings);
  if (!equalBytes(rows.roots.encode(roots), rows.roots.encode(stored)))
    findings.blame("the stored roots are not those of the entries");
  return { roots, fault: findings.fault };
}

/** {@link recountInSlices} without pauses. */
export function recount(state: StateView): Recount {
  const steps = recountInSlices(state);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

function* recountFacts(
  state: StateView,
  root: FactRoot,
  findings: Findings,
): Generator<void, Uint8Array> {
  const hash: LtHash = createLtHash();
  let count = 0;
  for (const row of rowsUnder(root)) {
    for (const [key, value] of state.range(row.prefix)) {
      hash.add(factItem(key, value));
      count += 1;
      if (findings.isDue()) yield;
    }
  }
  const kept = state.get(rows.factHash.key(root));
  if (count > 0 && (kept === undefined || !equalBytes(kept, hash.state())))
    findings.blame(`the multiset hash of ${root} is not that of its facts`);
  return hash.digest();
}
