import { FhirError } from "./fhirError.ts";
import { refuseOtherVersions } from "./fhirVersion.ts";
import { resourceOfXml } from "./fhirXml.ts";
import { isObject, memberAt, objectAt, objectsAt, textAt, writeJson } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { parseJson } from "./parseJson.ts";
import type { JsonDocument } from "./parseJson.ts";
import { isResource } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { resourceTypes } from "./resourceType.ts";
import { sameJson } from "./same.ts";
import { fromUtf8, withoutMark } from "./text.ts";
import { readXml } from "./xml.ts";

export interface ParseOptions {
  /** Largest file in bytes; 64 MiB when left out. */
  readonly bytesMax?: number;
  /** Most entries of a Bundle; 100,000 when left out. */
  readonly entriesMax?: number;
}

export interface ParsedEntry {
  /** As stated by the Bundle. */
  readonly fullUrl: string | undefined;
  readonly resource: FhirResource;
  /** The resource's own text, as it stands in the file. */
  readonly json: string;
}

export interface ParsedResource {
  /**
   * How the file is written. NDJSON is read as a collection of its lines; of XML, `json` is what could be read of it
   * without definitions ({@link resourceOfXml}), to be shown and never stored.
   */
  readonly form: "json" | "ndjson" | "xml";
  /** The file as it came; the same object that was given. */
  readonly bytes: Uint8Array;
  readonly resource: FhirResource;
  /** The resource's whole text, without a byte order mark. */
  readonly json: string;
  /** Of a Bundle, its entries in order; of any other resource, nothing. */
  readonly entries: readonly ParsedEntry[];
  /** How many entries of the Bundle only delete something elsewhere: they hold no content and are passed over. */
  readonly deletions: number;
}

const BYTES_MAX = 64 * 1024 * 1024;
const ENTRIES_MAX = 100_000;
/** R4 Bundle types that carry a patient's records. */
const BUNDLE_TYPES: readonly string[] = [
  "document",
  "transaction",
  "batch",
  "collection",
  "searchset",
];

/**
 * Reads one FHIR R4 resource in JSON or XML, or resources one a line (NDJSON), keeping bytes and decimals as written. A byte order
 * mark is passed over. In a searchset, entries that tell of the search (`outcome`) are passed over, too.
 *
 * @throws {FhirError} `EMPTY_FILE`, `FILE_TOO_LARGE`, `ENCODING_UTF16`, `ENCODING_INVALID`,
 * an `XML_` code, a `JSON_` code of {@link parseJson}, `FHIR_VERSION`, `NOT_A_RESOURCE`; of a Bundle `BUNDLE_TYPE`, `BUNDLE_EMPTY`,
 * `TOO_MANY_ENTRIES`, `ENTRY_WITHOUT_RESOURCE`, `DUPLICATE_FULL_URL` or `DUPLICATE_ID` (two entries of one name and
 * different content; exact repeats pass).
 */
export function parse(bytes: Uint8Array, options: ParseOptions = {}): ParsedResource {
  const json = decodeText(bytes, options.bytesMax ?? BYTES_MAX);
  if (/^\s*</.test(json)) return parseXml(bytes, json, options);
  if (isLines(json)) return parseLines(bytes, json, options);
  const document = parseJson(json);
  const resource = document.value;
  if (!isResource(resource)) {
    throw new FhirError(
      "NOT_A_RESOURCE",
      'The JSON is not a FHIR resource, wanted an object with "resourceType"',
    );
  }
  refuseOtherVersions([resource]);
  if (!resourceTypes.has(resource.resourceType)) {
    throw new FhirError("NOT_A_RESOURCE", 'The "resourceType" is not a resource type of FHIR R4');
  }
  const read =
    resource.resourceType === "Bundle"
      ? readEntries(resource, (one) => json.slice(...spanOf(document, one)), options)
      : { entries: [], deletions: 0 };
  return { form: "json", bytes, resource, json, ...read };
}

function parseXml(bytes: Uint8Array, text: string, options: ParseOptions): ParsedResource {
  const resource = resourceOfXml(text, readXml(text));
  refuseOtherVersions([resource]);
  if (!resourceTypes.has(resource.resourceType))
    throw new FhirError("NOT_A_RESOURCE", "The XML is not a resource of FHIR R4");
  const json = writeJson(resource);
  if (resource.resourceType !== "Bundle")
    return { form: "xml", bytes, resource, json, entries: [], deletions: 0 };
  const list = objectsAt(resource, "entry");
  const read = readEntries({ ...resource, entry: list }, writeJson, options);
  return { form: "xml", bytes, resource, json, ...read };
}

/** Whether a text is one JSON object a line: the first line ends as it begins, and another follows. */
function isLines(text: string): boolean {
  return /^\s*\{[^\n]*\}[\t\r ]*\n\s*\{/.test(text);
}

function parseLines(bytes: Uint8Array, text: string, options: ParseOptions): ParsedResource {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const entriesMax = options.entriesMax ?? ENTRIES_MAX;
  if (lines.length > entriesMax) {
    throw new FhirError(
      "TOO_MANY_ENTRIES",
      `The file has ${lines.length} lines, at most ${entriesMax} can be read`,
    );
  }
  const entries = lines.map((line, number) => {
    const resource = readLine(line, number);
    return { fullUrl: undefined, resource, json: line.trim() };
  });
  refuseOtherVersions(entries.map(({ resource }) => resource));
  refuseUnknownTypes(entries);
  refuseDuplicates(entries);
  return { form: "ndjson", bytes, ...bundled("collection", entries), entries, deletions: 0 };
}

function readLine(line: string, number: number): FhirResource {
  try {
    const { value } = parseJson(line);
    if (isResource(value)) return value;
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    throw new FhirError(error.code, `${error.message} in resource ${number} of the NDJSON`);
  }
  throw new FhirError("NOT_A_RESOURCE", `Line ${number + 1} of the NDJSON is not a FHIR resource`);
}

/** A Bundle of entries, each in its own text. */
export function bundled(
  type: string,
  entries: readonly ParsedEntry[],
): Pick<ParsedResource, "resource" | "json"> {
  const named = (fullUrl: string | undefined) => (fullUrl === undefined ? {} : { fullUrl });
  const entry = entries.map(({ fullUrl, resource }) => ({ ...named(fullUrl), resource }));
  const written = entries.map(({ fullUrl, json }) => {
    const head = fullUrl === undefined ? "" : `"fullUrl":${JSON.stringify(fullUrl)},`;
    return `{${head}"resource":${json}}`;
  });
  return {
    resource: { resourceType: "Bundle", type, entry },
    json: `{"resourceType":"Bundle","type":${JSON.stringify(type)},"entry":[${written.join(",")}]}`,
  };
}

/** The file's text, which is UTF-8. Codes as {@link parse}. */
function decodeText(bytes: Uint8Array, bytesMax: number): string {
  if (bytes.length > bytesMax) {
    throw new FhirError(
      "FILE_TOO_LARGE",
      `The file has ${bytes.length} bytes, at most ${bytesMax} can be read as FHIR`,
    );
  }
  const [a, b] = bytes;
  if (a === undefined) throw new FhirError("EMPTY_FILE", "The file is empty");
  const utf16Mark = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  if (utf16Mark || a === 0 || b === 0) {
    throw new FhirError("ENCODING_UTF16", "The file is UTF-16 or UTF-32, FHIR JSON is UTF-8");
  }
  try {
    return withoutMark(fromUtf8(bytes));
  } catch {
    throw new FhirError("ENCODING_INVALID", "The file is not valid UTF-8");
  }
}

function readEntries(
  bundle: FhirResource,
  textOf: (resource: FhirResource) => string,
  options: ParseOptions,
): Pick<ParsedResource, "entries" | "deletions"> {
  if (!BUNDLE_TYPES.includes(textAt(bundle, "type") ?? "")) {
    throw new FhirError(
      "BUNDLE_TYPE",
      `The Bundle's type cannot be imported, wanted one of ${BUNDLE_TYPES.join(", ")}`,
    );
  }
  const list = memberAt(bundle, "entry");
  if (!Array.isArray(list) || list.length === 0)
    throw new FhirError("BUNDLE_EMPTY", "The Bundle has no entries");
  const entriesMax = options.entriesMax ?? ENTRIES_MAX;
  if (list.length > entriesMax) {
    throw new FhirError(
      "TOO_MANY_ENTRIES",
      `The Bundle has ${list.length} entries, at most ${entriesMax} can be read`,
    );
  }
  const content = list
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => holds(entry));
  const entries = content.map(({ entry, index }) => {
    const resource = isObject(entry) ? memberAt(entry, "resource") : undefined;
    if (!isResource(resource)) {
      throw new FhirError("ENTRY_WITHOUT_RESOURCE", `Entry ${index} of the Bundle has no resource`);
    }
    return { fullUrl: textAt(entry as JsonObject, "fullUrl"), resource, json: textOf(resource) };
  });
  refuseOtherVersions(entries.map(({ resource }) => resource));
  refuseUnknownTypes(entries);
  refuseDuplicates(entries);
  if (entries.length === 0)
    throw new FhirError("BUNDLE_EMPTY", "The Bundle has no entries that hold a resource");
  return { entries, deletions: list.filter(isDeletion).length };
}

const spanOf = ({ spans }: JsonDocument, resource: FhirResource): readonly [number, number] =>
  spans.get(resource) as readonly [number, number];

/** Whether an entry is to hold content: not one that deletes, nor one that tells how a search went. */
const holds = (entry: JsonValue): boolean =>
  !isDeletion(entry) &&
  !(isObject(entry) && textAt(objectAt(entry, "search"), "mode") === "outcome");

const isDeletion = (entry: JsonValue): boolean =>
  isObject(entry) && textAt(objectAt(entry, "request"), "method") === "DELETE";

function refuseUnknownTypes(entries: readonly ParsedEntry[]): void {
  const at = entries.findIndex(({ resource }) => !resourceTypes.has(resource.resourceType));
  if (at === -1) return;
  throw new FhirError(
    "NOT_A_RESOURCE",
    `Resource ${at} of the Bundle is not a resource of FHIR R4`,
  );
}

/** @throws {FhirError} `DUPLICATE_FULL_URL` or `DUPLICATE_ID` */
export function refuseDuplicates(entries: readonly ParsedEntry[]): void {
  const byUrl = new Map<string, FhirResource>();
  const byId = new Map<string, ParsedEntry>();
  for (const [index, entry] of entries.entries()) {
    const { fullUrl, resource } = entry;
    const sameUrl = fullUrl === undefined ? undefined : byUrl.get(fullUrl);
    if (sameUrl !== undefined && !sameJson(sameUrl, resource)) {
      throw new FhirError(
        "DUPLICATE_FULL_URL",
        `Entry ${index} has the fullUrl of an earlier, different entry`,
      );
    }
    if (fullUrl !== undefined) byUrl.set(fullUrl, resource);

    const id = textAt(resource, "id");
    if (id === undefined) continue;
    const name = `${resource.resourceType}/${id}`;
    const sameId = byId.get(name);
    if (sameId !== undefined && !elsewhere(sameId, entry) && !sameJson(sameId.resource, resource)) {
      throw new FhirError(
        "DUPLICATE_ID",
        `Entry ${index} has type and id of an earlier, different ${resource.resourceType}`,
      );
    }
    byId.set(name, entry);
  }
}

/** Whether two entries stem from different servers, where one id may name two things. */
function elsewhere(one: ParsedEntry, other: ParsedEntry): boolean {
  const base = (entry: ParsedEntry): string | undefined =>
    /^https?:\/\/.*(?=\/[^/]+\/[^/]+$)/.exec(entry.fullUrl ?? "")?.[0];
  const [a, b] = [base(one), base(other)];
  return a !== undefined && b !== undefined && a !== b;
}
