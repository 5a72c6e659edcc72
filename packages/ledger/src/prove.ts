import { decodePageHeader, inclusionPath } from "@anamnesis/protocol";
import type { ChainId, MapName, PageHeader, SlipPlace, SlipProof, StateProof } from "@anamnesis/protocol";
import { storedPage } from "./facts.ts";
import { pageLogPath, readPageLog } from "./pageLog.ts";
import { readOpenPage, split } from "./pages.ts";
import { slipAt } from "./queries.ts";
import { readRoots } from "./roots.ts";
import { proveSparse } from "./sparseMap.ts";
import { stateKeys } from "./stateKeys.ts";
import type { Reader } from "./view.ts";

/** What a proof says about where it was made; the height of the state it is made from is the caller's to know. */
export interface ProofSubject {
  readonly chain: ChainId;
  readonly height: number;
}

/**
 * Proof that a slip stands on the chain, still without heads and countersignatures.
 *
 * @param state - One snapshot: the state after block `height`.
 * @param id - Slip id, 64 hex digits.
 * @returns `undefined` when the chain does not hold the slip.
 * Spec: docs/spec/proofs.md PR-2.
 */
export function proveSlip(state: Reader, { chain, height }: ProofSubject, id: string): SlipProof | undefined {
  const stored = slipAt(state, id);
  if (stored === undefined) return undefined;
  const { bytes: slip, carrier, page, index } = stored;
  return { chain, height, roots: readRoots(state), slip, carrier, place: placeOf(state, page, index), heads: [] };
}

function placeOf(state: Reader, page: number, index: number): SlipPlace {
  const sealed = state.get(stateKeys.page(page));
  if (sealed === undefined) {
    const leaves = split(readOpenPage(state).leaves);
    return { in: "openPage", index, count: leaves.length, path: inclusionPath(leaves, index) };
  }
  const { header, leaves } = storedPage.decode(sealed);
  const pages = readPageLog(state).frontier.count;
  return {
    in: "page",
    header: decodePageHeader(header),
    index,
    path: inclusionPath(split(leaves), index),
    pages,
    pagePath: pageLogPath(state, page, pages),
    countersignatures: [],
  };
}

const mapKeys = { grants: stateKeys.grant, keys: stateKeys.certificate, institutions: stateKeys.institution } as const;

/**
 * Proof of what a map of the state says about an id, or that it says nothing; still without heads.
 *
 * @param id - gid or fingerprint as 64 hex digits, or an institution's id.
 * Spec: docs/spec/proofs.md PR-3.
 */
export function proveState(state: Reader, { chain, height }: ProofSubject, map: MapName, id: string): StateProof {
  const proof = proveSparse(state, map, id, state.get(mapKeys[map](id)));
  return { chain, height, roots: readRoots(state), map, id, proof, heads: [] };
}

/** A sealed page's header; `undefined` while it is not sealed. */
export function pageHeader(state: Reader, no: number): PageHeader | undefined {
  const sealed = state.get(stateKeys.page(no));
  return sealed === undefined ? undefined : decodePageHeader(storedPage.decode(sealed).header);
}
