import { documentCategory, sectionCategory } from "./category.ts";
import type { Category } from "./category.ts";
import { FhirError } from "./fhirError.ts";
import { fhirSex, fhirTime } from "./fileFacts.ts";
import type { FileFacts } from "./fileFacts.ts";
import type { Coding } from "./resource.ts";
import type { Subject } from "./subject.ts";

/** FHIR's URIs of the code systems that HL7 v2 names by table 0396. */
const SYSTEMS: Readonly<Record<string, string>> = {
  LN: "http://loinc.org",
  SCT: "http://snomed.info/sct",
  I10: "http://hl7.org/fhir/sid/icd-10",
  I10C: "http://hl7.org/fhir/sid/icd-10-cm",
  I10G: "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
  RXNORM: "http://www.nlm.nih.gov/research/umls/rxnorm",
  WC: "http://www.whocc.no/atc",
  CVX: "http://hl7.org/fhir/sid/cvx",
};
/** HL7 table 0076. */
const MESSAGE_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0076";
/** What messages carry that state no better category. */
const BY_MESSAGE: Readonly<Record<string, Category>> = {
  ORU: "laboratory",
  OUL: "laboratory",
  ORM: "referral",
  OML: "referral",
  OMG: "referral",
  OMI: "referral",
  REF: "referral",
  RDE: "prescription",
  OMP: "prescription",
  RDS: "medicines",
  RAS: "medicines",
  VXU: "immunizations",
  PPR: "problems",
  DFT: "billing",
  BAR: "billing",
};
/** Fields that code what is recorded. */
const CODED: Readonly<Record<string, readonly number[]>> = {
  OBR: [4],
  OBX: [3, 5],
  DG1: [3],
  PR1: [3],
  AL1: [3],
  IAM: [3],
  PRB: [3],
  RXA: [5],
  RXD: [2],
  RXE: [2],
  RXO: [1],
  TXA: [2],
};

/** Whether text is HL7 v2 in its vertical-bar form: a message or a batch, with or without the frame of MLLP. */
export const isHl7v2 = (text: string): boolean =>
  /^(?:MSH|FHS|BHS)[^\w\s]/.test(text.startsWith(FRAME_BEGINS) ? text.slice(1) : text);

/** The bytes around a message in MLLP. */
const FRAME_BEGINS = "\u000b";
const FRAME_ENDS = "\u001c";

/**
 * What HL7 v2 messages of one patient say of themselves; title, type and times are those of the first.
 *
 * @throws {FhirError} `MANY_PATIENTS`: the messages' PID segments number different people.
 */
export function factsOfHl7v2(text: string): FileFacts {
  const segments = segmentsOf(text);
  const first = (name: string): Segment | undefined => segments.find((one) => one.name === name);
  const [message, observation, document, visit] = ["MSH", "OBR", "TXA", "PV1"].map(first);
  const kind = component(message, 9);
  const stated = [codingOf(document, 2), codingOf(observation, 4)].filter(
    (coding) => coding !== undefined,
  );
  const start = [
    component(observation, 7),
    component(visit, 44),
    component(document, 4),
    component(first("EVN"), 2),
    component(message, 7),
  ].find((time) => time !== "");
  const end = component(observation, 8) || component(visit, 45);
  const loinc = stated.find(({ system }) => system === SYSTEMS["LN"]);
  return {
    category:
      documentCategory(stated) ??
      sectionCategory(component(observation, 24)) ??
      BY_MESSAGE[kind] ??
      "encounter-note",
    title: stated.find(({ display }) => display !== undefined)?.display,
    start: fhirTime(start),
    end: fhirTime(end),
    type: loinc ?? (kind === "" ? undefined : { system: MESSAGE_TYPES, code: kind }),
    document: documentOf(document, observation),
    sensitive: false,
    codings: segments.filter(isSaid).flatMap(codingsIn),
    subject: subjectIn(segments.filter(({ name }) => name === "PID")),
  };
}

interface Segment {
  readonly name: string;
  /** By number, MSH-1 being the separator itself; repetitions, then components. */
  readonly fields: readonly (readonly (readonly string[])[])[];
}

function segmentsOf(text: string): Segment[] {
  let [field, part, repeat] = ["|", "^", "~"];
  return text
    .replaceAll(FRAME_BEGINS, "")
    .replaceAll(FRAME_ENDS, "")
    .split(/[\r\n]+/)
    .filter((line) => /^[A-Z][A-Z0-9]{2}/.test(line))
    .map((line) => {
      const name = line.slice(0, 3);
      const isHead = name === "MSH" || name === "FHS" || name === "BHS";
      if (isHead) [field = "|", part = "^", repeat = "~"] = line.slice(3, 6);
      const written = line.split(field);
      const fields = (isHead ? [name, field, ...written.slice(1)] : written).map((value) =>
        value.split(repeat).map((one) => one.split(part).map(unescaped)),
      );
      return { name, fields };
    });
}

const ESCAPES: Readonly<Record<string, string>> = { F: "|", S: "^", T: "&", R: "~", E: "\\" };

const unescaped = (text: string): string =>
  text.replace(/\\([FSTRE])\\/g, (_, letter: string) => ESCAPES[letter] ?? "").trim();

const component = (segment: Segment | undefined, field: number, at = 1): string =>
  segment?.fields[field]?.[0]?.[at - 1] ?? "";

/** An observation that is deleted or was posted wrongly says nothing (table 0085). */
const isSaid = (segment: Segment): boolean =>
  segment.name !== "OBX" || !["D", "W"].includes(component(segment, 11));

function codingsIn(segment: Segment): Coding[] {
  return (CODED[segment.name] ?? []).flatMap((field) => [
    ...(codingOf(segment, field) === undefined ? [] : [codingOf(segment, field) as Coding]),
    ...(codingOf(segment, field, 4) === undefined ? [] : [codingOf(segment, field, 4) as Coding]),
  ]);
}

/** A coded element, or its alternate, where it names a system that is known. */
function codingOf(segment: Segment | undefined, field: number, from = 1): Coding | undefined {
  const system = SYSTEMS[component(segment, field, from + 2)];
  const code = component(segment, field, from);
  const display = component(segment, field, from + 1);
  if (code === "" || (system === undefined && display === "")) return undefined;
  return {
    ...(system !== undefined && { system }),
    code,
    ...(display !== "" && { display }),
  };
}

/** The document's or the filler order's number, which a later version of it repeats. */
function documentOf(document: Segment | undefined, observation: Segment | undefined) {
  for (const [segment, field] of [
    [document, 12],
    [observation, 3],
  ] as const) {
    const [value, space] = [component(segment, field), component(segment, field, 2)];
    if (value !== "") return `${component(segment, field, 3) || space}|${value}`;
  }
  return undefined;
}

function subjectIn(segments: readonly Segment[]): Subject | undefined {
  const numbers = (segment: Segment) =>
    (segment.fields[3] ?? []).flatMap(([value = "", , , authority = "", type]) => {
      const [space, oid] = authority.split("&");
      const system = oid === undefined || oid === "" ? space : `urn:oid:${oid}`;
      return value === "" ? [] : [{ system: system === "" ? undefined : system, value, type }];
    });
  const [first, ...more] = segments;
  if (first === undefined) return undefined;
  const identifiers = numbers(first);
  const known = new Set(identifiers.map(({ value }) => value));
  const isOther = (segment: Segment): boolean => {
    const values = numbers(segment).map(({ value }) => value);
    return values.length > 0 && known.size > 0 && !values.some((value) => known.has(value));
  };
  if (more.some(isOther))
    throw new FhirError("MANY_PATIENTS", "The messages are of several patients, wanted one");
  const names = (first.fields[5] ?? []).flatMap(([family = "", given = "", middle = ""]) => {
    const written = [given, middle, family.split("&")[0]].filter((word) => word !== "").join(" ");
    return written === "" ? [] : [written];
  });
  const birthDate = fhirTime(component(first, 7))?.slice(0, "YYYY-MM-DD".length);
  return { identifiers, names, birthDate, sex: fhirSex(component(first, 8)) };
}
