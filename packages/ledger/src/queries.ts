import { toHex } from "@anamnesis/crypto/verify";
import { decodeSlip, grantState } from "@anamnesis/protocol";
import type { Fingerprint, Gid, InstitutionId, Pid, Slip, SlipId } from "@anamnesis/protocol";
import { authorFact, markFact, recordFact, requestFact, sessionFact, storedSlip } from "./facts.ts";
import type { RecordVersion } from "./facts.ts";
import type { StateView } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";
import { LedgerView } from "./view.ts";
import type { Reader } from "./view.ts";

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
  const found = read(state, stateKeys.slip(id), storedSlip.decode);
  if (found === undefined) return undefined;
  const { bytes: slip, carrier, height, time } = found;
  return { slip, carrier, height, time };
}

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
  const found = read(state, stateKeys.record(record), recordFact.decode);
  if (found === undefined) return undefined;
  const { institution, pid, tag } = found;
  const versions = new LedgerView(state).versions(record);
  const digests = versions.map(({ digest }) => digest);
  return {
    record,
    institution,
    pid: toHex(pid) as Pid,
    tag: toHex(tag),
    versions: versions.map(versionView),
    confirmed: digests.filter(
      (digest) => state.get(stateKeys.confirmation(record, toHex(digest))) !== undefined,
    ),
    disputed: digests.filter(
      (digest) => state.get(stateKeys.dispute(record, toHex(digest))) !== undefined,
    ),
  };
}

const versionView = ({ slip, digest, sealedId, author, time }: RecordVersion): VersionView => ({
  slip: toHex(slip) as SlipId,
  digest,
  sealedId,
  author: toHex(author) as Fingerprint,
  time,
});

/** H-11, oldest record first. @param tag - 32 hex digits. */
export const recordsByTag = (state: StateView, tag: string): RecordView[] =>
  recordsUnder(state, `by-tag/${tag}/`);
/** H-11, oldest record first. */
export const recordsByPid = (state: StateView, pid: Pid): RecordView[] =>
  recordsUnder(state, `by-pid/${pid}/`);

const recordsUnder = (state: StateView, prefix: string): RecordView[] =>
  idsUnder(state, prefix).flatMap((record) => findRecord(state, record) ?? []);

/** One entry of a grant's history; the optional fields are those that its kind has. */
export interface UsageView {
  readonly kind: "usage.intent" | "usage.done" | "usage.denied";
  readonly slip: SlipId;
  readonly time: number;
  readonly reader: Fingerprint;
  readonly intent?: SlipId;
  readonly proxy?: number;
  readonly code?: string;
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
  const found = read(state, stateKeys.grant(gid), grantState.decode);
  if (found === undefined) return undefined;
  const { digest, expiresAt, revokedAt } = found;
  return { digest, expiresAt, revokedAt, usage: usageOf(state, gid) };
}

/** What was done under a gid; also under one that was never published, since proxies may have denied it. */
export const usageOf = (state: StateView, gid: Gid): UsageView[] =>
  idsUnder(state, `by-grant/${gid}/`).flatMap((id) => {
    const found = findSlip(state, id);
    return found === undefined ? [] : usageView(decodeSlip(found.slip), found.time);
  });

function usageView({ id: slip, kind, fields }: Slip, time: number): UsageView[] {
  switch (kind) {
    case "usage.intent":
      return [{ kind, slip, time, reader: toHex(fields.cert) as Fingerprint }];
    case "usage.done":
      return [
        {
          kind,
          slip,
          time,
          reader: toHex(fields.cert) as Fingerprint,
          intent: toHex(fields.intent) as SlipId,
        },
      ];
    case "usage.denied":
      return [
        {
          kind,
          slip,
          time,
          reader: toHex(fields.cert) as Fingerprint,
          proxy: fields.proxy,
          code: fields.code,
        },
      ];
    default:
      return [];
  }
}

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
  const found = read(state, stateKeys.session(pid), sessionFact.decode);
  if (found === undefined) return undefined;
  const { institution, slip, time } = found;
  const prefix = stateKeys.author(pid, "");
  const authors = Array.from(state.range(prefix), ([key, value]): AuthorView => {
    const { record, digest, author, time: at } = authorFact.decode(value);
    return {
      slip: key.slice(prefix.length) as SlipId,
      record: toHex(record) as SlipId,
      digest,
      author: toHex(author) as Fingerprint,
      time: at,
    };
  });
  return {
    institution,
    slip: toHex(slip) as SlipId,
    time,
    authors: authors.toSorted((left, right) => left.time - right.time),
  };
}

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
  const found = read(state, stateKeys.request(request), requestFact.decode);
  if (found === undefined) return undefined;
  const { reader, body, refusal, time } = found;
  const refused = read(state, stateKeys.refusal(request), markFact.decode);
  return {
    request,
    reader: toHex(reader) as Fingerprint,
    body,
    refusal,
    time,
    ...(refused === undefined ? {} : { refused: refused.time }),
  };
}

/** H-13, every request with this body digest, oldest first: anybody certified can repeat a digest that they saw. @param body - 64 hex digits. */
export const requestsByBody = (state: StateView, body: string): RequestView[] =>
  idsUnder(state, `by-body/${body}/`).flatMap((request) => findRequest(state, request) ?? []);

const idsUnder = (state: StateView, prefix: string): SlipId[] =>
  Array.from(state.range(prefix), ([, id]) => toHex(id) as SlipId);

function read<T>(state: Reader, key: string, decode: (bytes: Uint8Array) => T): T | undefined {
  const bytes = state.get(key);
  return bytes === undefined ? undefined : decode(bytes);
}
