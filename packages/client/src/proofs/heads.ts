import { equalBytes } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  appHashOf,
  followVoters,
  isQuorum,
  limits,
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
  VerifySignature,
} from "@anamnesis/protocol";
import { askInstitution } from "../members/ask.ts";
import { failureOf, inTurn } from "../members/inTurn.ts";
import { once } from "../once.ts";
import type { NodeApi } from "../ports.ts";
import type { Session } from "../session.ts";

/** Gets a member's head of a height. @throws {AnamnesisError} NOT_YET, UNAVAILABLE */
export type AskHead = (
  member: string,
  chain: ChainId,
  height: number,
  signal?: AbortSignal,
) => Promise<Head>;

export const askHead =
  (session: Session): AskHead =>
  (member, chain, height, signal) =>
    askInstitution(session, chain, member, (node) => node.headAt(chain, height), signal);

/** Asks for each head once: proofs of one height share theirs. Who had none is asked again. */
export const askHeadOnce = (session: Session): AskHead => onceEach(askHead(session));

function onceEach(ask: AskHead): AskHead {
  const asked = new Map<string, Promise<Head>>();
  return (member, chain, height) =>
    once(asked, `${member} ${chain} ${height}`, () => ask(member, chain, height));
}

/**
 * Gets a member's head that says what is so now: the newest where it is of that height, else when the member committed it.
 */
export const askNewestHead =
  (session: Session): AskHead =>
  (member, chain, height, signal) => {
    const newest = async (node: NodeApi): Promise<Head> => {
      const head = await node.head(chain);
      return head.height === height ? head : node.headAt(chain, height);
    };
    return askInstitution(session, chain, member, newest, signal);
  };

/** As {@link askHeadOnce}. For work of a few seconds: later these heads are not new. */
export const askNewestHeadOnce = (session: Session): AskHead => onceEach(askNewestHead(session));

/** Whether a head was signed in the last 10 s (D14), by clocks that may differ as much. @param now - Unix milliseconds. */
export const isFresh = ({ time }: Head, now: number): boolean =>
  Math.abs(now - time) <= limits.headFreshMs;

/**
 * Makes a member's proof whole: with heads of so many voters that they are enough, of its own height and of each change of
 * voters before it. No single server is believed. Signatures that do not count at that height are left out, since they would
 * spoil it: of those who do not vote, or under a node key that came later.
 *
 * @param order - Whom to ask, first one first.
 * @param freshAt - Where the proof has to say what is so now: Unix milliseconds. Older heads of its own height do not count then.
 * @param verify - Judges signatures, see `verifySlipProof`.
 * @throws {AnamnesisError} PROOF_INVALID when members signed another state, naming them; UNAVAILABLE when too few answer.
 */
export async function withHeads<P extends SlipProof | StateProof>(
  ask: AskHead,
  genesisVoters: KnownVoters,
  proof: P,
  order: readonly string[],
  {
    freshAt,
    verify,
  }: { readonly freshAt?: number | undefined; readonly verify?: VerifySignature | undefined } = {},
): Promise<P> {
  let known = genesisVoters;
  const voters = [];
  for (const change of proof.voters) {
    const whole = { ...change, heads: await gather(ask, known, change, order, { verify }) };
    voters.push(whole);
    known = followVoters(known, [whole], verify);
  }
  const heads = await gather(ask, known, proof, order, { freshAt, verify });
  const place = "place" in proof ? { place: countedIn(proof.place, known, verify) } : undefined;
  return { ...proof, ...place, voters, heads };
}

function countedIn(place: SlipPlace, known: KnownVoters, verify?: VerifySignature): SlipPlace {
  if (place.in === "openPage") return place;
  const countersignatures = place.countersignatures.filter(({ institution, signature }) => {
    const key = signerKeyOf(known, institution);
    return (
      key !== undefined && verifyPageSignature(known.chain, place.header, signature, key, verify)
    );
  });
  return { ...place, countersignatures };
}

async function gather(
  ask: AskHead,
  known: KnownVoters,
  at: Pick<SlipProof, "height" | "roots" | "heads">,
  order: readonly string[],
  {
    freshAt,
    verify,
  }: { readonly freshAt?: number | undefined; readonly verify: VerifySignature | undefined },
): Promise<readonly Head[]> {
  const appHash = appHashOf(at.roots);
  const counts = (head: Head): boolean => {
    const key = signerKeyOf(known, head.institution);
    const isOfIt = head.chain === known.chain && head.height === at.height;
    return isOfIt && key !== undefined && verifyHead(head, key, verify);
  };
  const isTimely = (head: Head): boolean => freshAt === undefined || isFresh(head, freshAt);
  const own = at.heads.filter(counts);
  const denying = own.find((head) => !equalBytes(head.appHash, appHash));
  if (denying !== undefined) throw disagreement(known, at.height, [], denying.institution);
  const heads = own.filter(isTimely);
  const asked = new Set<string>(heads.map(({ institution }) => institution));
  const isEnough = (): boolean =>
    isQuorum(known, new Set(heads.map(({ institution }) => institution)));
  const failures = new Map<string, AnamnesisError>();
  const take = async (member: string, signal: AbortSignal, next: () => void): Promise<Head> => {
    asked.add(member);
    const head = await withNext(ask(member, known.chain, at.height, signal), next);
    if (!counts(head) || head.institution !== member || !isTimely(head))
      throw new AnamnesisError("NOT_YET", `${member} signed no head that counts`);
    if (!equalBytes(head.appHash, appHash)) throw disagreement(known, at.height, heads, member);
    return head;
  };
  const noted: typeof take = async (member, ...how) => {
    try {
      return await take(member, ...how);
    } catch (error) {
      if (error instanceof AnamnesisError) failures.set(member, error);
      throw error;
    }
  };
  while (!isEnough()) {
    const members = order.filter((member) => !asked.has(member));
    try {
      heads.push(await inTurn({ chain: known.chain, members, ask: noted }));
    } catch (cause) {
      if (!(cause instanceof AnamnesisError)) throw cause;
      throw tooFew(known, at.height, heads, failures);
    }
  }
  return heads;
}

/** Who has no head for so long is known to be silent by then (members/ask.ts): another one is asked, too. */
const NEXT_MS = 1_000;

/** Calls `next` where an answer takes too long. */
async function withNext<T>(answer: Promise<T>, next: () => void): Promise<T> {
  const timer = setTimeout(next, NEXT_MS);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/** Who signed another state is named; else that too few signed this one, and who of all that were asked did not. */
function tooFew(
  { chain }: KnownVoters,
  height: number,
  heads: readonly Head[],
  failures: ReadonlyMap<string, AnamnesisError>,
): AnamnesisError {
  const denying = [...failures.values()].find(({ code }) => code === "PROOF_INVALID");
  if (denying !== undefined) return denying;
  const few = `Too few members of ${chain} signed height ${height}`;
  if (failures.size === 0) {
    const signed = heads.map(({ institution }) => institution).join(", ");
    return new AnamnesisError(
      "UNAVAILABLE",
      `${few}: ${signed || "nobody"}, and no other is known`,
    );
  }
  const cause = failureOf({ chain }, failures);
  const { details } = cause;
  return new AnamnesisError("UNAVAILABLE", `${few}: ${cause.message}`, {
    cause,
    ...(details === undefined ? {} : { details }),
  });
}

const disagreement = (
  { chain }: KnownVoters,
  height: number,
  [first]: readonly Head[],
  other: string,
): AnamnesisError =>
  new AnamnesisError(
    "PROOF_INVALID",
    `${other} signed another state of ${chain} at height ${height} than ${first?.institution ?? "is proved"}`,
  );
