import type { RecordLabel } from "@anamnesis/crypto/seal";
import { concat, piecesOf, utf8 } from "@anamnesis/crypto/verify";
import { labelFacts } from "@anamnesis/fhir";

/** What a label holds of each text; the whole must fit 512 bytes. */
const TITLE_BYTES = 200;
const DATE_BYTES = 40;
const TYPE_BYTES = 120;
/** `urn:uuid:` and 36 characters. */
const SERIES_BYTES = 45;
/** Confidentiality "restricted" (HL7 v3-Confidentiality): what lies under a tag for sensitive records. */
const RESTRICTED = "R";

/**
 * A record's label as its author writes it and its owner expects it.
 *
 * @param input.title - The name that stands inside the record.
 * @param input.head - The content's first bytes, `HEAD_BYTES` or all.
 * @param input.sensitive - Whether it lies under a tag for sensitive records.
 */
export function labelOf(input: {
  readonly title: string;
  readonly head: Uint8Array;
  readonly sensitive: boolean;
}): RecordLabel {
  const { start, end, type, series } = labelFacts(input.head);
  return {
    title: cut(input.title, TITLE_BYTES),
    start: ifShort(start, DATE_BYTES),
    end: ifShort(end, DATE_BYTES),
    type: ifShort(type, TYPE_BYTES),
    series: ifShort(series, SERIES_BYTES),
    sensitivity: input.sensitive ? [RESTRICTED] : [],
  };
}

/** The first bytes of a stream, which is then cancelled; all of a shorter one. */
export async function headOf(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(stream)) {
    parts.push(piece);
    size += piece.length;
    if (size >= bytesMax) break;
  }
  return concat(...parts).subarray(0, bytesMax);
}

const ifShort = (text: string | undefined, bytesMax: number): string | null =>
  text === undefined || utf8(text).length > bytesMax ? null : text;

/** Whole characters of the text up to so many bytes. */
function cut(text: string, bytesMax: number): string {
  let kept = "";
  let bytes = 0;
  for (const character of text.toWellFormed().replace(/^\uFEFF+/, "")) {
    bytes += utf8(character).length;
    if (bytes > bytesMax) break;
    kept += character;
  }
  return kept;
}
