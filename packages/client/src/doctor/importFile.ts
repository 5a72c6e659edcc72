import type { Subject, SubjectComparison } from "@anamnesis/fhir";
import { AnamnesisError } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { Session } from "../session.ts";
import { resolvePatient } from "./addressBook.ts";
import { planImport } from "./importPlan.ts";
import type { Planned } from "./importPlan.ts";
import type { PreparedRecord, RecordsInput } from "./prepareRecords.ts";
import { submitRecords } from "./submitRecords.ts";
import type { ImportedRecord } from "./submitRecords.ts";
import { tokensFor } from "./tokens.ts";
import type { HeldToken, WantedVisit } from "./tokens.ts";
import { sealAndStore } from "./writeRecords.ts";
import type { Draft } from "./writeRecords.ts";

export interface ImportInput extends RecordsInput {
  /** A name in the address book, else an identifier asked of the registry. */
  readonly for: string;
  /** Told whom the file is about, before anything is written; never after a refusal. */
  readonly onSubject?: (about: ImportSubject) => void;
  /** Tells progress: how many records of how many were sealed and stored. */
  readonly onProgress?: (done: number, total: number) => void;
  /** How long the patient's device may take to answer; default 30,000. */
  readonly patientWaitMs?: number;
}

/** Whom a file is about. */
export interface ImportSubject {
  /** Whom the file is about, as it names them; `undefined` where it names nobody. */
  readonly subject: Subject | undefined;
  /** That beside what is known of the patient: `noEvidence` is to be shown, for nothing says that it is theirs. */
  readonly whose: SubjectComparison;
}

const SEALS_AT_ONCE = 4;

/**
 * Writes a file's records for a patient; a Bundle gives one record per encounter and category, any other file one. What this
 * device wrote before for this patient is left alone, and becomes a new version where it changed ({@link planImport}).
 *
 * Everything is sealed and stored first; then all slips go in one batch, so that a failure before leaves nothing that
 * anybody could find. A second run completes what a first one began.
 *
 * A file that speaks of another person than the patient is refused, unless a reason is given (`despite`).
 *
 * @returns one for each record of the file, in its order, `outcome` saying what became of it.
 * @throws {AnamnesisError} OTHER_PATIENT, PATIENT_AWAY with nothing written; AMBIGUOUS_NAME, NOT_FOUND; slip codes, with
 * `details.submitted` (ids that are on the chain nevertheless).
 * @throws {FhirError} What cannot be read; `code` says why.
 */
export async function importFile(
  session: Session,
  input: ImportInput,
): Promise<readonly ImportedRecord[]> {
  if (session.device.role !== "doctor")
    throw new AnamnesisError("NOT_FOR_THIS_ROLE", "Records are written by doctors");
  const [{ prepareRecords }, { compareWith, refuseConflict, rememberSubject }] = await Promise.all([
    import("./prepareRecords.ts"),
    import("./whose.ts"),
  ]);
  const { records, subject } = await prepareRecords(session, input);
  const patient = await resolvePatient(session, input.for);
  const whose = await compareWith(session, patient, subject);
  // What is taken byte for byte has no Provenance in which a reason could stand.
  const holdsReason = records.every(({ record }) => record.source !== undefined);
  refuseConflict(whose, { despite: input.despite, holdsReason });
  input.onSubject?.({ subject, whose });
  const plan = await planImport(session, patient, records);
  const visits = visitsOf(plan.flatMap((one) => (one.outcome === "new" ? [one.prepared] : [])));
  const tokens = await tokensFor(
    session,
    patient,
    visits.map(({ wanted }) => wanted),
    input.patientWaitMs,
  );
  const tokenOf = new Map(
    visits.flatMap(({ records: ofVisit }, i) =>
      ofVisit.map((prepared) => [prepared, tokens[i] as HeldToken] as const),
    ),
  );
  const drafts = plan.flatMap((one) => draftsOf(one, tokenOf));
  let done = 0;
  const stored = await inParallel(drafts, SEALS_AT_ONCE, async (draft) => {
    const result = await sealAndStore(session, draft);
    done += 1;
    input.onProgress?.(done, drafts.length);
    return result;
  });
  const written = (await submitRecords(session, stored)).values();
  if (subject !== undefined && whose.verdict !== "conflict")
    await rememberSubject(session, patient, subject);
  return plan.map((one) =>
    one.outcome === "unchanged" ? asBefore(one) : (written.next().value as ImportedRecord),
  );
}

function draftsOf(
  planned: Planned,
  tokenOf: ReadonlyMap<PreparedRecord, HeldToken>,
): readonly Draft[] {
  if (planned.outcome === "unchanged") return [];
  const { record: description, ...prepared } = planned.prepared;
  const draft = { description, ...prepared };
  if (planned.outcome === "new")
    return [{ ...draft, token: tokenOf.get(planned.prepared) as HeldToken }];
  const { amends, token } = planned;
  const { sensitive } = amends.item;
  return [{ ...draft, description: { ...description, sensitive }, token, amends }];
}

function asBefore({ item }: Extract<Planned, { outcome: "unchanged" }>): ImportedRecord {
  const { record: id, pid, chain, category, title } = item;
  return { id, pid, chain, category, title, outcome: "unchanged" };
}

/** The records by encounter; one encounter is one visit, and so is what belongs to none. */
function visitsOf(
  prepared: readonly PreparedRecord[],
): { readonly wanted: WantedVisit; readonly records: readonly PreparedRecord[] }[] {
  const byEncounter = Map.groupBy(prepared, ({ record }) => record.encounterKey);
  return [...byEncounter].map(([key, records]) => ({
    wanted: { key, categories: [...new Set(records.map(({ record }) => record.category))] },
    records,
  }));
}
