import type { ParsedResource } from "../parse.ts";
import type { Coding, FhirResource } from "../resource.ts";

/** What one history is told by, in the order of an International Patient Summary. */
export const topics = [
  "problems",
  "allergies",
  "medicines",
  "immunizations",
  "results",
  "visits",
] as const;
export type Topic = (typeof topics)[number];

/** A record that a history is made of: where it is from, and what it holds. */
export interface HistorySource {
  /** The record's id, by which it is opened again. */
  readonly record: string;
  /** The institution that the chain names, not the one that the content claims. */
  readonly institution: string;
  /** When this version was written, in ms since 1970. */
  readonly time: number;
  /** The newest version's content; `undefined` for what is not FHIR JSON (a letter, an image). */
  readonly content: ParsedResource | undefined;
}

/** Who said something, and in which records. */
export interface Said {
  readonly institution: string;
  /** Every record that holds it, copies included. */
  readonly records: readonly string[];
  /** As of when it was said: a FHIR date or dateTime as written, else the record's own time. */
  readonly asOf: string;
}

/** One institution's latest word on a fact. */
export interface Word {
  readonly value: string;
  readonly said: readonly Said[];
}

/** An element of a fact on which the institutions' latest words differ. */
export interface Difference {
  readonly element: "status" | "verification" | "severity" | "dosage" | "value" | "known";
  /** At least two, the newest first. */
  readonly words: readonly Word[];
}

/** What several sources may say of the same matter, told once. */
export interface Fact {
  readonly topic: Topic;
  /** What, in the words of the newest statement. */
  readonly label: string;
  readonly codings: readonly Coding[];
  /** FHIR's own status code by the newest statement, such as `active`; empty where it says none. */
  readonly status: string;
  /** A statement that there is nothing of the kind, such as "no known allergies". */
  readonly negative: boolean;
  /** The measured value as written, a medicine's dosage, an allergy's reaction; empty where there is none. */
  readonly value: string;
  readonly unit?: string;
  /** The result's own interpretation code, such as `H`. */
  readonly flag?: string;
  /** When it began, was measured or was given: a FHIR date or dateTime as written. */
  readonly date?: string;
  readonly end?: string;
  /** Newest first. */
  readonly said: readonly Said[];
  readonly differences: readonly Difference[];
  /** The newest statement, and where its references lead. */
  readonly statement: Statement;
}

/** One resource of one institution, of which there may be copies in several of its records. */
export interface Statement {
  readonly topic: Topic;
  readonly label: string;
  readonly fullUrl: string;
  readonly resource: FhirResource;
  readonly follow: (reference: string) => FhirResource | undefined;
  readonly said: Said;
  /** What it is about: codings with system and code, and its words in normal form. */
  readonly codings: readonly Coding[];
  readonly words: readonly string[];
  /** Where two statements are of one fact only at the same time: when, in comparable form. */
  readonly moment: string | undefined;
  readonly status: string;
  readonly compared: Readonly<Partial<Record<Difference["element"], string>>>;
}

/** A patient's history out of what was shared. There may always be more that was not. */
export interface History {
  readonly facts: Readonly<Record<Topic, readonly Fact[]>>;
  /** The institutions whose records it is made of, in order of their names. */
  readonly institutions: readonly string[];
  readonly records: number;
  /** Records that are no FHIR JSON and have to be read by themselves. */
  readonly notRead: readonly string[];
  /** What is not told: resources entered in error, and earlier states of resources that were changed later. */
  readonly suppressed: { readonly enteredInError: number; readonly superseded: number };
  /** Patients as the records name them. */
  readonly patients: readonly FhirResource[];
}
