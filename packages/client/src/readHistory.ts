import { FhirError, HEAD_BYTES, parse, recogniseMedia } from "@anamnesis/fhir";
import type { ParsedResource } from "@anamnesis/fhir";
import { combine } from "@anamnesis/fhir/history";
import type { History, HistorySource } from "@anamnesis/fhir/history";
import { collect } from "./collect.ts";
import type { OpenRecord, RecordSummary } from "./model.ts";
import { isError, tried } from "./tried.ts";
import type { OpeningError } from "./tried.ts";

/** What came of opening one record for a history. */
export type OpenedForHistory =
  | { readonly record: RecordSummary; readonly opened: OpenRecord }
  | { readonly record: RecordSummary; readonly error: OpeningError };

/** A patient's history as far as it could be read, by whoever reads it, on their own device. */
export interface ReadHistory {
  readonly history: History;
  /** The records it is made of, by id. */
  readonly records: Readonly<Record<string, RecordSummary>>;
  /** Records that did not open: the history is without them. */
  readonly failed: readonly {
    readonly id: string;
    readonly code: string;
    readonly message: string;
  }[];
}

/**
 * Combines what opens. A record is told only after all of it has been verified; one that does not open is named and keeps
 * nobody from the others. Nothing of it is kept.
 */
export async function readHistory(openings: AsyncIterable<OpenedForHistory>): Promise<ReadHistory> {
  const sources: HistorySource[] = [];
  const records: Record<string, RecordSummary> = {};
  const failed: ReadHistory["failed"][number][] = [];
  for await (const one of openings) {
    const { id, institution, time } = one.record;
    const content = "error" in one ? one.error : await tried(() => contentOf(one.opened));
    if (isError(content)) failed.push({ id, code: content.code, message: content.message });
    else {
      sources.push({ record: id, institution, time, content });
      records[id] = one.record;
    }
  }
  return { history: combine(sources), records, failed };
}

/** A record's FHIR; `undefined` for any other file, and for JSON that is not. */
async function contentOf(opened: OpenRecord): Promise<ParsedResource | undefined> {
  const { content } = await collect(opened);
  if (recogniseMedia(content.subarray(0, HEAD_BYTES)).mediaType !== "application/fhir+json")
    return undefined;
  try {
    return parse(content);
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}
