import type { Purpose, Action, Trust } from "@anamnesis/protocol";
import type { CheckedProof, GrantSummary, LogEntry, OpenRecord, PersonView, RecordSummary, RequestSummary } from "../model.ts";
import type { Session } from "../session.ts";

export interface OpenVisitInput {
  readonly institution: string;
  /** Name or fingerprint of a doctor there, who gets the token. */
  readonly doctor?: string;
  /** Default: every category. */
  readonly categories?: readonly string[];
}
export interface OpenedVisit {
  readonly pid: string;
  readonly chain: string;
  readonly institution: string;
  readonly categories: readonly string[];
  readonly doctor?: PersonView;
  /** The signed visit token (canonical CBOR), for a QR or a file. */
  readonly token: Uint8Array;
}
/** Opens a visit: `session.open` on the institution's chain, a box of its own, and the token to the doctor's box. */
export declare function openVisit(session: Session, input: OpenVisitInput): Promise<OpenedVisit>;
/** Sends the token of an open visit to another doctor of that institution. */
export declare function sendToken(session: Session, input: { readonly pid: string; readonly doctor: string }): Promise<PersonView>;

/** What `attend` tells as it happens. */
export type AttendEvent =
  | { readonly what: "attending"; readonly boxes: number }
  | { readonly what: "answered"; readonly doctor: PersonView; readonly visits: number }
  | { readonly what: "declined"; readonly doctor: PersonView | undefined; readonly code: string }
  | { readonly what: "noticed"; readonly record: string }
  | { readonly what: "asked"; readonly request: string; readonly doctor: PersonView }
  | { readonly what: "lookedUp" }
  /** A part did not answer; it is asked again. */
  | { readonly what: "waiting"; readonly code: string; readonly message: string };
/** Reads the patient's boxes and answers by the owner's rules until `signal` aborts. Never rejects for a part that is away. */
export declare function attend(session: Session, options: { readonly signal: AbortSignal; readonly onEvent?: (event: AttendEvent) => void }): Promise<void>;
/** One pass over the boxes without waiting. @returns how many messages were handled. */
export declare function receive(session: Session, onEvent?: (event: AttendEvent) => void): Promise<number>;

/** Every record of every visit, newest first. */
export declare function listRecords(session: Session): Promise<readonly RecordSummary[]>;
/** @param id - A record id, or `ID@n` for an older version. @throws {AnamnesisError} NOT_FOUND, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, PROOF_INVALID, E_DECRYPT */
export declare function openRecord(session: Session, id: string): Promise<OpenRecord>;
/** Fetches, verifies and opens each, then confirms its newest version. Already confirmed ones are left alone. */
export declare function confirm(session: Session, which: { readonly ids: readonly string[] } | { readonly all: true }): Promise<{ readonly confirmed: readonly string[]; readonly failed: readonly { readonly id: string; readonly code: string; readonly message: string }[] }>;
/** Disputes the newest version; the reason goes sealed to the author. @returns the slip's id. */
export declare function dispute(session: Session, input: { readonly id: string; readonly reason: string }): Promise<string>;

export declare function listRequests(session: Session): Promise<readonly RequestSummary[]>;
export interface GrantInput {
  /** Answer this request: its reader, categories, records, actions, purpose and end unless given here. */
  readonly request?: string;
  /** Or grant to this doctor: a name, `NAME@INSTITUTION`, or a fingerprint. */
  readonly to?: string;
  readonly categories?: readonly string[];
  readonly records?: readonly string[];
  readonly actions?: readonly Action[];
  /** Default TREAT. */
  readonly purpose?: Purpose;
  /** Unix milliseconds; default the request's, else 30 days. */
  readonly until?: number;
}
/** Without a choice: every record. @throws {AnamnesisError} NOT_FOUND when there is nothing to share; TOO_FEW_PROXIES; AMBIGUOUS_NAME */
export declare function grant(session: Session, input: GrantInput): Promise<GrantSummary>;
export declare function refuse(session: Session, request: string): Promise<void>;
/** Revokes on chain, then has the proxies erase; `receipts` are those that signed by now. */
export declare function revoke(session: Session, gid: string): Promise<GrantSummary>;
export declare function listGrants(session: Session): Promise<readonly GrantSummary[]>;
/** Who asked, who was allowed, who opened and why; newest first. */
export declare function accessLog(session: Session): Promise<readonly LogEntry[]>;

/** A file that proves, offline, that a record is on its chain. */
export declare function exportProof(session: Session, id: string): Promise<Uint8Array>;
/** @throws {AnamnesisError} PROOF_INVALID (another federation's trust too), AUTHOR_UNVERIFIED, MALFORMED */
export declare function checkProof(file: Uint8Array, trust: Trust): CheckedProof;
