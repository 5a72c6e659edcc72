import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { endsGrant, fingerprintFrom, pidFrom, slipIdFrom } from "@anamnesis/protocol";
import type {
  Fingerprint,
  Gid,
  GrantView,
  Pid,
  RecordView,
  RequestView,
  SessionView,
  SlipId,
  SlipView,
  UsageView,
  VersionView,
} from "@anamnesis/protocol";
import { kindOf } from "./kindTable.ts";
import { readOpenPage } from "./pages.ts";
import { pageUnder } from "./paging.ts";
import type { Page, PageOf } from "./paging.ts";
import { rows } from "./rows.ts";
import type { StateView } from "./state.ts";
import { LedgerView, readRow } from "./view.ts";
import type { RecordVersion } from "./recordVersions.ts";
import type { PlacedSlip, Reader } from "./view.ts";

/**
 * What a node answers about a chain (docs/spec/http.md H-8 to H-13): pure reads of one state. The views are protocol's.
 */

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

export function findRecord(state: Reader, record: SlipId): RecordView | undefined {
  const view = new LedgerView(state);
  const id = fromHex(record);
  const found = view.record(id);
  if (found === undefined) return undefined;
  const { institution, pid, tag } = found;
  const versions = view.versions(id);
  return {
    record,
    institution,
    pid: pidFrom(pid),
    tag: toHex(tag),
    versions: versions.map(versionView),
    confirmed: versions.flatMap((version) => {
      const slip = confirmingSlip(state, id, version);
      return slip === undefined ? [] : [{ digest: toHex(version.digest), slip }];
    }),
    disputed: versions
      .filter((version) => view.isJudged(rows.dispute, id, version))
      .map(({ digest }) => toHex(digest)),
  };
}

/** The slip by which the patient confirmed a version, or one before it that holds the same content. */
function confirmingSlip(
  state: Reader,
  record: Uint8Array,
  { digests }: RecordVersion,
): SlipId | undefined {
  for (const digest of digests) {
    const key = rows.confirmation.key(record, digest);
    const sequence = readRow(state, rows.confirmation, key);
    if (sequence !== undefined) return new LedgerView(state).slipAt(sequence)?.slip.id;
  }
  return undefined;
}

const versionView = ({ kind, slip, author, digest, ...version }: RecordVersion): VersionView => ({
  kind,
  slip,
  digest: toHex(digest),
  began: toHex(version.digests[0]),
  sealedId: version.sealedId,
  author: toHex(author),
  time: version.time,
});

/** H-11, oldest record first. @param tag - 32 hex digits. */
export const recordsByTag = (state: StateView, tag: string, page: PageOf): Page<RecordView> =>
  recordsUnder(state, rows.byTag.key(fromHex(tag)), page);
/** H-11, oldest record first. */
export const recordsByPid = (state: StateView, pid: Pid, page: PageOf): Page<RecordView> =>
  recordsUnder(state, rows.byPid.key(fromHex(pid)), page);

const recordsUnder = (state: StateView, prefix: string, page: PageOf): Page<RecordView> =>
  pageUnder(state, prefix, page, ({ slip }) => ifAny(findRecord(state, slip.id)));

const ifAny = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

const slipsUnder = (state: StateView, key: string): PlacedSlip[] => [
  ...new LedgerView(state).slipsUnder(state, key),
];

type WithoutPlace<U> = U extends UsageView ? Omit<U, "slip" | "time"> : never;
/** What a slip says in the history of a grant. */
export type HistoryEntry = WithoutPlace<UsageView>;

/** H-12 */
export function findGrant(state: StateView, gid: Gid): GrantView | undefined {
  const found = readRow(state, rows.grant, rows.grant.key(fromHex(gid)));
  if (found === undefined) return undefined;
  const { digest, expiresAt, revokedAt, reader, revoker } = found;
  return {
    digest: toHex(digest),
    expiresAt,
    revokedAt,
    reader: toHex(reader),
    revoker: toHex(revoker),
  };
}

/**
 * H-12a: what was done under a gid, oldest first; also under one that was never published, since proxies may have denied it.
 * @param page.reader - Whose entries alone are wanted; default everybody's.
 */
export const usagePage = (
  state: StateView,
  gid: Gid,
  { reader, ...page }: PageOf & { readonly reader?: Fingerprint | undefined },
): Page<UsageView> =>
  pageUnder(state, rows.byGrant.key(fromHex(gid)), page, (placed) =>
    usageView(placed).filter((used) => reader === undefined || used.reader === reader),
  );

function usageView({ slip, stored: { time } }: PlacedSlip): UsageView[] {
  const { history } = kindOf(slip);
  return history === "none" ? [] : [{ slip: slip.id, time, ...history(slip) }];
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
    key: toHex(view.visitKey(session)),
    slip: opened.slip.id,
    time: opened.stored.time,
    authors: reads.flatMap(authorView),
  };
}

function authorView({ slip, stored: { time } }: PlacedSlip): SessionView["authors"] {
  if (slip.kind !== "usage.author") return [];
  const { record, digest, cert } = slip.fields;
  return [
    {
      slip: slip.id,
      record: slipIdFrom(record),
      digest: toHex(digest),
      author: fingerprintFrom(cert),
      time,
    },
  ];
}

/** Whether a key signs now for a visit that is open. @param key - 32 bytes. */
export function signsForOpenVisit(state: Reader, key: Uint8Array): boolean {
  const view = new LedgerView(state);
  return view.session(view.pidOfKey(key)) !== undefined && !view.isReplaced(key);
}

/** Whether a key may end the grant that stands under this id; `undefined`: none does. */
export function mayEndGrant(
  state: Reader,
  revocation: { readonly gid: Uint8Array; readonly key: Uint8Array },
): boolean | undefined {
  const grant = new LedgerView(state).grant(revocation.gid);
  return grant === undefined ? undefined : endsGrant(revocation, grant);
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
    reader: fingerprintFrom(cert),
    body: toHex(body),
    refusal: toHex(refusal),
    time: found.stored.time,
    ...(refused === undefined ? {} : { refused: refused.stored.time }),
  };
}

/** H-13, requests with this body digest, oldest first: anybody certified can repeat a digest that they saw. @param body - 64 hex digits. */
export const requestsByBody = (state: StateView, body: string, page: PageOf): Page<RequestView> =>
  pageUnder(state, rows.byBody.key(fromHex(body)), page, ({ slip }) =>
    ifAny(findRequest(state, slip.id)),
  );
