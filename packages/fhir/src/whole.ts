import { categoryOf, statedCategory } from "./category.ts";
import type { Category } from "./category.ts";
import { compositionOfHead } from "./composition.ts";
import { encounterOf } from "./encounter.ts";
import { attempt, FhirError } from "./fhirError.ts";
import { foreignFacts } from "./foreign.ts";
import { keywords, keywordsOf } from "./keywords.ts";
import type { KeywordOptions } from "./keywords.ts";
import { FHIR_TYPES, recogniseMedia } from "./media.ts";
import { parseExport } from "./exportFiles.ts";
import { parse } from "./parse.ts";
import type { ParsedResource, ParseOptions } from "./parse.ts";
import { clinicalDate } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { textAt } from "./json.ts";
import { derivedFullUrl } from "./reference.ts";
import { isSensitive } from "./sensitivity.ts";
import { split } from "./split.ts";
import { subjectOf } from "./subject.ts";
import type { Subject } from "./subject.ts";
import type { RecordDocument, SplitOptions } from "./split.ts";

export interface WholeOptions extends KeywordOptions {
  /** Overrules what the file says of itself. */
  readonly category?: Category;
  readonly sensitive?: boolean;
  readonly parse?: ParseOptions;
}

/** What is known of a file that is taken byte for byte, before it is read to its end. */
export type WholeRecord = Omit<RecordDocument, "bytes">;

/**
 * Describes a file to be taken whole, byte for byte, from its first bytes (`HEAD_BYTES` or the whole file). It
 * refuses nothing: the file need not be FHIR, nor well formed.
 *
 * The category is that of a document's Composition (category, else type), of a single resource its own, `imaging` for
 * DICOM, what CDA and HL7 v2 say of themselves, else `encounter-note`.
 * The title is the Composition's, else the file's name. FHIR is sensitive where a resource says so, and where it cannot be
 * read to its end; other files only where the caller says so.
 */
export function takeWhole(
  head: Uint8Array,
  fileName: string,
  options: WholeOptions = {},
): WholeRecord {
  const media = recogniseMedia(head, fileName);
  const isFhir = FHIR_TYPES.has(media.mediaType);
  const parsed = isFhir ? attempt(() => parse(head, options.parse)) : undefined;
  const composition = isFhir ? compositionOfHead(head, parsed) : undefined;
  const facts = attempt(() => foreignFacts(head, media, { partial: true }));
  const resources = resourcesOf(parsed);
  const stated =
    facts?.category ??
    (composition === undefined ? categoryOfOne(parsed) : statedCategory(composition));
  const category =
    options.category ??
    stated ??
    (media.mediaType === "application/dicom" ? "imaging" : "encounter-note");
  const date = facts?.start ?? clinicalDate(composition ?? parsed?.resource ?? NO_RESOURCE);
  const context = { category, dates: date === undefined ? [] : [date] };
  const coded = resources.length === 0 && composition !== undefined ? [composition] : resources;
  return {
    encounterKey: undefined,
    category,
    sensitive:
      options.sensitive ??
      facts?.sensitive ??
      ((isFhir && (parsed === undefined || [...resources, parsed.resource].some(isSensitive))) ||
        media.mediaType === "application/vnd.hl7cda+xml"),
    mediaType: media.mediaType,
    fullUrls: (parsed?.entries ?? []).map(
      (entry) => entry.fullUrl ?? derivedFullUrl(entry.resource),
    ),
    ...(date !== undefined && { periodStart: date }),
    title: (composition && textAt(composition, "title")) ?? facts?.title ?? fileName,
    keywords:
      facts === undefined
        ? keywords(coded, context, options)
        : keywordsOf(facts.codings, context, options),
  };
}

/** The category of a single resource, as it would have in a Bundle; of a Bundle that is no document, none. */
function categoryOfOne(parsed: ParsedResource | undefined): Category | undefined {
  if (parsed === undefined || parsed.resource.resourceType === "Bundle") return undefined;
  return categoryOf(parsed.resource, { known: encounterOf(parsed) !== undefined });
}

const NO_RESOURCE: FhirResource = { resourceType: "" };

/** A file of an export, as it came. */
export interface ImportFile {
  readonly bytes: Uint8Array;
  readonly fileName: string;
}

export interface ImportOptions extends SplitOptions, WholeOptions {
  /** Take a searchset although pages of it are missing. */
  readonly partial?: boolean;
}

export interface ReadImport {
  readonly documents: readonly RecordDocument[];
  /** Whom the file is about, as it names them. */
  readonly subject: Subject | undefined;
  /** How many entries only delete something elsewhere, and were passed over. */
  readonly deletions: number;
}

/**
 * What one export gives, in one file or in several (pages of a searchset, NDJSON of a bulk export): a patient's Bundle is
 * {@link split}; a document Bundle, a single resource, a PDF, a DICOM or any other file goes whole. A document or single
 * resource that names its encounter belongs to it.
 *
 * @throws {FhirError} What {@link parseExport} and {@link split} throw: text that should be FHIR and is not is refused, so
 * that a cut-off export is not stored as if it were a document. {@link takeWhole} takes even that. `FILES_DIFFER` where one
 * of several files is no FHIR.
 */
export function readImport(
  files: readonly [ImportFile, ...ImportFile[]],
  options: ImportOptions,
): ReadImport {
  const [{ bytes, fileName }, ...more] = files;
  const isText = (file: ImportFile): boolean => recogniseMedia(file.bytes, file.fileName).fhirText;
  const media = recogniseMedia(bytes, fileName);
  const facts = more.length === 0 ? foreignFacts(bytes, media, { partial: false }) : undefined;
  if (facts !== undefined || (!media.fhirText && more.length === 0)) {
    const document = { ...takeWhole(bytes, fileName, options), bytes };
    return { documents: [document], subject: facts?.subject, deletions: 0 };
  }
  if (!files.every(isText))
    throw new FhirError("FILES_DIFFER", "The files are not parts of one export, wanted FHIR alone");
  const { partial = false } = options;
  const pages = [bytes, ...more.map((file) => file.bytes)] as const;
  const parsed = parseExport(pages, { ...options.parse, partial });
  const { deletions } = parsed;
  const subject = subjectOf(parsed);
  if (!isPatientBundle(parsed)) {
    const encounterKey = encounterOf(parsed);
    const document = { ...takeWhole(bytes, fileName, options), encounterKey, bytes };
    return { documents: [document], subject, deletions };
  }
  const { category, sensitive } = options;
  const documents = split(parsed, options).map((document) => ({
    ...document,
    ...(category === undefined ? {} : { category }),
    ...(sensitive === undefined ? {} : { sensitive }),
  }));
  return { documents, subject, deletions };
}

const isPatientBundle = ({ form, resource }: ParsedResource): boolean =>
  form !== "xml" && resource.resourceType === "Bundle" && textAt(resource, "type") !== "document";

/** The records that one file gives; as {@link readImport}. */
export function prepareImport(
  bytes: Uint8Array,
  fileName: string,
  options: ImportOptions,
): readonly RecordDocument[] {
  return readImport([{ bytes, fileName }], options).documents;
}

/** A resource, or what a Bundle holds. */
function resourcesOf(parsed: ParsedResource | undefined): FhirResource[] {
  if (parsed === undefined) return [];
  return parsed.entries.length > 0
    ? parsed.entries.map(({ resource }) => resource)
    : [parsed.resource];
}
