import type { Category } from "./category.ts";
import { labelOf } from "./describe.ts";
import { isObject, memberAt, objectAt, objectsAt, textAt, writeJson } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { referencesOf, urlsOf } from "./reference.ts";
import type { Entry, EntryIndex } from "./reference.ts";
import { codingsAt } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { isSensitive } from "./sensitivity.ts";

/**
 * Kinds that belong to no encounter and no category of their own. Each document gets a copy of those it refers to,
 * directly or through others.
 */
export const sharedTypes: ReadonlySet<string> = new Set(
  (
    "Patient Practitioner PractitionerRole Organization OrganizationAffiliation Location HealthcareService Endpoint " +
    "RelatedPerson Person Group Device DeviceDefinition DeviceMetric Medication MedicationKnowledge Substance " +
    "Questionnaire PlanDefinition ActivityDefinition"
  ).split(" "),
);

/** Beside shared kinds, what a bill may carry of others: who pays. What was done and why, it refers to. */
const BILLED_WITH: ReadonlySet<string> = new Set(["Coverage", "Account", "Contract", "Encounter"]);

export interface SplitEntry extends Entry {
  readonly json: string;
  /** Place in the input. */
  readonly position: number;
  readonly encounterKey: string | undefined;
}

/** What a document is made of, before its copies are known. */
export interface Group {
  readonly encounterKey: string | undefined;
  readonly category: Category;
  readonly sensitive: boolean;
  readonly primaries: readonly SplitEntry[];
}

/** What a document says of a resource that it refers to and does not hold. */
export interface Citation {
  readonly fullUrl: string;
  readonly type: string;
  /** What it is about: its code, or the words that stand for one. */
  readonly concept: JsonObject;
}

export interface Closure {
  /** In the order of the input. */
  readonly copies: readonly SplitEntry[];
  readonly cited: readonly Citation[];
}

/**
 * What a document needs beside its own resources: the Patient as given, the Encounter, and copies of what these refer to
 * (see `split`); and what it says of resources in other encounters, whose records the reader may not have. Of sensitive
 * ones only a sensitive document says anything; a bill says nothing of them.
 */
export function closureOf(
  group: Group,
  patient: SplitEntry,
  index: EntryIndex<SplitEntry>,
): Closure {
  const own = new Set(group.primaries);
  const reached = new Set<SplitEntry>([patient, ...group.primaries]);
  const absent = new Set<SplitEntry>();
  const encounter = group.encounterKey === undefined ? undefined : index.find(group.encounterKey);
  if (encounter !== undefined) reached.add(encounter);
  for (const entry of reached) {
    const followsAll = entry !== encounter || own.has(entry);
    for (const reference of [...referencesOf(entry.resource), ...urlsOf(entry.resource)]) {
      const target = index.find(reference, entry);
      if (target === undefined || target.fullUrl === patient.fullUrl) continue;
      if (mayHold(group, target)) {
        if (sharedTypes.has(target.resource.resourceType) || followsAll) reached.add(target);
      } else if (followsAll && !own.has(target)) absent.add(target);
    }
  }
  const copies = [...reached].filter((entry) => !own.has(entry));
  const sensitive = [...reached].some(({ resource }) => isSensitive(resource));
  return {
    copies: copies.toSorted((a, b) => a.position - b.position),
    cited: group.category === "billing" ? [] : citationsOf(absent, sensitive),
  };
}

function mayHold(group: Group, { resource, encounterKey }: SplitEntry): boolean {
  const { resourceType } = resource;
  if (sharedTypes.has(resourceType)) return true;
  const near = encounterKey === undefined || encounterKey === group.encounterKey;
  if (group.category !== "billing") return near;
  return near && (BILLED_WITH.has(resourceType) || BILLS.has(resourceType));
}

const BILLS: ReadonlySet<string> = new Set(
  "Claim ClaimResponse ExplanationOfBenefit Invoice ChargeItem PaymentNotice PaymentReconciliation".split(
    " ",
  ),
);

function citationsOf(absent: ReadonlySet<SplitEntry>, sensitive: boolean): Citation[] {
  return [...absent]
    .filter(({ resource }) => sensitive || !isSensitive(resource))
    .toSorted((a, b) => a.position - b.position)
    .flatMap(({ fullUrl, resource }) => {
      const concept = conceptOf(resource);
      return concept === undefined ? [] : [{ fullUrl, type: resource.resourceType, concept }];
    });
}

const CONCEPTS = ["code", "medicationCodeableConcept", "vaccineCode", "type"] as const;

/** The codings and words of what a resource is about; `undefined` where it names nothing. */
function conceptOf(resource: FhirResource): JsonObject | undefined {
  const text = labelOf(resource);
  for (const element of CONCEPTS) {
    const coding = codingsAt(resource, element).filter(({ code }) => code !== undefined);
    if (coding.length > 0) return { coding: coding.map((one) => ({ ...one })), text };
  }
  return text === resource.resourceType ? undefined : { text };
}

const KEPT: ReadonlySet<string> = new Set(
  "resourceType id meta identifier name gender birthDate".split(" "),
);
/** HL7 v3 ObservationValue: the resource is not complete. */
const SUBSETTED = {
  system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
  code: "SUBSETTED",
};

/**
 * The Patient as documents copy it: identifiers, name, birth date and sex, marked as `SUBSETTED`; security labels stay. The
 * same entry where it holds no more than that.
 */
export function subsetPatient(patient: SplitEntry): SplitEntry {
  const { resource } = patient;
  const members = Object.keys(resource).filter((key) => key !== "meta");
  if (members.every((key) => KEPT.has(key))) return patient;
  const security = memberAt(objectAt(resource, "meta"), "security");
  const meta = { ...(security !== undefined && { security }), tag: [{ ...SUBSETTED }] };
  const kept = Object.entries(resource).filter(([key]) => KEPT.has(key) && key !== "meta");
  const subset = { ...Object.fromEntries(kept), meta } as unknown as FhirResource;
  return { ...patient, resource: subset, json: writeJson(subset) };
}

/** Whether a resource says of itself that it is only a part of another. */
export function isSubset(resource: FhirResource): boolean {
  return objectsAt(objectAt(resource, "meta"), "tag").some(
    (tag) =>
      isObject(tag) &&
      textAt(tag, "code") === SUBSETTED.code &&
      textAt(tag, "system") === SUBSETTED.system,
  );
}
