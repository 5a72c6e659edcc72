import { whileThere } from "@anamnesis/http";
import type { Wanted } from "@anamnesis/http";
import {
  AnamnesisError,
  chainOf,
  consortiumOf,
  proxyInstitution,
  serving,
} from "@anamnesis/protocol";
import type { MailboxApi, NodeApi, ProxyApi } from "../ports.ts";
import type { Session } from "../session.ts";
import { inTurn } from "./inTurn.ts";
import { membersInOrder } from "./order.ts";
import { standingOf } from "./standing.ts";

/** A member that is silent for so long is asked for its head; where that is as long in coming, the next one is asked, too. */
const QUIET_MS = 400;
/** Beside one that works for so long the next one is asked, too (D15). */
export const SILENT_MS = 2_000;

type Parties = Pick<Session, "network" | "trust" | "random">;

/**
 * Asks any member of a chain that keeps it: all give the same, so the first answer counts.
 *
 * @param members - Whom, first one first; default {@link membersInOrder}.
 * @throws {AnamnesisError} As {@link inTurn}.
 */
export const askMembers = <T>(
  session: Parties,
  chain: string,
  ask: (node: NodeApi, member: string) => Promise<T>,
  members?: readonly string[],
): Promise<T> => askUntil(session, chain, ask, (answer) => Promise.resolve(answer), members);

/**
 * Asks members of a chain until the answer of one passes a check, which may ask others.
 *
 * @param check - PROOF_INVALID and UNAVAILABLE are failures of that answer, and the next member is asked.
 * @throws {AnamnesisError} As {@link inTurn}.
 */
export function askUntil<Answer, T>(
  session: Parties,
  chain: string,
  ask: (node: NodeApi, member: string) => Promise<Answer>,
  check: (answer: Answer) => Promise<T>,
  members: readonly string[] = membersInOrder(session, chain),
): Promise<T> {
  const { writer, kind } = chainOf(session.trust, chain);
  const standing = standingOf(session);
  return inTurn({
    chain,
    writer: {
      id: writer,
      isSilent: async () => standing.isLeftOut(writer) || !(await isThere(session, chain, writer)),
    },
    members,
    ask: async (member, signal, onSilent) => {
      if (kind === "care") standing.askedOf(chain, member);
      return check(await askOne(session, { chain, member, signal, onSilent }, ask));
    },
  });
}

/**
 * Asks two members for what one of them may leave out; one answers for both where the others are away.
 *
 * @throws {AnamnesisError} As {@link inTurn}, when nobody answers.
 */
export async function askTwo<T>(
  session: Parties,
  chain: string,
  ask: (node: NodeApi) => Promise<T>,
): Promise<readonly T[]> {
  const order = membersInOrder(session, chain);
  const halves = [0, 1].map((half) => order.filter((_, i) => i % 2 === half));
  const told = await Promise.allSettled(
    halves.filter(({ length }) => length > 0).map((half) => askMembers(session, chain, ask, half)),
  );
  const answers = told.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const [failed] = told.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  if (answers.length === 0) throw failed;
  return answers;
}

/** Who alone can answer is given the whole of the 5 s after which it has to be named: a busy node is not one that is away. */
const ALONE = { silentMs: QUIET_MS, answerMs: 4_200 } as const;

/**
 * Asks one member what no other can answer.
 *
 * @throws {AnamnesisError} UNAVAILABLE, naming it, when it does not even show a head within 5 s; and what it answers.
 */
export const askInstitution = <T>(
  session: Parties,
  chain: string,
  member: string,
  ask: (node: NodeApi) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> =>
  watched(session, chain, member, signal, (ended) => ask(session.network.node(member, ended)), {
    patience: ALONE,
  });

/**
 * Asks the node where the boxes of an institution lie, which is another member's for one without a node: no other has them.
 *
 * @throws {AnamnesisError} As {@link askInstitution}.
 */
export const askMailbox = <T>(
  session: Pick<Session, "network" | "trust">,
  institution: string,
  ask: (mailbox: MailboxApi) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> => {
  const consortium = consortiumOf(session.trust);
  const { id: member } = serving(consortium, institution);
  const call = (ended: AbortSignal): Promise<T> => ask(session.network.mailbox(member, ended));
  return watched(session, consortium.chain, member, signal, call, { patience: ALONE });
};

/** A letter is small, and kept where it cannot be posted: 2 s are enough, and less where the node was silent just now. */
const POSTED = { silentMs: 500, answerMs: 1_500 } as const;
const POSTED_LEFT_OUT = { silentMs: 250, answerMs: 250 } as const;

/** Posts into a box, where its institution's node answers. @throws {AnamnesisError} UNAVAILABLE after 2 s, and what it answers. */
export function postToMailbox(
  session: Pick<Session, "network" | "trust">,
  institution: string,
  post: (mailbox: MailboxApi) => Promise<void>,
): Promise<void> {
  const consortium = consortiumOf(session.trust);
  const { id: member } = serving(consortium, institution);
  const patience = standingOf(session).isLeftOut(member) ? POSTED_LEFT_OUT : POSTED;
  const call = (ended: AbortSignal): Promise<void> => post(session.network.mailbox(member, ended));
  return watched(session, consortium.chain, member, undefined, call, { patience });
}

/** How long nothing waits for a proxy; for one that was silent, or whose institution's node was, less. */
const PROXY_MS = 1_500;
const LEFT_OUT_PROXY_MS = 500;

/** How long nothing is to wait for a proxy. @param index - 1…n. */
export const proxyWaitMs = (session: Pick<Session, "network" | "trust">, index: number): number =>
  isProxyLeftOut(session, index) ? LEFT_OUT_PROXY_MS : PROXY_MS;

/** Whether a proxy, or its institution's node, was silent in the last minute. */
export const isProxyLeftOut = (
  session: Pick<Session, "network" | "trust">,
  index: number,
): boolean => standingOf(session).isLeftOut(proxyInstitution(session.trust, index), "proxy");

/** What a proxy did, remembered for whoever asks it next, or the node of its institution. */
export function proxyDid(
  session: Pick<Session, "network" | "trust">,
  index: number,
  what: "answered" | "silent",
): void {
  standingOf(session)[what](proxyInstitution(session.trust, index), "proxy");
}

/** Asks a proxy for something small that others give as well. @throws {AnamnesisError} UNAVAILABLE after 1.5 s. */
export async function askProxy<T>(
  session: Pick<Session, "network" | "trust">,
  index: number,
  ask: (proxy: ProxyApi) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(proxyWaitMs(session, index));
  try {
    const answer = await ask(session.network.proxy(index, signal));
    proxyDid(session, index, "answered");
    return answer;
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "UNAVAILABLE")
      proxyDid(session, index, "silent");
    throw error;
  }
}

interface Asked {
  readonly chain: string;
  readonly member: string;
  readonly signal: AbortSignal;
  readonly onSilent: () => void;
}

function askOne<T>(
  session: Parties,
  { chain, member, signal, onSilent }: Asked,
  ask: (node: NodeApi, member: string) => Promise<T>,
): Promise<T> {
  const work = async (ended: AbortSignal): Promise<T> => {
    const node = session.network.node(member, ended);
    await caughtUp(session, chain, member, node);
    return ask(node, member);
  };
  return watched(session, chain, member, signal, work, { onSilent });
}

/** How long somebody may be silent, and then has to show a head: who does not is given up after 4 s. */
const PATIENCE: Pick<Wanted<unknown>, "silentMs" | "answerMs"> = {
  silentMs: QUIET_MS,
  answerMs: 3_600,
};

/** Waits for an institution as long as it is there, and remembers whether it was. */
async function watched<T>(
  session: Pick<Session, "network">,
  chain: string,
  institution: string,
  signal: AbortSignal | undefined,
  call: (ended: AbortSignal) => Promise<T>,
  {
    onSilent = () => undefined,
    patience = PATIENCE,
  }: { readonly onSilent?: () => void; readonly patience?: typeof PATIENCE } = {},
): Promise<T> {
  const standing = standingOf(session);
  const working = setTimeout(onSilent, SILENT_MS);
  try {
    const answer = await whileThere({
      name: `node of ${institution}`,
      call,
      probe: async (ended) => {
        await session.network.node(institution, ended).head(chain);
        standing.answered(institution);
      },
      ...patience,
      signal,
      onSilent: () => {
        standing.silent(institution);
        onSilent();
      },
    });
    standing.answered(institution);
    return answer;
  } catch (error) {
    if (!(error instanceof AnamnesisError) || error.code !== "UNAVAILABLE") throw error;
    if (signal?.aborted !== true) standing.silent(institution);
    const { message, details } = error;
    throw new AnamnesisError("UNAVAILABLE", message, {
      cause: error,
      details: { ...details, away: [institution] },
    });
  } finally {
    clearTimeout(working);
  }
}

/** Whether a member shows a head at once; remembered where it does not. */
async function isThere(
  session: Pick<Session, "network">,
  chain: string,
  member: string,
): Promise<boolean> {
  try {
    await session.network.node(member, AbortSignal.timeout(QUIET_MS)).head(chain);
    return true;
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error;
    if (error.code === "UNAVAILABLE") standingOf(session).silent(member);
    return error.code !== "UNAVAILABLE";
  }
}

/** Waits until a member has what this device wrote by another one. @throws {AnamnesisError} NOT_YET, UNAVAILABLE */
async function caughtUp(
  session: Parties,
  chain: string,
  member: string,
  node: NodeApi,
): Promise<void> {
  const standing = standingOf(session);
  const height = standing.behind(chain, member);
  if (height === undefined) return;
  try {
    await node.headAt(chain, height);
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "NOT_YET") standing.forget(chain);
    throw error;
  }
  standing.reached(chain, member, height);
}
