import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Fingerprint, Gid, InstitutionId, Pid, SlipId } from "@anamnesis/protocol";
import { kindOf } from "./kindTable.ts";
import { readOpenPage } from "./pages.ts";
import { rows } from "./rows.ts";
import type { StateView } from "./state.ts";
import { LedgerView, readRow } from "./view.ts";
import type { PlacedSlip, Reader, RecordVersion } from "./view.ts";

/**
 * What a node answers about a chain (docs/spec/http.md H-8 to H-13): pure reads of one state.
 * Ids are lower-case hex, other byte strings bytes; times are block times in Unix milliseconds.
 */

export interface SlipView {
  readonly slip: Uint8Array;
  readonly carrier: InstitutionId;
  readonly height: number;
  readonly time: number;
}

/** H-8 */
export function findSlip(state: Reader, id: SlipId): SlipView | undefined {
  const found = new LedgerView(state).slip(fromHex(id));
  if (found === undefined) return undefined;
  const { bytes: slip, carrier, height, time } = found.stored;
  return { slip, carrier, height, time };
}

/** How many slips the chain holds. */
export const slipCount = (state: Reader): number => readOpenPage(state).sequence;

/** The slip at a place of the chain, from 0 on. */
export const slipBytesAt = (state: Reader, place: number): Uint8Array | undefined =>
  readRow(state, rows.slip, rows.slip.key(place))?.bytes;

export interface VersionView {
  readonly slip: SlipId;
  readonly digest: Uint8Array;
  readonly sealedId: Uint8Array;
  readonly author: Fingerprint;
  readonly time: number;
}

export interface RecordView {
  readonly record: SlipId;
  readonly institution: InstitutionId;
  readonly pid: Pid;
  readonly tag: string;
  /** Oldest first. */
  readonly versions: readonly VersionView[];
  /** Digests of the versions that the patient confirmed, and of those disputed. */
  readonly confirmed: readonly Uint8Array[];
  readonly disputed: readonly Uint8Array[];
}

export function findRecord(state: Reader, record: SlipId): RecordView | undefined {
  const view = new LedgerView(state);
  const id = fromHex(record);
  const found = view.record(id);
  if (found === undefined) return undefined;
  const { institution, pid, tag } = found;
  const versions = view.versions(id);
  const digests = versions.map(({ digest }) => digest);
  return {
    record,
    institution,
    pid: toHex(pid) as Pid,
    tag: toHex(tag),
    versions: versions.map(versionView),
    confirmed: digests.filter((digest) => view.has(rows.confirmation.key(id, digest))),
    disputed: digests.filter((digest) => view.has(rows.dispute.key(id, digest))),
  };
}

const versionView = ({ author, ...version }: RecordVersion): VersionView => ({
  slip: version.slip,
  digest: version.digest,
  sealedId: version.sealedId,
  author: toHex(author) as Fingerprint,
  time: version.time,
});

/** H-11, oldest record first. @param tag - 32 hex digits. */
export const recordsByTag = (state: StateView, tag: string): RecordView[] =>
  recordsUnder(state, rows.byTag.key(fromHex(tag)));
/** H-11, oldest record first. */
export const recordsByPid = (state: StateView, pid: Pid): RecordView[] =>
  recordsUnder(state, rows.byPid.key(fromHex(pid)));

const recordsUnder = (state: StateView, key: string): RecordView[] =>
  slipsUnder(state, key).flatMap(({ slip }) => findRecord(state, slip.id) ?? []);

const slipsUnder = (state: StateView, key: string): PlacedSlip[] => [
  ...new LedgerView(state).slipsUnder(state, key),
];

/** What a slip says in the history of a grant; the optional fields are those that its kind has. */
export interface HistoryEntry {
  readonly kind: "usage.intent" | "usage.done" | "usage.denied";
  readonly reader: Fingerprint;
  readonly intent?: SlipId;
  readonly proxy?: number;
  readonly code?: string;
}
export interface UsageView extends HistoryEntry {
  readonly slip: SlipId;
  readonly time: number;
}

export interface GrantView {
  readonly digest: Uint8Array;
  readonly expiresAt: number;
  readonly revokedAt: number;
  /** Intents, dones and denials, oldest first. */
  readonly usage: readonly UsageView[];
}

/** H-12 */
export function findGrant(state: StateView, gid: Gid): GrantView | undefined {
  const found = readRow(state, rows.grant, rows.grant.key(fromHex(gid)));
  if (found === undefined) return undefined;
  const { digest, expiresAt, revokedAt } = found;
  return { digest, expiresAt, revokedAt, usage: usageOf(state, gid) };
}

/** What was done under a gid; also under one that was never published, since proxies may have denied it. */
export const usageOf = (state: StateView, gid: Gid): UsageView[] =>
  slipsUnder(state, rows.byGrant.key(fromHex(gid))).flatMap(({ slip, stored: { time } }) => {
    const { history } = kindOf(slip);
    return history === "none" ? [] : [{ slip: slip.id, time, ...history(slip) }];
  });

/** A `usage.author` entry. */
export interface AuthorView {
  readonly slip: SlipId;
  readonly record: SlipId;
  readonly digest: Uint8Array;
  readonly author: Fingerprint;
  readonly time: number;
}

export interface SessionView {
  readonly institution: InstitutionId;
  readonly slip: SlipId;
  readonly time: number;
  /** Rereadings by the authors of this visit's records, oldest first. */
  readonly authors: readonly AuthorView[];
}

/** H-12 */
export function findSession(state: StateView, pid: Pid): SessionView | undefined {
  const view = new LedgerView(state);
  const session = view.session(fromHex(pid));
  const opened = session === undefined ? undefined : view.slipAt(session.sequence);
  if (session === undefined || opened === undefined) return undefined;
  const reads = slipsUnder(state, rows.byVisitRead.key(fromHex(pid)));
  return {
    institution: session.institution,
    slip: opened.slip.id,
    time: opened.stored.time,
    authors: reads.flatMap(authorView),
  };
}

function authorView({ slip, stored: { time } }: PlacedSlip): AuthorView[] {
  if (slip.kind !== "usage.author") return [];
  const { record, digest, cert } = slip.fields;
  return [
    {
      slip: slip.id,
      record: toHex(record) as SlipId,
      digest,
      author: toHex(cert) as Fingerprint,
      time,
    },
  ];
}

/** Whether a visit is open under this pseudonym. */
export const isOpenVisit = (state: Reader, pid: Pid): boolean =>
  state.get(rows.session.key(fromHex(pid))) !== undefined;

/** Whether a grant stands on the chain, live or not. */
export const isPublishedGrant = (state: Reader, gid: Gid): boolean =>
  state.get(rows.grant.key(fromHex(gid))) !== undefined;

export interface RequestView {
  readonly request: SlipId;
  readonly reader: Fingerprint;
  readonly body: Uint8Array;
  readonly refusal: Uint8Array;
  readonly time: number;
  /** Block time of the refusal; absent while there is none. */
  readonly refused?: number;
}

/** H-13 */
export function findRequest(state: Reader, request: SlipId): RequestView | undefined {
  const view = new LedgerView(state);
  const id = fromHex(request);
  const found = view.slip(id);
  if (found?.slip.kind !== "access.request") return undefined;
  const { cert, body, refusal } = found.slip.fields;
  const refusedAt = readRow(state, rows.refusal, rows.refusal.key(id));
  const refused = refusedAt === undefined ? undefined : view.slipAt(refusedAt);
  return {
    request,
    reader: toHex(cert) as Fingerprint,
    body,
    refusal,
    time: found.stored.time,
    ...(refused === undefined ? {} : { refused: refused.stored.time }),
  };
}

/** H-13, every request with this body digest, oldest first: anybody certified can repeat a digest that they saw. @param body - 64 hex digits. */
export const requestsByBody = (state: StateView, body: string): RequestView[] =>
  slipsUnder(state, rows.byBody.key(fromHex(body))).flatMap(
    ({ slip }) => findRequest(state, slip.id) ?? [],
  );
