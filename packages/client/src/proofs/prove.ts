import {
  AnamnesisError,
  chainOf,
  verifySlipProof,
  verifyStateProof,
  votersOfGenesis,
} from "@anamnesis/protocol";
import type { Genesis, MapName, Slip, SlipProof, StateProof } from "@anamnesis/protocol";
import type { Session } from "../session.ts";
import { askHead, withHeads } from "./heads.ts";
import type { AskHead } from "./heads.ts";
import { firstAnswer, membersInOrder } from "./members.ts";

/** A slip that is proven to stand on its chain. */
export interface ProvenSlip {
  readonly slip: Slip;
  readonly proof: SlipProof;
  readonly signers: readonly string[];
  readonly countersigned: readonly string[];
}

/** A member that lags, or a fork seen by one attempt alone, must not decide. */
const ATTEMPTS = 3;

/** What a larger piece of work has asked already, or shares with its other proofs. */
export interface ProofParts {
  /** A member's proof at hand, with which the first attempt begins; verified like one that is asked for. */
  readonly made?: SlipProof;
  readonly askHead?: AskHead;
}

/**
 * Gets a slip with its proof from one member and heads of the same height from others; members that lag or are away are
 * passed over.
 *
 * @throws {AnamnesisError} PROOF_INVALID when members disagree or a proof does not verify; NOT_FOUND when the slip is
 * not on the chain; UNAVAILABLE when too few members answer.
 */
export function proveSlip(
  session: Session,
  chain: string,
  id: string,
  parts: ProofParts = {},
): Promise<ProvenSlip> {
  const genesis = chainOf(session.trust, chain);
  let atHand = parts.made;
  return attempts(genesis, async (members) => {
    const made =
      atHand ??
      (await firstAnswer(members, "a proof", (member) =>
        session.network.node(member).slipProof(chain, id),
      ));
    atHand = undefined;
    const ask = parts.askHead ?? askHead(session);
    const proof = await withHeads(ask, votersOfGenesis(genesis), made, members);
    const { slip, signers, countersigned } = verifySlipProof(genesis, proof);
    if (slip.id !== id) throw invalid("The proof is of another slip");
    return { slip, proof, signers, countersigned };
  });
}

/** What a map of the state says of an id, proven; `value` is undefined where it is proven that it says nothing. */
export interface ProvenState {
  readonly value: Uint8Array | undefined;
  readonly proof: StateProof;
}

/** @throws {AnamnesisError} As {@link proveSlip}, NOT_FOUND aside. */
export function proveState(
  session: Session,
  chain: string,
  map: MapName,
  id: string,
): Promise<ProvenState> {
  const genesis = chainOf(session.trust, chain);
  return attempts(genesis, async (members) => {
    const made = await firstAnswer(members, "a proof", (member) =>
      session.network.node(member).stateProof(chain, map, id),
    );
    if (made.map !== map || made.id !== id) throw invalid("The proof is of another entry");
    const proof = await withHeads(askHead(session), votersOfGenesis(genesis), made, members);
    return { value: verifyStateProof(genesis, proof).value, proof };
  });
}

async function attempts<T>(
  genesis: Genesis,
  prove: (members: readonly string[]) => Promise<T>,
): Promise<T> {
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      return await prove(membersInOrder(genesis, attempt));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const invalid = (why: string): AnamnesisError => new AnamnesisError("PROOF_INVALID", why);
