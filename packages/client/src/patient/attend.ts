import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { pause } from "@anamnesis/http";
import type { Session } from "../session.ts";
import { ownBoxes } from "./boxes.ts";
import type { OwnBox } from "./boxes.ts";
import { handleMessage } from "./inbox.ts";
import type { AttendEvent, Tell } from "./inbox.ts";
import { askMailbox } from "../members/ask.ts";
import type { MailboxApi } from "../ports.ts";
import { sendLetters } from "../letters.ts";
import { sendUnproven } from "./grants.ts";

const LONG_POLL_MS = 20_000;
const LOOK_FOR_BOXES_MS = 3_000;
const SEND_AGAIN_MS = 30_000;
const RETRY_MS = 1_000;
/** Browsers open six connections to a server: some stay free for the work that messages bring. */
const LONG_POLLS_PER_NODE = 3;
const SHORT_POLL_MS = 3_000;

/** Reads the patient's boxes and answers by the owner's rules until `signal` aborts. Never rejects for a part that is away. */
export async function attend(
  session: Session,
  options: { readonly signal: AbortSignal; readonly onEvent?: (event: AttendEvent) => void },
): Promise<void> {
  const { signal } = options;
  const tell = options.onEvent ?? (() => undefined);
  const watched = new Map<string, Promise<void>>();
  const longPolls = new Map<string, number>();
  let sendAt = 0;
  while (!signal.aborted) {
    if (performance.now() >= sendAt) {
      await sendWaiting(session);
      sendAt = performance.now() + SEND_AGAIN_MS;
    }
    const boxes = await ownBoxes(session);
    const isNew = boxes.filter(({ box }) => !watched.has(toHex(box)));
    for (const box of isNew)
      watched.set(toHex(box.box), watch(session, box, { signal, longPolls }, tell));
    if (isNew.length > 0) tell({ what: "attending", boxes: watched.size });
    await pause(LOOK_FOR_BOXES_MS, signal);
  }
  await Promise.all(watched.values());
}

/** Reads one box again and again; waits in the request where a long poll is free at its node, else between requests. */
async function watch(
  session: Session,
  own: OwnBox,
  { signal, longPolls }: { readonly signal: AbortSignal; readonly longPolls: Map<string, number> },
  tell: Tell,
): Promise<void> {
  const { institution } = own;
  while (!signal.aborted) {
    const taken = longPolls.get(institution) ?? 0;
    const isLong = taken < LONG_POLLS_PER_NODE;
    if (isLong) longPolls.set(institution, taken + 1);
    try {
      await readBox(session, own, { waitMs: isLong ? LONG_POLL_MS : 0, signal }, tell);
      if (!isLong) await pause(SHORT_POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AnamnesisError)) throw error;
      tell({ what: "waiting", code: error.code, message: error.message });
      await pause(RETRY_MS, signal);
    } finally {
      if (isLong) longPolls.set(institution, (longPolls.get(institution) ?? 1) - 1);
    }
  }
}

/**
 * One pass over the boxes without waiting; boxes at a node that does not answer are passed over, and told of. What waits to be
 * sent or proven is sent again.
 *
 * @returns how many messages were handled.
 */
export async function receive(session: Session, onEvent: Tell = () => undefined): Promise<number> {
  const boxes = await ownBoxes(session);
  const counts = await Promise.all([
    ...boxes.map((box) => readBox(session, box, { waitMs: 0 }, onEvent).catch(awayAs(onEvent))),
    sendWaiting(session),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

const awayAs =
  (tell: Tell) =>
  (error: unknown): number => {
    if (!(error instanceof AnamnesisError) || error.code !== "UNAVAILABLE") throw error;
    tell({ what: "waiting", code: error.code, message: error.message });
    return 0;
  };

async function sendWaiting(session: Session): Promise<number> {
  await Promise.all([sendLetters(session), sendUnproven(session)]);
  return 0;
}

/**
 * A message is removed once what it says is kept; one that comes twice changes nothing. One that cannot be handled now
 * stays, and does not hold up those behind it.
 *
 * @throws The first failure, once all have been tried.
 */
async function readBox(
  session: Session,
  own: OwnBox,
  options: { readonly waitMs: number; readonly signal?: AbortSignal },
  tell: Tell,
): Promise<number> {
  const { signal } = options;
  const ask = <T>(work: (mailbox: MailboxApi) => Promise<T>): Promise<T> =>
    askMailbox(session, own.institution, work, signal);
  const caller = bareCaller(own.keys.signing);
  const failures: unknown[] = [];
  let count = 0;
  let messages = await ask((mailbox) => mailbox.read(own.box, options, caller));
  while (messages.length > 0) {
    count += messages.length;
    for (const { id, sealed } of messages) {
      try {
        await handleMessage(session, own, sealed, tell);
        await ask((mailbox) => mailbox.remove(own.box, id, caller));
      } catch (error) {
        failures.push(error);
      }
    }
    const after = messages.at(-1)?.id;
    messages =
      failures.length === 0
        ? []
        : await ask((mailbox) => mailbox.read(own.box, { waitMs: 0, after }, caller));
  }
  if (failures.length > 0) throw failures[0];
  return count;
}
