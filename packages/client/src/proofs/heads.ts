import { equalBytes } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  appHashOf,
  followVoters,
  isQuorum,
  signerKeyOf,
  verifyHead,
  verifyPageSignature,
} from "@anamnesis/protocol";
import type {
  ChainId,
  Head,
  KnownVoters,
  SlipPlace,
  SlipProof,
  StateProof,
} from "@anamnesis/protocol";
import { once } from "../once.ts";
import type { Session } from "../session.ts";

/** Gets a member's head of a height. @throws {AnamnesisError} NOT_YET, UNAVAILABLE */
export type AskHead = (member: string, chain: ChainId, height: number) => Promise<Head>;

export const askHead =
  ({ network }: Session): AskHead =>
  (member, chain, height) =>
    network.node(member).headAt(chain, height);

/** Asks for each head once: proofs of one height share theirs. Who had none is asked again. */
export function askHeadOnce(session: Session): AskHead {
  const asked = new Map<string, Promise<Head>>();
  const ask = askHead(session);
  return (member, chain, height) =>
    once(asked, `${member} ${chain} ${height}`, () => ask(member, chain, height));
}

/**
 * Makes a member's proof whole: with heads of so many voters that they are enough, of its own height and of each change of
 * voters before it. No single server is believed. Signatures that do not count at that height are left out, since they would
 * spoil it: of those who do not vote, or under a node key that came later.
 *
 * @param order - Whom to ask, first one first.
 * @throws {AnamnesisError} PROOF_INVALID when members signed different states, or too little power signed; UNAVAILABLE when
 * too few answer.
 */
export async function withHeads<P extends SlipProof | StateProof>(
  ask: AskHead,
  genesisVoters: KnownVoters,
  proof: P,
  order: readonly string[],
): Promise<P> {
  let known = genesisVoters;
  const voters = [];
  for (const change of proof.voters) {
    const whole = { ...change, heads: await gather(ask, known, change, order) };
    voters.push(whole);
    known = followVoters(known, [whole]);
  }
  const heads = await gather(ask, known, proof, order);
  const place = "place" in proof ? { place: countedIn(proof.place, known) } : undefined;
  return { ...proof, ...place, voters, heads };
}

function countedIn(place: SlipPlace, known: KnownVoters): SlipPlace {
  if (place.in === "openPage") return place;
  const countersignatures = place.countersignatures.filter(({ institution, signature }) => {
    const key = signerKeyOf(known, institution);
    return key !== undefined && verifyPageSignature(known.chain, place.header, signature, key);
  });
  return { ...place, countersignatures };
}

async function gather(
  ask: AskHead,
  known: KnownVoters,
  at: Pick<SlipProof, "height" | "roots" | "heads">,
  order: readonly string[],
): Promise<readonly Head[]> {
  const appHash = appHashOf(at.roots);
  const counts = (head: Head): boolean => {
    const key = signerKeyOf(known, head.institution);
    return key !== undefined && verifyHead(head, key);
  };
  const heads = at.heads.filter(counts);
  const failures: unknown[] = [];
  const isEnough = (): boolean =>
    isQuorum(known, new Set(heads.map(({ institution }) => institution)));
  for (const member of order) {
    if (isEnough()) break;
    if (heads.some(({ institution }) => institution === member)) continue;
    try {
      const head = await ask(member, known.chain, at.height);
      if (!counts(head)) continue;
      if (!equalBytes(head.appHash, appHash)) throw disagreement(known, at.height, heads, head);
      heads.push(head);
    } catch (error) {
      if (error instanceof AnamnesisError && error.code === "PROOF_INVALID") throw error;
      failures.push(error);
    }
  }
  if (!isEnough())
    throw new AnamnesisError(
      "UNAVAILABLE",
      `Too few members of ${known.chain} signed height ${at.height}`,
      { cause: failures[0] },
    );
  return heads;
}

const disagreement = (
  { chain }: KnownVoters,
  height: number,
  [first]: readonly Head[],
  second: Head,
): AnamnesisError =>
  new AnamnesisError(
    "PROOF_INVALID",
    `${first?.institution ?? "A member"} and ${second.institution} signed different states of ${chain} at height ${height}`,
  );
