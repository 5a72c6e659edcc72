import { FhirError } from "./fhirError.ts";
import { objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { Entry, EntryIndex } from "./reference.ts";
import { isResource } from "./resource.ts";
import type { FhirResource } from "./resource.ts";

/**
 * The Bundle's one Patient.
 *
 * @throws {FhirError} `NO_PATIENT` or `MANY_PATIENTS`
 */
export function onlyPatient<T extends Entry>(entries: readonly T[]): T {
  const [patient, other] = entries.filter(({ resource }) => resource.resourceType === "Patient");
  if (patient === undefined)
    throw new FhirError("NO_PATIENT", "The Bundle has no Patient, wanted exactly one");
  if (other !== undefined)
    throw new FhirError("MANY_PATIENTS", "The Bundle has several Patients, wanted exactly one");
  return patient;
}

/** Elements that say whom a resource is about. What `subject` names may also be a Group, a Device or a Location. */
const PATIENT_ELEMENTS = [
  "patient",
  "subject",
  "beneficiary",
  "for",
  "individual",
  "subscriber",
] as const;
const ALWAYS_PATIENT: ReadonlySet<string> = new Set(["patient", "beneficiary"]);
/** Resources whose `subscriber`, `individual` or `for` may well be somebody else. */
const SOMEBODY_ELSE: ReadonlySet<string> = new Set(["subscriber", "individual", "for"]);

/**
 * Refuses a Bundle in which any resource (contained ones included) is about somebody other than `patient`.
 *
 * @throws {FhirError} `OTHER_PATIENT`
 */
export function refuseOtherPatients<T extends Entry>(patient: T, index: EntryIndex<T>): void {
  for (const [number, entry] of index.entries.entries()) {
    const contained = objectsAt(entry.resource, "contained").filter(isResource);
    for (const resource of [entry.resource, ...contained]) {
      for (const element of PATIENT_ELEMENTS) {
        for (const reference of objectsAt(resource, element)) {
          if (isAboutAnother(element, reference, { entry, resource, patient, index })) {
            throw new FhirError(
              "OTHER_PATIENT",
              `Entry ${number} (${entry.resource.resourceType}) is about another patient than the Bundle's Patient`,
            );
          }
        }
      }
    }
  }
}

interface Context<T extends Entry> {
  readonly entry: T;
  readonly resource: FhirResource;
  readonly patient: T;
  readonly index: EntryIndex<T>;
}

function isAboutAnother<T extends Entry>(
  element: string,
  reference: JsonObject,
  context: Context<T>,
): boolean {
  const { entry, patient, index } = context;
  const literal = textAt(reference, "reference");
  if (literal === undefined) return namesAnotherIdentifier(reference, patient);
  if (literal.startsWith("#")) return containsAnotherPatient(literal.slice(1), context);
  const target = index.find(literal, entry);
  if (target !== undefined) return target.resource.resourceType === "Patient" && target !== patient;
  if (textAt(reference, "type") === "Patient" || /(^|\/)Patient[/?]/.test(literal)) return true;
  if (SOMEBODY_ELSE.has(element)) return false;
  return ALWAYS_PATIENT.has(element) || literal.startsWith("urn:");
}

/** A logical reference names another patient if it gives another value in a system in which ours has one. */
function namesAnotherIdentifier(reference: JsonObject, patient: Entry): boolean {
  const [identifier] = objectsAt(reference, "identifier");
  const system = textAt(identifier, "system");
  const value = textAt(identifier, "value");
  if (system === undefined || value === undefined) return false;
  const ours = objectsAt(patient.resource, "identifier").filter(
    (own) => textAt(own, "system") === system,
  );
  return ours.length > 0 && ours.every((own) => textAt(own, "value") !== value);
}

function containsAnotherPatient<T extends Entry>(
  id: string,
  { entry, patient }: Context<T>,
): boolean {
  const target = objectsAt(entry.resource, "contained").find(
    (contained) => textAt(contained, "id") === id,
  );
  if (target === undefined || textAt(target, "resourceType") !== "Patient") return false;
  return objectsAt(target, "identifier").some((identifier) =>
    namesAnotherIdentifier({ identifier }, patient),
  );
}
