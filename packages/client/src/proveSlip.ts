import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, chainOf, verifySlipProof } from "@anamnesis/protocol";
import type { Genesis, Slip, SlipProof } from "@anamnesis/protocol";
import type { Session } from "./session.ts";

/** A slip that is proven to stand on its chain. */
export interface ProvenSlip {
  readonly slip: Slip;
  readonly proof: SlipProof;
  readonly signers: readonly string[];
  readonly countersigned: readonly string[];
}

const ATTEMPTS = 3;
const HEADS_WANTED = 2;

/**
 * Gets a slip with its proof from one member, and from another the head of the same height: no single server is
 * believed. The writer is asked first, for it has every height; members that lag or are away are passed over.
 *
 * @throws {AnamnesisError} PROOF_INVALID when members disagree or a proof does not verify; NOT_FOUND when the slip is
 * not on the chain; UNAVAILABLE when fewer than two members answer.
 */
export async function proveSlip(session: Session, chain: string, id: string): Promise<ProvenSlip> {
  const genesis = chainOf(session.trust, chain);
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const members = membersInOrder(genesis, attempt);
    try {
      const proof = await firstAnswer(members, "a proof", (member) =>
        session.network.node(member).slipProof(chain, id),
      );
      const others = members.filter(
        (member) => !proof.value.heads.some((head) => head.institution === member),
      );
      const second = await firstAnswer(others, "a second head", (member) =>
        session.network.node(member).headAt(chain, proof.value.height),
      );
      const first = proof.value.heads[0];
      if (first !== undefined && !equalBytes(first.appHash, second.value.appHash)) {
        throw new AnamnesisError(
          "PROOF_INVALID",
          `${first.institution} and ${second.value.institution} signed different states of ${chain} at height ${proof.value.height}`,
        );
      }
      return check(genesis, id, { ...proof.value, heads: [...proof.value.heads, second.value] });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function check(genesis: Genesis, id: string, proof: SlipProof): ProvenSlip {
  const { slip, signers, countersigned } = verifySlipProof(genesis, proof, HEADS_WANTED);
  if (slip.id !== id) throw new AnamnesisError("PROOF_INVALID", "The proof is of another slip");
  return { slip, proof, signers, countersigned };
}

/** The writer first, then the others, each attempt beginning with another one. */
function membersInOrder(genesis: Genesis, attempt: number): string[] {
  const others = genesis.members
    .map(({ id }) => id as string)
    .filter((id) => id !== genesis.writer);
  const turn = others.length === 0 ? 0 : attempt % others.length;
  return [genesis.writer, ...others.slice(turn), ...others.slice(0, turn)];
}

/** The first answer in order; where nobody answers, the first refusal that is more than being away. */
async function firstAnswer<T>(
  members: readonly string[],
  what: string,
  ask: (member: string) => Promise<T>,
): Promise<{ readonly value: T }> {
  const failures: unknown[] = [];
  for (const member of members) {
    try {
      return { value: await ask(member) };
    } catch (error) {
      failures.push(error);
    }
  }
  const isAway = (error: unknown): boolean =>
    error instanceof AnamnesisError && (error.code === "UNAVAILABLE" || error.code === "NOT_YET");
  const said = failures.find((error) => !isAway(error));
  throw (
    said ??
    new AnamnesisError("UNAVAILABLE", `No member of the chain gave ${what}`, { cause: failures[0] })
  );
}
