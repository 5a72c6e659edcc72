import type { ContentSource } from "@anamnesis/crypto/seal";
import type { Action, Purpose } from "@anamnesis/protocol";
import type { GrantSummary, OpenRecord, RecordSummary, RequestSummary } from "../model.ts";
import type { Session } from "../session.ts";

export type ReceivedEvent =
  | { readonly what: "token"; readonly pid: string; readonly patient: string }
  | { readonly what: "tokenDeclined" }
  | { readonly what: "grant"; readonly gid: string; readonly patient: string }
  | { readonly what: "refused"; readonly request: string }
  | { readonly what: "disputed"; readonly record: string };
/** Reads the staff box once: tokens, grants, refusals, disputes become items. @param waitMs - Long poll. */
export declare function receive(session: Session, options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<readonly ReceivedEvent[]>;

/** The address book. */
export declare function listPatients(session: Session): Promise<readonly { readonly fingerprint: string; readonly name: string }[]>;

export interface ImportInput {
  /** A re-iterable source (files of any size), or the bytes. */
  readonly content: ContentSource | Uint8Array;
  readonly fileName: string;
  /** A name in the address book, else an identifier asked of the registry. */
  readonly for: string;
  /** Take the file as it is, byte for byte. */
  readonly whole?: boolean;
  readonly category?: string;
  /** Tells progress: how many records of how many were sealed and stored. */
  readonly onProgress?: (done: number, total: number) => void;
}
export interface ImportedRecord {
  readonly id: string;
  readonly pid: string;
  readonly chain: string;
  readonly category: string;
  readonly title: string;
}
/**
 * Writes a file's records for a patient; a Bundle gives one record per encounter and category.
 *
 * @throws {AnamnesisError} PATIENT_AWAY with nothing written; AMBIGUOUS_NAME, NOT_FOUND; slip codes, with
 * `details.submitted` (ids that are on the chain nevertheless).
 * @throws {FhirError} What cannot be read; `code` says why.
 */
export declare function importFile(session: Session, input: ImportInput): Promise<readonly ImportedRecord[]>;
/** A new version of a record that this doctor's institution wrote. */
export declare function amendRecord(session: Session, input: Omit<ImportInput, "for" | "whole"> & { readonly record: string }): Promise<ImportedRecord & { readonly slip: string }>;

export declare function requestAccess(
  session: Session,
  input: {
    readonly for: string;
    readonly categories?: readonly string[];
    readonly records?: readonly string[];
    readonly actions?: readonly Action[];
    readonly purpose: Purpose;
    /** Unix milliseconds. */
    readonly until: number;
    readonly text?: string;
  },
): Promise<RequestSummary>;
export declare function listRequests(session: Session): Promise<readonly RequestSummary[]>;
export declare function listGrants(session: Session): Promise<readonly GrantSummary[]>;
/** What live grants open. */
export declare function listReadable(session: Session): Promise<readonly RecordSummary[]>;
/** What this doctor wrote. */
export declare function listMine(session: Session): Promise<readonly RecordSummary[]>;

export interface OpenOptions {
  /** Default: the first purpose of the grant. */
  readonly purpose?: Purpose;
  readonly action?: Action;
}
/**
 * Opens a record, whichever way: granted by a patient, else written by this doctor. Posts the usage slips that the patient sees.
 *
 * @param id - A record id, or `ID@n`.
 * @throws {AnamnesisError} NO_ACCESS, TOO_FEW_PROXIES (`details.proxies`: code by proxy), a proxy's code when all refuse alike, E_DECRYPT, …
 */
export declare function openRecord(session: Session, id: string, options?: OpenOptions): Promise<OpenRecord>;
export declare function openGranted(session: Session, id: string, options?: OpenOptions): Promise<OpenRecord>;
/** Several records of one grant under one intent, in order. */
export declare function openMany(session: Session, ids: readonly string[], options?: OpenOptions): Promise<readonly OpenRecord[]>;
export declare function openOwn(session: Session, id: string): Promise<OpenRecord>;
