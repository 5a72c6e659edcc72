import type { Category } from "./category.ts";
import type { Coding } from "./resource.ts";
import type { Subject } from "./subject.ts";

/** What a file that is no FHIR, and is kept whole, says of itself. */
export interface FileFacts {
  readonly category: Category | undefined;
  readonly title: string | undefined;
  /** When what is recorded began and ended: FHIR dates or dateTimes. */
  readonly start: string | undefined;
  readonly end: string | undefined;
  /** The document's or message's type. */
  readonly type: Coding | undefined;
  /** The name under which later versions of it come, as `system|value`. */
  readonly document: string | undefined;
  readonly sensitive: boolean;
  /** Codes of what it records, without what it denies. */
  readonly codings: readonly Coding[];
  readonly subject: Subject | undefined;
}

/**
 * A time as HL7 v2 and CDA write it (`YYYYMMDDHHMMSS.SSSS±ZZZZ`, cut off anywhere) as a FHIR dateTime; its date alone where
 * it names no zone.
 */
export function fhirTime(written: string | undefined): string | undefined {
  const found = /^(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?([+-]\d{4})?/.exec(
    written ?? "",
  );
  if (found === null) return undefined;
  const [, year = "", month, day, hour, minute, second = "00", zone] = found;
  const date = [year, month, day].filter((part) => part !== undefined).join("-");
  if (day === undefined || hour === undefined || minute === undefined || zone === undefined)
    return date;
  return `${date}T${hour}:${minute}:${second}${zone.slice(0, 3)}:${zone.slice(3)}`;
}

/** An administrative sex of HL7 v2 (table 0001) or v3 as FHIR's administrative gender. */
export function fhirSex(code: string | undefined): string | undefined {
  if (code === "M") return "male";
  if (code === "F") return "female";
  if (code === "U") return "unknown";
  return code === undefined || code === "" ? undefined : "other";
}
