import { objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { ParsedResource } from "./parse.ts";
import { derivedFullUrl, EntryIndex } from "./reference.ts";
import { codingsAt, isResource, personName } from "./resource.ts";
import type { FhirResource } from "./resource.ts";

/** A number by which somebody is known in one system. */
export interface SubjectIdentifier {
  /** A URI; `undefined` where the file names none, and then it can be compared with nothing. */
  readonly system: string | undefined;
  readonly value: string;
  /** The code of its type in HL7 table 0203, such as `MR`. */
  readonly type: string | undefined;
}

/** Whom a file is about, or whom somebody is known to be. It is plaintext: it belongs on screens, never in a log or error. */
export interface Subject {
  /** Those in use; retired and temporary ones are left out. */
  readonly identifiers: readonly SubjectIdentifier[];
  /** As people read them, the official or usual one first; former ones, too. */
  readonly names: readonly string[];
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  readonly birthDate: string | undefined;
  /** A FHIR administrative gender. */
  readonly sex: string | undefined;
}

/** What a visit token states, or whatever else is known of one person. */
export interface StatedSubject {
  readonly name?: string | undefined;
  readonly birthDate?: string | undefined;
  readonly sex?: string | undefined;
  readonly identifiers?: readonly { readonly system: string; readonly value: string }[] | undefined;
}

/** A stated person as a {@link Subject}, to be compared. */
export function statedSubject(stated: StatedSubject): Subject {
  return {
    identifiers: (stated.identifiers ?? []).map((one) => ({ ...one, type: undefined })),
    names: stated.name === undefined ? [] : [stated.name],
    birthDate: stated.birthDate,
    sex: stated.sex,
  };
}

/**
 * Whom a file is about, as it names them: the Patient to whom a document's Composition or a single resource refers (an
 * entry, a contained Patient, or a reference by identifier and display), else the Bundle's only Patient. `undefined` where
 * it names nobody.
 */
export function subjectOf({ resource, entries }: ParsedResource): Subject | undefined {
  if (resource.resourceType !== "Bundle") return subjectOfResource(resource);
  const index = new EntryIndex(
    entries.map((entry) => ({
      ...entry,
      fullUrl: entry.fullUrl ?? derivedFullUrl(entry.resource),
    })),
  );
  const [first] = index.entries;
  if (textAt(resource, "type") === "document" && first?.resource.resourceType === "Composition") {
    const reference = textAt(objectAt(first.resource, "subject"), "reference");
    const target = reference === undefined ? undefined : index.find(reference, first)?.resource;
    if (target?.resourceType === "Patient") return subjectOfPatient(target);
    const named = subjectOfResource(first.resource);
    if (named !== undefined) return named;
  }
  const patients = index.entries.filter((entry) => entry.resource.resourceType === "Patient");
  if (patients.length === 1 && patients[0] !== undefined)
    return subjectOfPatient(patients[0].resource);
  const [holder] = patients.length === 0 ? index.entries : [];
  return holder === undefined ? undefined : subjectOfResource(holder.resource);
}

const SUBJECT_ELEMENTS = ["subject", "patient", "for", "beneficiary"] as const;

function subjectOfResource(resource: FhirResource): Subject | undefined {
  if (resource.resourceType === "Patient") return subjectOfPatient(resource);
  const contained = objectsAt(resource, "contained").filter(isResource);
  for (const element of SUBJECT_ELEMENTS) {
    const [reference] = objectsAt(resource, element);
    if (reference === undefined) continue;
    const literal = textAt(reference, "reference");
    const inside = contained.find((one) => literal === `#${textAt(one, "id") ?? ""}`);
    if (inside?.resourceType === "Patient") return subjectOfPatient(inside);
    const named = subjectOfReference(reference);
    if (named !== undefined) return named;
  }
  return undefined;
}

/** What a reference that leads nowhere says by itself. */
function subjectOfReference(reference: JsonObject): Subject | undefined {
  if ((textAt(reference, "type") ?? "Patient") !== "Patient") return undefined;
  const identifiers = identifiersAt(reference);
  const display = textAt(reference, "display");
  if (identifiers.length === 0 && display === undefined) return undefined;
  const names = display === undefined ? [] : [display];
  return { identifiers, names, birthDate: undefined, sex: undefined };
}

function subjectOfPatient(patient: FhirResource): Subject {
  const names = objectsAt(patient, "name")
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .flatMap((name) => writtenName(name) ?? []);
  return {
    identifiers: identifiersAt(patient),
    names: [...new Set(names)],
    birthDate: textAt(patient, "birthDate"),
    sex: textAt(patient, "gender"),
  };
}

const NAME_USES = ["official", "usual", undefined];

const rankOf = (name: JsonObject): number => {
  const place = NAME_USES.indexOf(textAt(name, "use"));
  return place === -1 ? NAME_USES.length : place;
};

const writtenName = (name: JsonObject): string | undefined => {
  const written = personName(name)?.trim();
  return written === "" ? undefined : written;
};

const RETIRED: ReadonlySet<string> = new Set(["old", "temp"]);

function identifiersAt(holder: JsonObject): SubjectIdentifier[] {
  return objectsAt(holder, "identifier").flatMap((identifier) => {
    const value = textAt(identifier, "value")?.trim() ?? "";
    if (value === "" || RETIRED.has(textAt(identifier, "use") ?? "")) return [];
    const [type] = codingsAt(identifier, "type").flatMap(({ code }) => code ?? []);
    return [{ system: textAt(identifier, "system"), value, type }];
  });
}
