import type { Issue, Rule } from "./issue.ts";
import { isUcum } from "./ucum.ts";
import type { RequiredBindings } from "./validateBinding.ts";
import { below } from "./validateBinding.ts";

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const DATE = /^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$/;
const TIME_OF_DAY = "(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?";
const INSTANT = new RegExp(
  `^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])T${TIME_OF_DAY}(?:Z|[+-](?:0\\d|1[0-4]):[0-5]\\d)$`,
);
const UCUM = "http://unitsofmeasure.org";

type Member = Readonly<Record<string, unknown>>;

/**
 * What the base profiles' structure leaves unchecked: empty values, ids, dates and times (with zone), periods that end
 * before they begin, units that UCUM does not have, narratives without text or namespace.
 */
export function valueIssues(
  instance: unknown,
  resourceType: string,
  elements: RequiredBindings,
): Issue[] {
  const issues: Issue[] = [];
  walk(instance, resourceType, resourceType);
  return issues;

  function walk(value: unknown, path: string, expression: string): void {
    if (Array.isArray(value)) {
      if (value.length === 0)
        fault("VALUE_EMPTY", expression, "An array is empty, wanted no array");
      for (const [at, item] of value.entries()) walk(item, path, `${expression}[${at}]`);
      return;
    }
    if (typeof value === "string" && value.trim() === "")
      fault("VALUE_EMPTY", expression, "A text is blank, wanted no element");
    if (typeof value !== "object" || value === null) return;
    const members = Object.entries(value);
    if (members.length === 0)
      fault("VALUE_EMPTY", expression, "An object is empty, wanted no object");
    for (const [key, member] of members) {
      const place = `${expression}.${key}`;
      const element = elements.get(`${path}.${key}`);
      if (element === undefined) {
        walk(member, `${path}.${key}`, place);
        continue;
      }
      for (const type of element.types) check(type, member, place);
      walk(member, below(element, `${path}.${key}`, member), place);
    }
  }

  function check(type: string, member: unknown, place: string): void {
    for (const [at, value] of (Array.isArray(member) ? member : [member]).entries()) {
      const expression = Array.isArray(member) ? `${place}[${at}]` : place;
      if (typeof value === "string") checkText(type, value, expression, place);
      else if (typeof value === "object" && value !== null)
        checkObject(type, value as Member, expression);
    }
  }

  function checkText(type: string, value: string, expression: string, place: string): void {
    const isId = type === "id" || (type === STRING && /^[A-Z]\w*\.id$|\.resource\.id$/.test(place));
    if (isId && !ID.test(value))
      fault("VALUE_ID", expression, "An id has other characters than letters, digits, - and .");
    if (type === "date" && !DATE.test(value))
      fault("VALUE_TIME", expression, "A date is not YYYY, YYYY-MM or YYYY-MM-DD");
    if (type === "dateTime" && !DATE.test(value) && !INSTANT.test(value))
      fault("VALUE_TIME", expression, "A time is not one of FHIR, or has no zone");
    if (type === "instant" && !INSTANT.test(value))
      fault("VALUE_TIME", expression, "An instant is not to the second with a zone");
    if (type === "xhtml") checkNarrative(value, expression);
  }

  function checkNarrative(div: string, expression: string): void {
    if (
      !/^\s*<(?:\w+:)?div\b[^>]*\sxmlns(?::\w+)?\s*=\s*["']http:\/\/www\.w3\.org\/1999\/xhtml["']/.test(
        div,
      )
    )
      fault(
        "NARRATIVE_NAMESPACE",
        expression,
        "The narrative's div is not in the namespace of XHTML",
      );
    const text = div.replace(/<[^>]*>/g, "").replace(/&nbsp;|&#160;|&#xa0;/gi, "");
    if (text.trim() === "" && !/<img\b/i.test(div))
      fault("NARRATIVE_BLANK", expression, "The narrative has no text (txt-2)");
  }

  function checkObject(type: string, value: Member, expression: string): void {
    const { start, end, system, code } = value;
    if (type === "Period" && typeof start === "string" && typeof end === "string")
      if (isAfter(start, end))
        fault("PERIOD_REVERSED", expression, "A period ends before it begins (per-1)");
    if (QUANTITIES.has(type) && system === UCUM && typeof code === "string" && !isUcum(code))
      fault("UNIT_UNKNOWN", `${expression}.code`, "The code is not a unit of UCUM");
  }

  function fault(rule: Rule, expression: string, message: string): void {
    issues.push({ severity: "error", code: "value", rule, expression, message });
  }
}

const STRING = "http://hl7.org/fhirpath/System.String";
const QUANTITIES: ReadonlySet<string> = new Set(
  "Quantity SimpleQuantity Age Duration Count Distance MoneyQuantity".split(" "),
);

/** Whether one time is surely after another: both in full by their instants, else as far as both are written. */
function isAfter(start: string, end: string): boolean {
  if (start.includes("T") && end.includes("T")) return Date.parse(start) > Date.parse(end);
  const length = Math.min(start.length, end.length, "YYYY-MM-DD".length);
  return start.slice(0, length) > end.slice(0, length);
}
