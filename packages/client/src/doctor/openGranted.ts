import { AnamnesisError } from "@anamnesis/protocol";
import type { OpeningAction, Purpose } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { OpenRecord } from "../model.ts";
import { parseRecordName } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { isError, tried } from "../tried.ts";
import type { OpeningError } from "../tried.ts";
import { heldGrants } from "./grants.ts";
import { openOwn } from "./openOwn.ts";
import { openUnderIntent } from "./openUnderIntent.ts";
import type { Under } from "./openUnderIntent.ts";
import { Opening } from "./opening.ts";
import { locate, prepare, usableGrant } from "./prepareOpening.ts";
import type { Located, Prepared } from "./prepareOpening.ts";

export interface OpenOptions {
  /** Default: the first purpose of the grant. */
  readonly purpose?: Purpose;
  /** Default: read. */
  readonly action?: OpeningAction;
}

/** What came of one of several records. */
export type OpenedOne =
  | { readonly name: string; readonly opened: OpenRecord }
  | { readonly name: string; readonly error: OpeningError };

const PREPARED_AT_ONCE = 4;
/** An intent serves 30 s and a proxy's answer must fit a request: openings of more go in several. */
const RECORDS_PER_INTENT = 32;
/** Refusals for the sake of one record, which say nothing about the others that were asked for with it. */
const ofOneRecord: readonly string[] = [
  "CAPSULE_INVALID",
  "E_DECRYPT",
  "NOT_CONFIRMED",
  "NOT_ON_CHAIN",
  "RECORD_NOT_GRANTED",
  "TAG_NOT_GRANTED",
];

/**
 * Opens a record, whichever way: what this doctor wrote by the author's capsule, else by a patient's grant. Either
 * leaves an entry that the patient sees.
 *
 * @param name - A record id, or `ID@n`.
 * @throws {AnamnesisError} NO_ACCESS, TOO_FEW_PROXIES, what proxies or the chain refuse with, and those of verification.
 */
export const openRecord = (
  session: Session,
  name: string,
  options: OpenOptions = {},
): Promise<OpenRecord> => only(openMany(session, [name], options));

/** Opens a record by a patient's grant. @throws {AnamnesisError} As {@link openRecord}. */
export const openGranted = (
  session: Session,
  name: string,
  options: OpenOptions = {},
): Promise<OpenRecord> => only(openAllGranted(session, [name], options));

async function only(openings: AsyncIterable<OpenedOne>): Promise<OpenRecord> {
  for await (const one of openings) {
    if ("error" in one) throw one.error;
    return one.opened;
  }
  throw new AnamnesisError("NO_ACCESS", "No grant at hand opens this record");
}

/**
 * Opens several records, each whichever way ({@link openRecord}), and tells what came of each: one that fails keeps nobody from
 * the others.
 *
 * Those of one grant share an intent, up to 32 of them. For each: the slips of record and visit are proven, the stored object is
 * fetched and checked against the digest on chain; then the intent is posted, k proxies answer, and the content opens. While
 * proxies work for some, the next are prepared, and those before are read.
 *
 * @returns As they open: those under grants first, by grant, then the doctor's own. Errors: BAD_REQUEST, NO_ACCESS; GRANT_REVOKED,
 * GRANT_EXPIRED and other slip codes; ACTION_NOT_GRANTED; the proxies' code, or TOO_FEW_PROXIES with `details.proxies`; PROOF_INVALID,
 * DIGEST_MISMATCH, AUTHOR_UNVERIFIED, GRANT_SIGNATURE; E_DECRYPT.
 */
export async function* openMany(
  session: Session,
  names: readonly string[],
  options: OpenOptions = {},
): AsyncGenerator<OpenedOne> {
  const isOwn = await inParallel(names, PREPARED_AT_ONCE, (name) => isWritten(session, name));
  const granted = names.filter((_, i) => isOwn[i] !== true);
  if (granted.length > 0) yield* openAllGranted(session, granted, options);
  const own = names.filter((_, i) => isOwn[i] === true);
  for (let start = 0; start < own.length; start += PREPARED_AT_ONCE)
    yield* await inParallel(
      own.slice(start, start + PREPARED_AT_ONCE),
      PREPARED_AT_ONCE,
      async (name): Promise<OpenedOne> => {
        const opened = await tried(() => openOwn(session, name));
        return isError(opened) ? { name, error: opened } : { name, opened };
      },
    );
}

/** A name that is none is nobody's own. */
async function isWritten({ device }: Session, name: string): Promise<boolean> {
  const parsed = await tried(async () => parseRecordName(name));
  return !isError(parsed) && (await device.items.get("written", parsed.id)) !== undefined;
}

async function* openAllGranted(
  session: Session,
  names: readonly string[],
  options: OpenOptions,
): AsyncGenerator<OpenedOne> {
  const opening = new Opening(session);
  const held = await heldGrants(session);
  const located = await inParallel(names, PREPARED_AT_ONCE, async (name) => ({
    name,
    at: await tried(() =>
      locate(opening, held, name, { purpose: options.purpose, action: options.action ?? "read" }),
    ),
  }));
  yield* located.flatMap(({ name, at }) => (isError(at) ? [{ name, error: at }] : []));
  const found = located.flatMap(({ name, at }) => (isError(at) ? [] : [{ name, at }]));
  const parts = [...Map.groupBy(found, ({ at }) => at.held.gid).values()].flatMap(inParts);
  let preparing = begun(preparePart(opening, parts[0] ?? [], options));
  let before: readonly OpenedOne[] = [];
  for (const [i] of parts.entries()) {
    const prepared = await preparing;
    preparing = begun(preparePart(opening, parts[i + 1] ?? [], options));
    const asking = begun(openPart(session, prepared));
    yield* before;
    before = await asking;
  }
  yield* before;
}

interface Named<T> {
  readonly name: string;
  readonly at: T;
}

const inParts = <T>(group: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(group.length / RECORDS_PER_INTENT) }, (_, i) =>
    group.slice(i * RECORDS_PER_INTENT, (i + 1) * RECORDS_PER_INTENT),
  );

/** What is under way while something else is waited for: its failure is told to whoever waits for it. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Records of one grant, proven and fetched, as far as they could be. */
interface PreparedPart {
  readonly under: Under | undefined;
  readonly items: readonly Named<Prepared>[];
  readonly failed: readonly OpenedOne[];
}

async function preparePart(
  opening: Opening,
  part: readonly Named<Located>[],
  { purpose: wanted, action = "read" }: OpenOptions,
): Promise<PreparedPart> {
  const [first] = part;
  if (first === undefined) return { under: undefined, items: [], failed: [] };
  const { held } = first.at;
  const grant = await tried(() => usableGrant(opening, held));
  if (isError(grant))
    return {
      under: undefined,
      items: [],
      failed: part.map(({ name }) => ({ name, error: grant })),
    };
  const purpose = wanted ?? held.grant.purposes[0] ?? "TREAT";
  const all = await inParallel(part, PREPARED_AT_ONCE, async ({ name, at }) => ({
    name,
    at: await tried(() => prepare(opening, at, { grant, purpose })),
  }));
  return {
    under: { held, grant, action, purpose },
    items: all.flatMap(({ name, at }) => (isError(at) ? [] : [{ name, at }])),
    failed: all.flatMap(({ name, at }) => (isError(at) ? [{ name, error: at }] : [])),
  };
}

/** Where one record of several is why nothing opens, each half is asked for by itself, under an intent of its own. */
async function openPart(
  session: Session,
  { under, items, failed }: PreparedPart,
): Promise<readonly OpenedOne[]> {
  if (under === undefined || items.length === 0) return failed;
  const prepared = items.map(({ at }) => at);
  const opened = await tried(() => openUnderIntent(session, under, prepared));
  if (!isError(opened))
    return [...failed, ...items.map(({ name }, i) => ({ name, opened: opened[i] as OpenRecord }))];
  if (items.length === 1 || !ofOneRecord.includes(opened.code))
    return [...failed, ...items.map(({ name }) => ({ name, error: opened }))];
  const half = Math.ceil(items.length / 2);
  const first = await openPart(session, { under, items: items.slice(0, half), failed });
  const second = await openPart(session, { under, items: items.slice(half), failed: [] });
  return [...first, ...second];
}
