import { isHl7v2 } from "./hl7v2.ts";
import { fromUtf8Loosely } from "./text.ts";

/** What a file's first bytes (4 KiB are enough) and name say it is. */
export interface Media {
  /** IANA media type; `application/octet-stream` where nothing is recognised. */
  readonly mediaType: string;
  /** Whether the file can only be a record in FHIR or CDA (or a broken one), to be parsed and not taken as it is. */
  readonly fhirText: boolean;
}

const MAGIC: readonly (readonly [number, string, string])[] = [
  [0, "%PDF-", "application/pdf"],
  [128, "DICM", "application/dicom"],
  [0, "\u0089PNG\r\n\u001a\n", "image/png"],
  [0, "\u00ff\u00d8\u00ff", "image/jpeg"],
  [0, "II*\0", "image/tiff"],
  [0, "MM\0*", "image/tiff"],
  [0, "GIF8", "image/gif"],
  [8, "WEBP", "image/webp"],
  [0, "PK\u0003\u0004", "application/zip"],
  [0, "\u001f\u008b", "application/gzip"],
  [4, "ftyp", "video/mp4"],
];

/** Media types that `parse` reads. */
export const FHIR_TYPES: ReadonlySet<string> = new Set([
  "application/fhir+json",
  "application/fhir+xml",
]);

/** Text that says nothing of itself goes by its name. */
const BY_NAME: Readonly<Record<string, string>> = {
  txt: "text/plain",
  csv: "text/csv",
  md: "text/markdown",
  hl7: "x-application/hl7-v2+er7",
};

/** The media type by magic number, then by the shape of the text, then by name. */
export function recogniseMedia(head: Uint8Array, fileName = ""): Media {
  for (const [at, magic, mediaType] of MAGIC)
    if (standsAt(head, at, magic)) return { mediaType, fhirText: false };
  const extension = /\.([a-z0-9]+)$/.exec(fileName.toLowerCase())?.[1] ?? "";
  const marked = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
  const first = (marked ? head.subarray(3) : head).find(
    (byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d,
  );
  const named = BY_NAME[extension];
  if (first === 0x7b || first === 0x5b)
    return { mediaType: "application/fhir+json", fhirText: true };
  if (first === 0x3c) return { mediaType: xmlType(head), fhirText: true };
  if (isHl7v2(fromUtf8Loosely(head.subarray(marked ? 3 : 0, 16))))
    return { mediaType: "x-application/hl7-v2+er7", fhirText: false };
  if (named !== undefined) return { mediaType: named, fhirText: false };
  const unicodeText =
    head.length === 0 || head[0] === 0xff || head[0] === 0xfe || head[0] === 0xef || head[1] === 0;
  if (extension === "json" || extension === "xml" || unicodeText)
    return { mediaType: "application/json", fhirText: true };
  return { mediaType: "application/octet-stream", fhirText: false };
}

const XML_HEAD_BYTES = 4096;

/** By the first element and the namespaces that it declares. */
function xmlType(head: Uint8Array): string {
  const text = fromUtf8Loosely(head.subarray(0, XML_HEAD_BYTES));
  const [root = ""] = /<[A-Za-z_][^>]*/.exec(text.replace(/<!--.*?-->/gs, "")) ?? [];
  if (/["']http:\/\/hl7\.org\/fhir["']/.test(root)) return "application/fhir+xml";
  return /^<(?:\w+:)?ClinicalDocument\b/.test(root)
    ? "application/vnd.hl7cda+xml"
    : "application/xml";
}

function standsAt(head: Uint8Array, at: number, magic: string): boolean {
  for (let index = 0; index < magic.length; index++) {
    if (head[at + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}
