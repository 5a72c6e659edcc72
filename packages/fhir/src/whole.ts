import { statedCategory } from "./category.ts";
import type { Category } from "./category.ts";
import { compositionIn } from "./composition.ts";
import { encounterOf } from "./encounter.ts";
import { FhirError } from "./fhirError.ts";
import { keywords } from "./keywords.ts";
import type { KeywordOptions } from "./keywords.ts";
import { recogniseMedia } from "./media.ts";
import { parse } from "./parse.ts";
import type { ParsedResource, ParseOptions } from "./parse.ts";
import { clinicalDate } from "./resource.ts";
import { textAt } from "./json.ts";
import { derivedFullUrl } from "./reference.ts";
import { isSensitive } from "./sensitivity.ts";
import { split } from "./split.ts";
import type { RecordDocument, SplitOptions } from "./split.ts";
import { fromUtf8Loosely } from "./text.ts";

/** A head that surely holds a Composition's type and category, if the file begins with one. */
export const HEAD_BYTES = 1024 * 1024;

export interface WholeOptions extends KeywordOptions {
  /** Overrules what the file says of itself. */
  readonly category?: Category;
  readonly sensitive?: boolean;
  readonly parse?: ParseOptions;
}

/** What is known of a file that is taken byte for byte, before it is read to its end. */
export type WholeRecord = Omit<RecordDocument, "bytes">;

/**
 * Describes a file to be taken whole, byte for byte, from its first bytes ({@link HEAD_BYTES} or the whole file). It
 * refuses nothing: the file need not be FHIR, nor well formed.
 *
 * The category is that of a document's Composition (category, else type), `imaging` for DICOM, else `encounter-note`.
 * The title is the Composition's, else the file's name. FHIR is sensitive where a resource says so, and where it cannot be
 * read to its end; other files only where the caller says so.
 */
export function takeWhole(
  head: Uint8Array,
  fileName: string,
  options: WholeOptions = {},
): WholeRecord {
  const media = recogniseMedia(head, fileName);
  const parsed =
    media.mediaType === "application/fhir+json"
      ? attempt(() => parse(head, options.parse))
      : undefined;
  const composition =
    media.mediaType === "application/fhir+json"
      ? attempt(() => compositionIn(parsed?.json ?? fromUtf8Loosely(head.subarray(0, HEAD_BYTES))))
      : undefined;
  const stated = composition === undefined ? undefined : statedCategory(composition);
  const category =
    options.category ??
    stated ??
    (media.mediaType === "application/dicom" ? "imaging" : "encounter-note");
  const date = clinicalDate(composition ?? parsed?.resource ?? { resourceType: "" });
  const resources = resourcesOf(parsed);
  return {
    encounterKey: undefined,
    category,
    sensitive:
      options.sensitive ??
      (media.mediaType === "application/fhir+json" &&
        (parsed === undefined || resources.some(isSensitive))),
    mediaType: media.mediaType,
    fullUrls: (parsed?.entries ?? []).map(
      (entry) => entry.fullUrl ?? derivedFullUrl(entry.resource),
    ),
    ...(date !== undefined && { periodStart: date }),
    title: (composition && textAt(composition, "title")) ?? fileName,
    keywords: keywords(
      resources.length === 0 && composition !== undefined ? [composition] : resources,
      { category, dates: date === undefined ? [] : [date] },
      options,
    ),
  };
}

/**
 * The records that one file gives: a patient's Bundle is {@link split}; a document Bundle, a single resource, a PDF, a
 * DICOM or any other file goes whole. A document or single resource that names its encounter belongs to it.
 *
 * @throws {FhirError} What {@link parse} and {@link split} throw: text that should be FHIR and is not is refused, so that
 * a cut-off export is not stored as if it were a document. {@link takeWhole} takes even that.
 */
export function prepareImport(
  bytes: Uint8Array,
  fileName: string,
  options: SplitOptions & WholeOptions,
): RecordDocument[] {
  if (!recogniseMedia(bytes, fileName).fhirText)
    return [{ ...takeWhole(bytes, fileName, options), bytes }];
  const parsed = parse(bytes, options.parse);
  const isPatientBundle =
    parsed.resource.resourceType === "Bundle" && textAt(parsed.resource, "type") !== "document";
  if (!isPatientBundle)
    return [{ ...takeWhole(bytes, fileName, options), encounterKey: encounterOf(parsed), bytes }];
  const documents = split(parsed, options);
  const { category, sensitive } = options;
  return documents.map((document) => ({
    ...document,
    ...(category === undefined ? {} : { category }),
    ...(sensitive === undefined ? {} : { sensitive }),
  }));
}

function resourcesOf(parsed: ParsedResource | undefined): ParsedResource["resource"][] {
  if (parsed === undefined) return [];
  return parsed.entries.length > 0
    ? parsed.entries.map(({ resource }) => resource)
    : [parsed.resource];
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}
