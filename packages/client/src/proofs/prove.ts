import {
  AnamnesisError,
  chainOf,
  verifySlipProof,
  verifyStateProof,
  votersOfGenesis,
} from "@anamnesis/protocol";
import type { MapName, Slip, SlipProof, StateProof, VerifySignature } from "@anamnesis/protocol";
import type { Session } from "../session.ts";
import { askUntil } from "../members/ask.ts";
import { membersInOrder } from "../members/order.ts";
import { askHead, askNewestHead, withHeads } from "./heads.ts";
import type { AskHead } from "./heads.ts";

/** A slip that is proven to stand on its chain. */
export interface ProvenSlip {
  readonly slip: Slip;
  readonly proof: SlipProof;
  readonly signers: readonly string[];
  readonly countersigned: readonly string[];
}

/** What a larger piece of work has asked already, or shares with its other proofs. */
export interface ProofParts {
  /** A member's proof at hand, which is tried first; verified like one that is asked for. */
  readonly made?: SlipProof;
  readonly askHead?: AskHead;
  /** Shared with its other proofs, see `verifyOnce`. */
  readonly verify?: VerifySignature;
  /** Whether its heads have to be at most 10 s old (D14): then `askHead` asks for the newest. */
  readonly fresh?: boolean;
}

/**
 * Gets a slip with its proof from one member and heads of the same height from others. Members that lag, are away or prove
 * nothing are passed over.
 *
 * @throws {AnamnesisError} PROOF_INVALID when no member's proof verifies; NOT_FOUND when the slip is not on the chain;
 * UNAVAILABLE when too few members answer.
 */
export async function proveSlip(
  session: Session,
  chain: string,
  id: string,
  parts: ProofParts = {},
): Promise<ProvenSlip> {
  const genesis = chainOf(session.trust, chain);
  const ask = parts.askHead ?? (parts.fresh === true ? askNewestHead : askHead)(session);
  const { verify } = parts;
  const whole = async (made: SlipProof): Promise<ProvenSlip> => {
    const order = membersInOrder(session, chain);
    const freshAt = parts.fresh === true ? session.clock() : undefined;
    const known = votersOfGenesis(genesis);
    const proof = await withHeads(ask, known, made, order, { freshAt, verify });
    const { slip, signers, countersigned } = verifySlipProof(genesis, proof, known, verify);
    if (slip.id !== id) throw invalid("The proof is of another slip");
    return { slip, proof, signers, countersigned };
  };
  const { made } = parts;
  try {
    if (made !== undefined) return await whole(made);
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error; // Another member's may be better.
  }
  return askUntil(session, chain, (node) => node.slipProof(chain, id), whole);
}

/** What a map of the state says of an id, proven; `value` is undefined where it is proven that it says nothing. */
export interface ProvenState {
  readonly value: Uint8Array | undefined;
  readonly proof: StateProof;
}

/**
 * As the state is now: under heads at most 10 s old (D14).
 *
 * @param parts - `askHead` asks for the newest.
 * @throws {AnamnesisError} As {@link proveSlip}, NOT_FOUND aside.
 */
export function proveState(
  session: Session,
  chain: string,
  map: MapName,
  id: string,
  parts: Pick<ProofParts, "askHead" | "verify"> = {},
): Promise<ProvenState> {
  const genesis = chainOf(session.trust, chain);
  return askUntil(
    session,
    chain,
    (node) => node.stateProof(chain, map, id),
    async (made) => {
      if (made.map !== map || made.id !== id) throw invalid("The proof is of another entry");
      const order = membersInOrder(session, chain);
      const { askHead: ask = askNewestHead(session), verify } = parts;
      const known = votersOfGenesis(genesis);
      const freshAt = session.clock();
      const proof = await withHeads(ask, known, made, order, { freshAt, verify });
      return { value: verifyStateProof(genesis, proof, known, verify).value, proof };
    },
  );
}

const invalid = (why: string): AnamnesisError => new AnamnesisError("PROOF_INVALID", why);
