import { equalBytes } from "@anamnesis/crypto/verify";
import { VOTERS, verifySparseProof } from "@anamnesis/protocol";
import type { VoterChange } from "@anamnesis/protocol";
import type { Findings } from "./findings.ts";
import { readRoots } from "./roots.ts";
import { rows } from "./rows.ts";
import { proveSparse } from "./sparseMap.ts";
import type { StateView, Writes } from "./state.ts";
import { readRow } from "./view.ts";
import type { Reader } from "./view.ts";

/**
 * Who voted when. A state proves who votes now; a verifier that knows only genesis wants every change since, proved at its
 * own height by those who voted before it. The state of that height is gone by then, so the proof is made with the block.
 * Spec: docs/spec/proofs.md PR-9.
 */

/** Every change of voters so far, oldest first, without heads. */
export function voterChanges(state: Reader): VoterChange[] {
  const changes: VoterChange[] = [];
  for (;;) {
    const next = readRow(state, rows.voterChange, rows.voterChange.key(changes.length));
    if (next === undefined) return changes;
    changes.push(next);
  }
}

/** Adds what the state after the block of `height` proves of its voters. */
export function addVoterChange(after: Reader, height: number, writes: Writes): void {
  const proof = proveSparse(after, "institutions", VOTERS, after.get(rows.voters.key()));
  const change: VoterChange = { height, roots: readRoots(after), proof, heads: [] };
  const no = voterChanges(after).length;
  writes.set(rows.voterChange.key(no), rows.voterChange.encode(change));
}

/** Each change proves what it says, heights ascend, and the last one leads to today's voters. */
export function recountVoterChanges(state: StateView, findings: Findings): void {
  let height = 0;
  let last: Uint8Array | undefined;
  for (const { proof, roots, height: at } of voterChanges(state)) {
    const { end } = proof;
    if (
      at <= height ||
      end.found !== "value" ||
      !verifySparseProof(roots.institutions, VOTERS, proof)
    )
      findings.blame(`the change of voters at height ${at} does not prove itself`);
    height = at;
    last = end.found === "value" ? end.value : undefined;
  }
  const kept = state.get(rows.voters.key());
  if (last !== undefined && (kept === undefined || !equalBytes(last, kept)))
    findings.blame("the last change of voters does not lead to the voters");
}
