import { sign } from "@anamnesis/crypto/sign";
import { enc, sha256, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  signedTokenRequest,
  signedVisitToken,
  tokenRequest,
  visitToken,
} from "@anamnesis/protocol";
import type { ContactCard, VisitToken } from "@anamnesis/protocol";
import type { TokenItem } from "../items.ts";
import { cardAddress, sendMessage } from "../mail.ts";
import type { Session } from "../session.ts";
import type { KnownPatient } from "./addressBook.ts";
import { receive } from "./staffBox.ts";
import type { ReceivedEvent } from "./staffBox.ts";

/** What is to be written in one visit: its categories. `key` names the encounter; `undefined` for what belongs to none. */
export interface WantedVisit {
  readonly key: string | undefined;
  readonly categories: readonly string[];
}

/** A token to write with, and whom to tell. */
export interface HeldToken {
  readonly item: TokenItem;
  readonly token: VisitToken;
  readonly contact: ContactCard;
}

/** How long a patient has to answer; each answer starts it anew. */
const PATIENT_WAIT_MS = 30_000;
const LONG_POLL_MS = 5_000;
const VISITS_PER_REQUEST = 256;
/** A token that ends sooner is not begun with. */
const MARGIN_MS = 60_000;

/**
 * One token for each wanted visit: those at hand, the rest asked of the patient over the mailbox.
 *
 * A token serves one encounter: the first that is written under it, which this device remembers by a hash. That of a
 * visit which the patient opened serves, beside it, whatever belongs to no encounter (files taken whole among it). A
 * file of several encounters asks for a token for each, but for those that have one.
 *
 * @throws {AnamnesisError} PATIENT_AWAY when no answer comes for 30 s; nothing is written then.
 */
export async function tokensFor(
  session: Session,
  patient: KnownPatient,
  wanted: readonly WantedVisit[],
  patientWaitMs: number = PATIENT_WAIT_MS,
): Promise<readonly HeldToken[]> {
  const names = wanted.map(({ key }) => encounterHash(patient, key ?? session.random(32)));
  let held = await tokensAtHand(session, patient, wanted, names);
  if (held.size < wanted.length) {
    await receive(session); // What was answered late may lie in the box.
    held = await tokensAtHand(session, patient, wanted, names);
  }
  const missing = wanted.map((_, index) => index).filter((index) => !held.has(index));
  for (let start = 0; start < missing.length; start += VISITS_PER_REQUEST) {
    const part = missing.slice(start, start + VISITS_PER_REQUEST);
    const answered = await askForTokens(
      session,
      patient,
      part.map((index) => wanted[index]?.categories ?? []),
      patientWaitMs,
    );
    part.forEach((index, i) => held.set(index, answered[i] as TokenItem));
  }
  return Promise.all(
    wanted.map(async ({ key }, index) => {
      const found = held.get(index) as TokenItem;
      // A visit that the patient opened stays free for an encounter, or with the one it has.
      if (key === undefined && found.kind === "visit") return openToken(found);
      const item = { ...found, usedFor: names[index] ?? null };
      await session.device.items.put("token", item.pid, item);
      return openToken(item);
    }),
  );
}

/** What a token remembers of its encounter, 64 hex digits; it never leaves the device. */
const encounterHash = (patient: KnownPatient, encounter: string | Uint8Array): string =>
  toHex(sha256(enc(patient.fingerprint, encounter)));

/** The token of a visit that this device holds. */
export function openToken(item: TokenItem): HeldToken {
  const token = visitToken.decode(signedVisitToken.decode(item.token).token);
  return { item, token, contact: token.contact };
}

async function tokensAtHand(
  session: Session,
  patient: KnownPatient,
  wanted: readonly WantedVisit[],
  names: readonly string[],
): Promise<Map<number, TokenItem>> {
  const now = session.clock();
  const all = await session.device.items.all("token");
  const usable = all
    .filter((item) => item.patient === patient.fingerprint && item.notAfter > now + MARGIN_MS)
    .toSorted((a, b) => b.time - a.time);
  const isOfOneEncounter = wanted.filter(({ key }) => key !== undefined).length <= 1;
  const taken = new Set<string>();
  const found = new Map<number, TokenItem>();
  for (const [index, want] of wanted.entries()) {
    const name = names[index];
    const fits = (item: TokenItem): boolean => {
      if (!covers(item, want.categories)) return false;
      if (item.usedFor === name) return true;
      if (item.kind === "visit")
        return isOfOneEncounter && (want.key === undefined || item.usedFor === null);
      return item.usedFor === null && !taken.has(item.pid);
    };
    const item =
      usable.find((candidate) => candidate.usedFor === name && fits(candidate)) ??
      usable.find(fits);
    if (item === undefined) continue;
    taken.add(item.pid);
    found.set(index, item);
  }
  return found;
}

const covers = (item: TokenItem, categories: readonly string[]): boolean => {
  const { token } = openToken(item);
  return categories.every((category) => token.entries.some((entry) => entry.category === category));
};

/** Asks for visits and waits for a token of each. @throws {AnamnesisError} PATIENT_AWAY */
async function askForTokens(
  session: Session,
  patient: KnownPatient,
  visits: readonly (readonly string[])[],
  patientWaitMs: number,
): Promise<readonly TokenItem[]> {
  const { device } = session;
  const [card] = patient.cards;
  if (card === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no box in which this patient could be asked");
  const [{ der }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const id = session.random(16);
  const request = tokenRequest.encode({
    v: 1,
    id,
    certificate: der,
    institution: device.institution,
    visits: visits.map((categories) => [...categories]),
    time: session.clock(),
  });
  const signature = sign({ type: "TOKEN-REQUEST", message: request, secretKey: signing.secretKey });
  await sendMessage(session, cardAddress(session, card), {
    type: "token.request",
    body: signedTokenRequest.encode({ v: 1, request, signature }),
  });
  return waitForTokens(session, patient, { request: toHex(id), visits, patientWaitMs });
}

async function waitForTokens(
  session: Session,
  patient: KnownPatient,
  asked: {
    readonly request: string;
    readonly visits: readonly (readonly string[])[];
    readonly patientWaitMs: number;
  },
): Promise<readonly TokenItem[]> {
  const { request, visits, patientWaitMs } = asked;
  const answers = new Map<string, TokenItem>();
  let heard = Date.now();
  let count = 0;
  for (;;) {
    const left = heard + patientWaitMs - Date.now();
    const events = await receive(session, {
      waitMs: Math.max(0, Math.min(LONG_POLL_MS, left)),
    });
    for (const item of await newTokens(session, events)) {
      if (item.patient === patient.fingerprint && item.answers?.startsWith(`${request}/`) === true)
        answers.set(item.answers, item);
    }
    const tokens = visits.map((categories, index) => {
      const item = answers.get(`${request}/${index}`);
      return item !== undefined && covers(item, categories) ? item : undefined;
    });
    if (tokens.every((item) => item !== undefined)) return tokens;
    if (answers.size > count) {
      count = answers.size;
      heard = Date.now();
    } else if (left <= 0) {
      throw new AnamnesisError(
        "PATIENT_AWAY",
        `The patient's device did not answer within ${patientWaitMs / 1000} s; nothing was written`,
      );
    }
  }
}

/** The tokens that just came; where nothing came, every token, for another process may have received them. */
async function newTokens(
  session: Session,
  events: readonly ReceivedEvent[],
): Promise<readonly TokenItem[]> {
  if (events.length === 0) return session.device.items.all("token");
  const pids = events.flatMap((event) => (event.what === "token" ? [event.pid] : []));
  const items = await Promise.all(pids.map((pid) => session.device.items.get("token", pid)));
  return items.filter((item) => item !== undefined);
}
