import type { ContentSource } from "@anamnesis/crypto/seal";
import { fromHex, streamOf, toHex } from "@anamnesis/crypto/verify";
import {
  FhirError,
  HEAD_BYTES,
  parseCategory,
  prepareImport,
  recogniseMedia,
  takeWhole,
} from "@anamnesis/fhir";
import type { RecordDocument, WholeRecord } from "@anamnesis/fhir";
import { AnamnesisError, limits, slipCodes, slipCodeText } from "@anamnesis/protocol";
import type { SlipCode, SlipOutcome } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import { headOf } from "../recordLabel.ts";
import type { Session } from "../session.ts";
import { haveKept } from "../storeObject.ts";
import { postBatch, signedSlip } from "../submit.ts";
import { resolvePatient } from "./addressBook.ts";
import { tokensFor } from "./tokens.ts";
import type { HeldToken, WantedVisit } from "./tokens.ts";
import { keepLabel, notify, sealAndStore } from "./writeRecords.ts";
import type { Draft, StoredDraft } from "./writeRecords.ts";

export interface ImportInput {
  /** A re-iterable source (files of any size), or the bytes. */
  readonly content: ContentSource | Uint8Array;
  readonly fileName: string;
  /** A name in the address book, else an identifier asked of the registry. */
  readonly for: string;
  /** Take the file as it is, byte for byte. */
  readonly whole?: boolean;
  readonly category?: string;
  /** Overrules what the file says of itself: whether its records go under the tags for sensitive ones. */
  readonly sensitive?: boolean;
  /** Tells progress: how many records of how many were sealed and stored. */
  readonly onProgress?: (done: number, total: number) => void;
  /** How long the patient's device may take to answer; default 30,000. */
  readonly patientWaitMs?: number;
}
export interface ImportedRecord {
  readonly id: string;
  readonly pid: string;
  readonly chain: string;
  readonly category: string;
  readonly title: string;
}

type Content = Pick<ImportInput, "content" | "fileName" | "whole" | "category" | "sensitive">;
/** A record of the file, with its content. */
export interface PreparedRecord {
  readonly record: WholeRecord;
  readonly content: ContentSource;
  /** The content's first bytes, `HEAD_BYTES` or all. */
  readonly head: Uint8Array;
}

const SEALS_AT_ONCE = 4;
const NOTICES_AT_ONCE = 8;
/** FHIR JSON is parsed in memory; larger files are refused before they are read. */
const PARSED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Writes a file's records for a patient; a Bundle gives one record per encounter and category, any other file one.
 *
 * Everything is sealed and stored first; then all slips go in one batch, so that a failure before leaves nothing that
 * anybody could find.
 *
 * @throws {AnamnesisError} PATIENT_AWAY with nothing written; AMBIGUOUS_NAME, NOT_FOUND; slip codes, with
 * `details.submitted` (ids that are on the chain nevertheless).
 * @throws {FhirError} What cannot be read; `code` says why.
 */
export async function importFile(
  session: Session,
  input: ImportInput,
): Promise<readonly ImportedRecord[]> {
  if (session.device.role !== "doctor")
    throw new AnamnesisError("NOT_FOR_THIS_ROLE", "Records are written by doctors");
  const prepared = await prepareRecords(session, input);
  const patient = await resolvePatient(session, input.for);
  const visits = visitsOf(prepared);
  const tokens = await tokensFor(
    session,
    patient,
    visits.map(({ wanted }) => wanted),
    input.patientWaitMs,
  );
  const drafts = visits.flatMap(({ records }, i) =>
    records.map(({ record, content, head }): Draft => ({
      description: record,
      content,
      head,
      token: tokens[i] as HeldToken,
    })),
  );
  let done = 0;
  const stored = await inParallel(drafts, SEALS_AT_ONCE, async (draft) => {
    const result = await sealAndStore(session, draft);
    done += 1;
    input.onProgress?.(done, drafts.length);
    return result;
  });
  return submitAll(session, stored, patient.name);
}

/**
 * The records that a file gives.
 *
 * @throws {FhirError}
 */
export async function prepareRecords(
  session: Pick<Session, "clock">,
  input: Content,
): Promise<readonly PreparedRecord[]> {
  const source = input.content instanceof Uint8Array ? sourceOf(input.content) : input.content;
  const said = {
    ...(input.category === undefined ? {} : { category: parseCategory(input.category) }),
    ...(input.sensitive === undefined ? {} : { sensitive: input.sensitive }),
  };
  const head = await headOf(source.open(), HEAD_BYTES);
  if (input.whole === true || !recogniseMedia(head, input.fileName).fhirText) {
    return [{ record: takeWhole(head, input.fileName, said), content: source, head }];
  }
  if (source.size > PARSED_BYTES_MAX)
    throw new FhirError(
      "FILE_TOO_LARGE",
      `The file has ${source.size} bytes, wanted at most ${PARSED_BYTES_MAX} of FHIR JSON`,
    );
  const bytes =
    input.content instanceof Uint8Array
      ? input.content
      : await headOf(source.open(), PARSED_BYTES_MAX);
  const documents: readonly RecordDocument[] = prepareImport(bytes, input.fileName, {
    timestamp: new Date(session.clock()).toISOString(),
    ...said,
  });
  return documents.map((document) => ({
    record: document,
    content: sourceOf(document.bytes),
    head: document.bytes.subarray(0, HEAD_BYTES),
  }));
}

const sourceOf = (bytes: Uint8Array): ContentSource => ({
  size: bytes.length,
  open: () => streamOf([bytes]),
});

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

/** Posts the slips in one batch (by 1,024), keeps what was written, tells the patient. */
async function submitAll(
  session: Session,
  stored: readonly StoredDraft[],
  patientName: string,
): Promise<readonly ImportedRecord[]> {
  const { device } = session;
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const cert = fromHex(fingerprint);
  const slips = stored.map(({ draft, pid, tag, sealed, sealedId }) => {
    const { chain, institution } = draft.token.token;
    const fields = { institution, cert, pid, tag, digest: sealed.digest, sealedId };
    return signedSlip(session, {
      chain,
      kind: "record.submit",
      fields,
      secretKey: signing.secretKey,
    });
  });
  const written: ImportedRecord[] = [];
  let refused: SlipOutcome | undefined;
  for (let start = 0; start < slips.length; start += limits.batchSlips) {
    const part = slips.slice(start, start + limits.batchSlips);
    const results = await postBatch(session, part).catch((error: unknown) => {
      throw withSubmitted(error, written);
    });
    const accepted = results.flatMap((result, i) => (result.code === "OK" ? [start + i] : []));
    refused ??= results.find(({ code }) => code !== "OK");
    written.push(
      ...(await inParallel(accepted, NOTICES_AT_ONCE, (index) =>
        keep(session, stored[index] as StoredDraft, slips[index]?.id ?? "", patientName),
      )),
    );
  }
  if (refused !== undefined) {
    const code = Object.hasOwn(slipCodes, refused.code) ? (refused.code as SlipCode) : "INTERNAL";
    const text = code === "INTERNAL" ? "The chain refused a record" : slipCodeText[code];
    throw withSubmitted(new AnamnesisError(code, text), written);
  }
  return written;
}

async function keep(
  session: Session,
  stored: StoredDraft,
  record: string,
  patientName: string,
): Promise<ImportedRecord> {
  const { draft, pid, tag, held } = stored;
  const { token, item } = draft.token;
  const { category, sensitive, title } = draft.description;
  const imported = { id: record, pid: toHex(pid), chain: token.chain, category, title };
  await session.device.items.put("written", record, {
    record,
    chain: token.chain,
    pid: imported.pid,
    tag: toHex(tag),
    category,
    sensitive,
    title,
    patient: item.patient,
    patientName,
    time: session.clock(),
    disputes: {},
  });
  await keepLabel(session, record, stored);
  await Promise.all([
    haveKept(session, held),
    notify(session, draft.token, { record, slip: record }),
  ]);
  return imported;
}

/** The error with the ids of what is on the chain nevertheless. */
function withSubmitted(error: unknown, written: readonly ImportedRecord[]): unknown {
  if (!(error instanceof AnamnesisError)) return error;
  const submitted = written.map(({ id }) => id);
  const message =
    submitted.length === 0
      ? error.message
      : `${error.message}; ${submitted.length} records of the file were written before`;
  return new AnamnesisError(error.code, message, { cause: error, details: { submitted } });
}
