import { FhirError } from "./fhirError.ts";
import { refuseOtherVersions } from "./fhirVersion.ts";
import { isObject, memberAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { parseJson } from "./parseJson.ts";
import type { JsonDocument } from "./parseJson.ts";
import { isResource } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { resourceTypes } from "./resourceType.ts";
import { sameJson } from "./same.ts";
import { fromUtf8 } from "./text.ts";

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
  /** The file as it came; the same object that was given. */
  readonly bytes: Uint8Array;
  readonly resource: FhirResource;
  /** The whole file as text. */
  readonly json: string;
  /** Of a Bundle, its entries in order; of any other resource, nothing. */
  readonly entries: readonly ParsedEntry[];
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
 * Reads one FHIR R4 resource in JSON, keeping its bytes and its decimals as written.
 *
 * @throws {FhirError} `EMPTY_FILE`, `FILE_TOO_LARGE`, `ENCODING_UTF16`, `ENCODING_BOM`, `ENCODING_INVALID`,
 * `XML_NOT_SUPPORTED`, a `JSON_` code of {@link parseJson}, `FHIR_VERSION`, `NOT_A_RESOURCE`; of a Bundle `BUNDLE_TYPE`, `BUNDLE_EMPTY`,
 * `TOO_MANY_ENTRIES`, `ENTRY_WITHOUT_RESOURCE`, `DUPLICATE_FULL_URL` or `DUPLICATE_ID` (two entries of one name and
 * different content; exact repeats pass).
 */
export function parse(bytes: Uint8Array, options: ParseOptions = {}): ParsedResource {
  const json = decodeText(bytes, options.bytesMax ?? BYTES_MAX);
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
  const entries =
    resource.resourceType === "Bundle" ? readEntries(resource, document, json, options) : [];
  return { bytes, resource, json, entries };
}

/** The file's text: UTF-8 without a byte order mark, and not XML. Codes as {@link parse}. */
function decodeText(bytes: Uint8Array, bytesMax: number): string {
  if (bytes.length > bytesMax) {
    throw new FhirError(
      "FILE_TOO_LARGE",
      `The file has ${bytes.length} bytes, at most ${bytesMax} can be read as FHIR`,
    );
  }
  const [a, b, c] = bytes;
  if (a === undefined) throw new FhirError("EMPTY_FILE", "The file is empty");
  const utf16Mark = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  if (utf16Mark || a === 0 || b === 0) {
    throw new FhirError("ENCODING_UTF16", "The file is UTF-16 or UTF-32, FHIR JSON is UTF-8");
  }
  if (a === 0xef && b === 0xbb && c === 0xbf) {
    throw new FhirError(
      "ENCODING_BOM",
      "The file begins with a byte order mark, wanted UTF-8 without one",
    );
  }
  if (firstVisible(bytes) === LESS_THAN) {
    throw new FhirError("XML_NOT_SUPPORTED", "The file is XML (or HTML), wanted FHIR R4 in JSON");
  }
  try {
    return fromUtf8(bytes);
  } catch {
    throw new FhirError("ENCODING_INVALID", "The file is not valid UTF-8");
  }
}

const LESS_THAN = 0x3c;

function firstVisible(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
}

function readEntries(
  bundle: FhirResource,
  document: JsonDocument,
  json: string,
  options: ParseOptions,
): ParsedEntry[] {
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
  refuseOtherVersions(
    list.flatMap((entry) => {
      const resource = isObject(entry) ? memberAt(entry, "resource") : undefined;
      return isResource(resource) ? [resource] : [];
    }),
  );
  const entries = list.map((entry, index) => {
    const resource = isObject(entry) ? memberAt(entry, "resource") : undefined;
    if (!isResource(resource)) {
      throw new FhirError("ENTRY_WITHOUT_RESOURCE", `Entry ${index} of the Bundle has no resource`);
    }
    if (!resourceTypes.has(resource.resourceType)) {
      throw new FhirError(
        "NOT_A_RESOURCE",
        `Entry ${index} of the Bundle is not a resource of FHIR R4`,
      );
    }
    const [start, end] = document.spans.get(resource) as readonly [number, number];
    return {
      fullUrl: textAt(entry as JsonObject, "fullUrl"),
      resource,
      json: json.slice(start, end),
    };
  });
  refuseDuplicates(entries);
  return entries;
}

function refuseDuplicates(entries: readonly ParsedEntry[]): void {
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
