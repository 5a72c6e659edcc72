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
 * It reads as long as that takes: where others have to run meanwhile, on a thread of its own. The state must not change.
 *
 * @throws {AnamnesisError} STORE_CORRUPT and those of decoding, for an entry that cannot be read any more.
 */
export function recount(state: StateView): Recount {
  const stored = readRoots(state);
  const findings = new Findings();
  const roots: StateRoots = {
    ...recountPages(state, findings),
    records: recountFacts(state, "records", findings),
    usage: recountFacts(state, "usage", findings),
    grants: recountMap(state, "grants", findings),
    keys: recountMap(state, "keys", findings),
    institutions: recountMap(state, "institutions", findings),
    params: stored.params,
  };
  recountVoterChanges(state, findings);
  if (!equalBytes(rows.roots.encode(roots), rows.roots.encode(stored)))
    findings.blame("the stored roots are not those of the entries");
  return { roots, fault: findings.fault };
}

function recountFacts(state: StateView, root: FactRoot, findings: Findings): Uint8Array {
  const hash: LtHash = createLtHash();
  let count = 0;
  for (const row of rowsUnder(root)) {
    for (const [key, value] of state.range(row.prefix)) {
      hash.add(factItem(key, value));
      count += 1;
    }
  }
  const kept = state.get(rows.factHash.key(root));
  if (count > 0 && (kept === undefined || !equalBytes(kept, hash.state())))
    findings.blame(`the multiset hash of ${root} is not that of its facts`);
  return hash.digest();
}
