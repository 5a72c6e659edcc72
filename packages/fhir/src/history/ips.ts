import { isObject, textAt } from "../json.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { resourceName } from "../resource.ts";
import type { FhirResource } from "../resource.ts";
import { escapeXml } from "../text.ts";
import { deriveUuid } from "../uuid.ts";
import { isCurrent } from "./facts.ts";
import type { Fact, History, Statement } from "./model.ts";

export interface IpsOptions {
  /** When it is compiled: a FHIR instant with time zone. */
  readonly timestamp: string;
  /** The version of the software that compiles it, where it knows. */
  readonly softwareVersion?: string;
  /** The patient, as who compiles it knows them, where no record names one. */
  readonly patientName?: string;
}

interface Section {
  readonly title: string;
  readonly code: string;
  readonly display: string;
  readonly facts: readonly Fact[];
  /** IPS 2.0: problems, allergies and medicines stand in every summary, though nothing be known. */
  readonly always: boolean;
}

const LOINC = "http://loinc.org";
const XHTML = "http://www.w3.org/1999/xhtml";
const NOT_STATED = "Not stated";
const NOT_ALL =
  "Compiled by software from records that the patient shared; no clinician has reviewed it. There may be more that was not shared.";

/**
 * An International Patient Summary (HL7 IPS 2.0: document Bundle, Composition of type LOINC 60591-5) out of a history, as
 * compact JSON would hold it. Its author is a Device: it is compiled by a machine, and says so. Of a result the newest
 * measurement stands for its code; where nothing is known, the section has an `emptyReason` of `unavailable`, never `nilknown`:
 * what was not shared is not known to be absent. Contradictions stand in the section's narrative.
 *
 * It states no IPS profile: none was checked here.
 */
export function ips(history: History, options: IpsOptions): JsonObject {
  const uuid = (...name: string[]): string =>
    `urn:uuid:${deriveUuid("ips", options.timestamp, ...name)}`;
  const patient = patientOf(history, options, uuid("patient"));
  const device = entry(uuid("device"), {
    resourceType: "Device",
    deviceName: [{ name: "Anamnesis", type: "user-friendly-name" }],
    type: { text: "Software that compiles patient summaries" },
    ...(options.softwareVersion !== undefined && {
      version: [{ value: options.softwareVersion }],
    }),
  });
  const made = new Map<string, JsonObject>();
  const sections = sectionsOf(history)
    .filter(({ always, facts }) => always || facts.length > 0)
    .map((each) => sectionOf(each, (fact) => addFact(made, fact, patient.fullUrl, uuid)));
  const composition = entry(uuid("composition"), {
    resourceType: "Composition",
    language: "en",
    status: "final",
    type: { coding: [{ system: LOINC, code: "60591-5", display: "Patient summary Document" }] },
    subject: { reference: patient.fullUrl },
    date: options.timestamp,
    author: [{ reference: device.fullUrl, display: "Anamnesis (compiled by software)" }],
    title: `Patient summary compiled by software from ${history.records} records of ${history.institutions.length} institutions`,
    text: narrative([NOT_ALL]),
    section: sections,
  });
  return {
    resourceType: "Bundle",
    language: "en",
    identifier: { system: "urn:ietf:rfc:3986", value: uuid("bundle") },
    type: "document",
    timestamp: options.timestamp,
    entry: [composition, patient, device, ...made.values()].map((each) => ({ ...each })),
  };
}

type BundleEntry = { readonly fullUrl: string; readonly resource: JsonObject };

const entry = (fullUrl: string, resource: JsonObject): BundleEntry => ({
  fullUrl,
  resource: withId(resource, fullUrl),
});

const withId = ({ resourceType = "", ...rest }: JsonObject, fullUrl: string): JsonObject => ({
  resourceType,
  id: fullUrl.replace("urn:uuid:", ""),
  ...rest,
});

/** Identifiers, name, birth date and sex of the patient, out of the records that state most. */
function patientOf(history: History, options: IpsOptions, fullUrl: string): BundleEntry {
  const [named] = history.patients.toSorted(
    (a, b) => Object.keys(b).length - Object.keys(a).length,
  );
  const kept = ["identifier", "name", "gender", "birthDate"].flatMap((element) =>
    named?.[element] === undefined ? [] : [[element, named[element]] as const],
  );
  const name = kept.some(([element]) => element === "name")
    ? {}
    : { name: [{ text: options.patientName ?? NOT_STATED }] };
  return entry(fullUrl, { resourceType: "Patient", ...Object.fromEntries(kept), ...name });
}

function sectionsOf({ facts }: History): Section[] {
  const { problems, allergies, medicines, immunizations, results } = facts;
  const active = problems.filter(isCurrent);
  return [
    section("Problems", "11450-4", "Problem list - Reported", active, true),
    section(
      "Allergies",
      "48765-2",
      "Allergies and adverse reactions Document",
      allergies.filter(isCurrent),
      true,
    ),
    section(
      "Medicines",
      "10160-0",
      "History of Medication use Narrative",
      medicines.filter(isCurrent),
      true,
    ),
    section("Immunizations", "11369-6", "History of Immunization note", immunizations, false),
    section(
      "Results",
      "30954-2",
      "Relevant diagnostic tests/laboratory data note",
      newestOfEach(results),
      false,
    ),
    section(
      "Past problems",
      "11348-0",
      "History of Past illness note",
      problems.filter((fact) => !isCurrent(fact)),
      false,
    ),
  ];
}

const section = (
  title: string,
  code: string,
  display: string,
  facts: readonly Fact[],
  always: boolean,
): Section => ({ title, code, display, facts, always });

/** Results come newest first: the first of a code is its newest. */
function newestOfEach(results: readonly Fact[]): Fact[] {
  const byCode = new Map<string, Fact>();
  for (const fact of results) {
    const [coding] = fact.codings;
    const name = coding === undefined ? fact.label : `${coding.system}|${coding.code}`;
    if (!byCode.has(name)) byCode.set(name, fact);
  }
  return [...byCode.values()];
}

function sectionOf(
  { title, code, display, facts }: Section,
  add: (fact: Fact) => string,
): JsonObject {
  const head = { title, code: { coding: [{ system: LOINC, code, display }] } };
  if (facts.length === 0)
    return {
      ...head,
      text: narrative(["Nothing is known from the records that were shared."]),
      emptyReason: {
        coding: [
          {
            system: "http://terminology.hl7.org/CodeSystem/list-empty-reason",
            code: "unavailable",
            display: "Unavailable",
          },
        ],
      },
    };
  return {
    ...head,
    text: narrative(facts.map(lineOf)),
    entry: facts.map((fact) => ({ reference: add(fact) })),
  };
}

/** A fact in one line, with who says it and what others say instead. */
function lineOf({ label, value, unit, date, said, differences }: Fact): string {
  const shown = value === "" ? "" : `: ${value}${unit === undefined ? "" : ` ${unit}`}`;
  const when = date === undefined ? "" : ` (${date.slice(0, 10)})`;
  const by = [...new Set(said.map(({ institution }) => institution))].join(", ");
  const differing = differences.map(
    ({ element, words }) =>
      `; sources differ on ${element}: ${words
        .map(
          (word) => `${word.value} (${word.said.map(({ institution }) => institution).join(", ")})`,
        )
        .join(" / ")}`,
  );
  return `${label}${shown}${when} – ${by}${differing.join("")}`;
}

const narrative = (lines: readonly string[]): JsonObject => ({
  status: "generated",
  div: `<div xmlns="${XHTML}"><ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join("")}</ul></div>`,
});

/** Adds a fact's resource, and the Medication it names, once. */
function addFact(
  made: Map<string, JsonObject>,
  { statement }: Fact,
  patientUrl: string,
  uuid: (...name: string[]) => string,
): string {
  const { institution } = statement.said;
  const fullUrl = uuid(institution, statement.fullUrl);
  if (made.has(fullUrl)) return fullUrl;
  const lead = (reference: JsonObject): JsonObject => {
    const target = statement.follow(textAt(reference, "reference") ?? "");
    if (target?.resourceType === "Patient") return { reference: patientUrl };
    if (target?.resourceType === "Medication") {
      const url = uuid(institution, "medication", textAt(reference, "reference") ?? "");
      made.set(
        url,
        entry(
          url,
          closedResource(target, () => ({ display: NOT_STATED })),
        ),
      );
      return { reference: url };
    }
    return displayOf(reference, target, statement);
  };
  made.set(fullUrl, entry(fullUrl, closedResource(statement.resource, lead)));
  return fullUrl;
}

/** What a reference out of the summary leaves behind: the words for what it led to. */
function displayOf(
  reference: JsonObject,
  target: FhirResource | undefined,
  { said }: Statement,
): JsonObject {
  const display =
    textAt(reference, "display") ?? resourceName(target) ?? `In a record of ${said.institution}`;
  return { display };
}

/** A resource without `meta` and its own narrative, whose references stay within the summary. */
function closedResource(
  resource: FhirResource,
  lead: (reference: JsonObject) => JsonObject,
): JsonObject {
  const kept = Object.entries(resource).filter(([name]) => name !== "meta" && name !== "text");
  return closed(Object.fromEntries(kept), lead) as JsonObject;
}

/** References to contained resources stay as they are. */
function closed(value: JsonValue, lead: (reference: JsonObject) => JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((item) => closed(item, lead));
  if (!isObject(value)) return value;
  const reference = textAt(value, "reference");
  if (reference !== undefined && !reference.startsWith("#")) return lead(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, closed(item, lead)]),
  );
}
