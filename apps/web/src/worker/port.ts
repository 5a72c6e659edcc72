/**
 * What the screens may ask of the worker that holds the keys, and what it tells on its own. Everything that crosses is
 * plain data: no key, seed or token has a place in it. Ids are lower-case hex, times Unix milliseconds.
 */
import type {
  GrantSummary,
  LogEntry,
  RecordSummary,
  RequestSummary,
  VersionSummary,
} from "@anamnesis/client";
import type { ToldHistory } from "@anamnesis/fhir/history";
import type { Summary } from "@anamnesis/fhir/summary";
import type { Action, Purpose } from "@anamnesis/protocol";

/** Whom the worker acts for. */
export interface EnteredPerson {
  readonly name: string;
  readonly role: string;
  readonly institution: string;
  /** Names of the federation's institutions by id, as the trust file has them. */
  readonly institutions: Readonly<Record<string, string>>;
  /** Institutions whose proxies hold shares, by the proxy's index. */
  readonly guards: Readonly<Record<number, string>>;
  readonly rules: Rules;
}

/** What requests and grants may say. It comes from the worker, so that the page loads no code that could use keys. */
export interface Rules {
  readonly categories: readonly string[];
  readonly purposes: readonly Purpose[];
  /** Longest grant, milliseconds. */
  readonly grantLifetimeMs: number;
}

/** One measured or named thing of a record, in its own words. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly unit?: string;
  /** The record's own interpretation code, such as `H`. */
  readonly flag?: string;
}

/** A record in a list, with what its label and opening it on this device told. */
export interface ListedRecord extends RecordSummary {
  /** A FHIR date or dateTime: when it happened. */
  readonly date?: string;
  /** What says most of it. */
  readonly fact?: Fact;
  /** Why it could not be opened, where its content or signature is at fault. */
  readonly broken?: string;
}

/** A list as this device showed it last. */
export interface KeptRecords {
  readonly time: number;
  readonly records: readonly ListedRecord[];
}

/** An opened and verified record. */
export interface ShownRecord {
  readonly record: RecordSummary;
  readonly version: VersionSummary;
  readonly mediaType: string;
  readonly fileName: string;
  /** The exact bytes that were signed: at their patient's, and where a reader's page draws them. */
  readonly content?: Blob;
  /** Whether its reader may keep a copy. */
  readonly canCopy: boolean;
  /** Of FHIR records; texts in it are sanitised XHTML. */
  readonly summary?: Summary;
}

/** One history out of every record that its reader may read. */
export interface ShownHistory {
  readonly history: ToldHistory;
  /** Titles and places of the records it is made of, by id. */
  readonly records: Readonly<Record<string, RecordSummary>>;
  /** How many did not open, so that it is without them. */
  readonly failed: number;
}

/** Somebody in a doctor's address book. */
export interface KnownPatient {
  readonly fingerprint: string;
  readonly name: string;
}

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** Every call by its name. Each may fail with a code of the protocol. */
export interface Calls {
  /** Gets the identity of a demonstration person and starts to listen. Once, first. */
  readonly enter: Call<{ readonly name: string }, EnteredPerson>;

  /** What this device showed last, at once; `null` where that is nothing. */
  readonly "patient.kept": Call<null, KeptRecords | null>;
  readonly "patient.records": Call<null, readonly ListedRecord[]>;
  readonly "patient.record": Call<{ readonly id: string }, ShownRecord>;
  /** `digest`: the version that was read. A newer one is not confirmed unread: DIGEST_NOT_NEWEST. */
  readonly "patient.confirm": Call<
    { readonly id: string; readonly digest: string },
    { readonly isProven: boolean }
  >;
  readonly "patient.dispute": Call<
    { readonly id: string; readonly digest: string; readonly reason: string },
    null
  >;
  readonly "patient.history": Call<null, ShownHistory>;
  /** An International Patient Summary, compiled by a machine: a FHIR document. */
  readonly "patient.summary": Call<null, Blob>;
  readonly "patient.requests": Call<null, readonly RequestSummary[]>;
  readonly "patient.approve": Call<
    {
      readonly request: string;
      readonly categories?: readonly string[];
      readonly actions?: readonly Action[];
      readonly until?: number;
    },
    GrantSummary
  >;
  readonly "patient.refuse": Call<{ readonly request: string }, null>;
  readonly "patient.grants": Call<null, readonly GrantSummary[]>;
  readonly "patient.revoke": Call<{ readonly gid: string }, GrantSummary>;
  readonly "patient.log": Call<null, readonly LogEntry[]>;
  readonly "patient.proof": Call<{ readonly record: string }, Blob>;

  readonly "doctor.readable": Call<null, readonly RecordSummary[]>;
  readonly "doctor.written": Call<null, readonly RecordSummary[]>;
  readonly "doctor.grants": Call<null, readonly GrantSummary[]>;
  readonly "doctor.record": Call<{ readonly id: string }, ShownRecord>;
  /** Opens again to keep a copy, which the patient sees. `version`: 1 is the first. */
  readonly "doctor.copy": Call<{ readonly id: string; readonly version: number }, Blob>;
  /** Opens every record of a patient that this doctor may read, each with its entry in the patient's log. */
  readonly "doctor.history": Call<{ readonly patient: string }, ShownHistory>;
  readonly "doctor.patients": Call<null, readonly KnownPatient[]>;
  readonly "doctor.requests": Call<null, readonly RequestSummary[]>;
  readonly "doctor.ask": Call<
    {
      readonly patient: string;
      readonly categories?: readonly string[];
      readonly actions: readonly Action[];
      readonly purpose: Purpose;
      readonly until: number;
      readonly text?: string;
    },
    RequestSummary
  >;
}

export type Method = keyof Calls;
export type Input<M extends Method> = Calls[M]["input"];
export type Output<M extends Method> = Calls[M]["output"];

/** What the worker tells without being asked. */
export type PortEvent =
  | { readonly what: "listening" }
  | { readonly what: "waiting" }
  /** Something arrived, or the person did something, that lists must show. */
  | {
      readonly what: "changed";
      readonly news: "asked" | "noticed" | "details" | "other" | "own";
    };

/** A failure on its way to a screen: screens have their own words for codes. */
export interface PortFailure {
  readonly code: string;
  /** Ids of the institutions that did not give what was asked of them; absent when it is nobody's absence. */
  readonly away?: readonly string[];
}

export interface PortRequest<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly input: Input<M>;
}

export type PortMessage =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: PortFailure }
  | { readonly event: PortEvent };

/** One end of a channel: a Worker, a worker's own scope, a MessagePort. */
export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}
