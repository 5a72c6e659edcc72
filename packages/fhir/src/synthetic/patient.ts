import { writeJson } from "../json.ts";
import { toUtf8 } from "../text.ts";
import { diseases, doctors, people } from "./catalogue.ts";
import { Random } from "./random.ts";
import { make } from "./resources.ts";
import type { Made } from "./resources.ts";
import { encounter, visitKinds, visitResources } from "./visit.ts";
import type { VisitKind } from "./visit.ts";
import { syntheticPdf } from "./pdf.ts";

export interface SyntheticOptions {
  /** The patient's name; a made-up one when left out. */
  readonly name?: string;
  /** Names of the institutions visited; the one whose name holds "online" (or 网, 线上), else the last, takes the online visits. */
  readonly institutions?: readonly string[];
  /** How many visits; 5 when left out. From 4 on, every kind of visit occurs. */
  readonly visits?: number;
  /** The year of the first visit; 2025 when left out. */
  readonly firstYear?: number;
}

export interface SyntheticBundle {
  readonly institution: string;
  readonly doctor: string;
  readonly kind: VisitKind;
  /** When the visit began: a FHIR dateTime. */
  readonly start: string;
  /** A transaction Bundle in FHIR R4 JSON. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SyntheticFile {
  readonly institution: string;
  readonly doctor: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SyntheticPatient {
  readonly person: {
    readonly name: string;
    readonly identifier: string;
    readonly birthDate: string;
    readonly sex: "female" | "male";
  };
  /** One for each visit, oldest first. */
  readonly bundles: readonly SyntheticBundle[];
  /** Files that are no FHIR: a letter as PDF, a note as text. */
  readonly documents: readonly SyntheticFile[];
}

const INSTITUTIONS: readonly string[] = ["General Hospital", "City Hospital", "Online Clinic"];

/** A believable made-up patient: the same seed and options give the same bytes. No outside data, no clock. */
export function syntheticPatient(seed: number, options: SyntheticOptions = {}): SyntheticPatient {
  const random = new Random(seed);
  const institutions = options.institutions ?? INSTITUTIONS;
  const drawn = random.pick(people);
  const { sex } = drawn;
  const name = options.name ?? drawn.name;
  const identifier = `SYN-${(seed >>> 0).toString().padStart(10, "0")}`;
  const birthDate = `${random.integer(1938, 2004)}-${two(random.integer(1, 12))}-${two(random.integer(1, 28))}`;
  const patient = make([seed, "patient"], "Patient", {
    identifier: [{ system: "urn:x-anamnesis:synthetic", value: identifier }],
    name: [{ text: name }],
    gender: sex,
    birthDate,
  });
  const illnesses = random.some(diseases, 3);
  const bundles: SyntheticBundle[] = [];
  const count = options.visits ?? 5;
  for (let visit = 0; visit < count; visit++) {
    const kind = visitKinds[visit % visitKinds.length] as VisitKind;
    const place =
      kind === "online" ? onlinePlace(institutions) : institutionOf(institutions, visit);
    const doctorName = doctorOf(place);
    const day = visitDay(options.firstYear ?? 2025, visit, random);
    bundles.push(
      visitBundle({
        seed,
        visit,
        random,
        kind,
        place,
        doctorName,
        day,
        patient,
        disease: random.pick(illnesses),
      }),
    );
  }
  const [place = INSTITUTIONS[0] as string] = institutions;
  const from = { institution: place, doctor: doctorOf(place) };
  const note = `门诊记录\n姓名：${name}\n诊断：${illnesses.map(({ chinese }) => chinese).join("、")}\n建议：两周后复诊。\n`;
  return {
    person: { name, identifier, birthDate, sex },
    bundles,
    documents: [
      { ...from, fileName: "letter.pdf", mediaType: "application/pdf", bytes: syntheticPdf(seed) },
      { ...from, fileName: "note.txt", mediaType: "text/plain", bytes: toUtf8(note) },
    ],
  };
}

interface VisitParts {
  readonly seed: number;
  readonly visit: number;
  readonly random: Random;
  readonly kind: VisitKind;
  readonly place: string;
  readonly doctorName: string;
  readonly day: string;
  readonly patient: Made;
  readonly disease: (typeof diseases)[number];
}

function visitBundle(parts: VisitParts): SyntheticBundle {
  const { seed, visit, random, kind, place, doctorName, day, patient } = parts;
  const hour = random.integer(8, 16);
  const start = `${day}T${two(hour)}:${two(random.integer(0, 59))}:00+08:00`;
  const end = `${day}T${two(hour + 1)}:59:00+08:00`;
  // Institution and doctor carry no seed: they are the same for every patient.
  const institution = make(["institution", place], "Organization", { name: place });
  const doctor = make(["doctor", place, doctorName], "Practitioner", {
    name: [{ text: doctorName }],
  });
  const shared = { seed, visit, patient, doctor, institution };
  const visited = encounter(kind, { ...shared, start, end });
  const resources = visitResources(
    kind,
    { ...shared, random, encounter: visited, at: start },
    parts.disease,
  );
  const entry = [patient, institution, doctor, visited, ...resources].map(
    ({ fullUrl, resource }) => ({
      fullUrl,
      resource,
      request: { method: "POST", url: resource.resourceType },
    }),
  );
  const json = writeJson({ resourceType: "Bundle", type: "transaction", entry });
  return { institution: place, doctor: doctorName, kind, start, bytes: toUtf8(json) };
}

function institutionOf(institutions: readonly string[], visit: number): string {
  const online = onlinePlace(institutions);
  const others = institutions.filter((name) => name !== online);
  return (others.length === 0 ? online : others[visit % others.length]) as string;
}

function onlinePlace(institutions: readonly string[]): string {
  return (institutions.find((name) => /online|网|线上/i.test(name)) ??
    institutions.at(-1) ??
    INSTITUTIONS[0]) as string;
}

/** Each institution has one doctor, chosen by its name. */
function doctorOf(institution: string): string {
  const sum = Array.from(institution, (letter) => letter.codePointAt(0) ?? 0).reduce(
    (a, b) => a + b,
    0,
  );
  return doctors[sum % doctors.length] as string;
}

/** Visits lie about two months apart, six to a year. */
function visitDay(firstYear: number, visit: number, random: Random): string {
  const year = firstYear + Math.floor(visit / 6);
  return `${year}-${two((visit % 6) * 2 + random.integer(1, 2))}-${two(random.integer(1, 28))}`;
}

function two(number: number): string {
  return number.toString().padStart(2, "0");
}
