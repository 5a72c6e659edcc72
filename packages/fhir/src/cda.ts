import { documentCategory } from "./category.ts";
import { fhirSex, fhirTime } from "./fileFacts.ts";
import type { FileFacts } from "./fileFacts.ts";
import type { Coding } from "./resource.ts";
import type { Subject } from "./subject.ts";
import { childrenAt, elementAt, elementsIn } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

export const CDA_NAMESPACE = "urn:hl7-org:v3";

/** FHIR's URIs of the code systems that CDA names by OID. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "2.16.840.1.113883.6.1": "http://loinc.org",
  "2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
  "2.16.840.1.113883.6.73": "http://www.whocc.no/atc",
  "2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
  "2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
  "2.16.840.1.113883.6.96": "http://snomed.info/sct",
  "2.16.840.1.113883.12.292": "http://hl7.org/fhir/sid/cvx",
  "1.2.276.0.76.5.311": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
};
/** OIDs of HL7's own vocabularies: how something was said, not what. */
const HL7_VOCABULARY = /^2\.16\.840\.1\.113883\.5\./;
const RESTRICTED: ReadonlySet<string | undefined> = new Set(["R", "V"]);

/** What a clinical document (CDA R2, so C-CDA too) says of itself. */
export function factsOfCda(root: XmlElement): FileFacts {
  const type = codingOf(elementAt(root, "code"));
  const period = [
    elementAt(root, "componentOf", "encompassingEncounter", "effectiveTime"),
    elementAt(root, "documentationOf", "serviceEvent", "effectiveTime"),
    elementAt(root, "effectiveTime"),
  ].find((time) => startOf(time) !== undefined);
  const name = elementAt(root, "setId") ?? elementAt(root, "id");
  return {
    category: type === undefined ? undefined : documentCategory([type]),
    title: elementAt(root, "title")?.text.trim() || type?.display,
    start: startOf(period),
    end: fhirTime(elementAt(period, "high")?.attributes["value"]),
    type,
    document: name === undefined ? undefined : identifierOf(name)?.join("|"),
    sensitive: [...elementsIn(root)].some(
      (element) =>
        element.name === "confidentialityCode" && RESTRICTED.has(element.attributes["code"]),
    ),
    codings: [...(type === undefined ? [] : [type]), ...entryCodings(root)],
    subject: subjectIn(elementAt(root, "recordTarget", "patientRole")),
  };
}

const startOf = (time: XmlElement | undefined): string | undefined =>
  fhirTime(time?.attributes["value"] ?? elementAt(time, "low")?.attributes["value"]);

/** The codes of entries: of acts, observations, substances and values, and their translations. */
function entryCodings(root: XmlElement): Coding[] {
  const entries = [...elementsIn(root)].filter(({ name }) => name === "entry");
  const isSaid = ({ attributes }: XmlElement): boolean => attributes["negationInd"] !== "true";
  return entries
    .flatMap((entry) => [...elementsIn(entry, isSaid)])
    .filter(({ name }) => name === "code" || name === "value" || name === "translation")
    .flatMap((element) => codingOf(element) ?? []);
}

function codingOf(element: XmlElement | undefined): Coding | undefined {
  const { code, codeSystem, displayName } = element?.attributes ?? {};
  if (code === undefined || codeSystem === undefined || HL7_VOCABULARY.test(codeSystem))
    return undefined;
  const system = SYSTEMS[codeSystem] ?? `urn:oid:${codeSystem}`;
  return { system, code, ...(displayName !== undefined && { display: displayName }) };
}

function subjectIn(role: XmlElement | undefined): Subject | undefined {
  if (role === undefined) return undefined;
  const patient = elementAt(role, "patient");
  const names = childrenAt(patient, "name").flatMap((name) => nameOf(name) ?? []);
  const born = fhirTime(elementAt(patient, "birthTime")?.attributes["value"]);
  return {
    identifiers: childrenAt(role, "id").flatMap((id) => {
      const [system, value] = identifierOf(id) ?? [];
      return value === undefined ? [] : [{ system, value, type: undefined }];
    }),
    names,
    birthDate: born?.slice(0, "YYYY-MM-DD".length),
    sex: fhirSex(elementAt(patient, "administrativeGenderCode")?.attributes["code"]),
  };
}

/** An II as system and value; one without extension is a UUID or OID of its own. */
function identifierOf({ attributes }: XmlElement): [system: string, value: string] | undefined {
  const { root, extension } = attributes;
  if (root === undefined) return undefined;
  return extension === undefined ? ["urn:ietf:rfc:3986", uri(root)] : [uri(root), extension.trim()];
}

const uri = (root: string): string =>
  /^[\d.]+$/.test(root) ? `urn:oid:${root}` : `urn:uuid:${root.toLowerCase()}`;

function nameOf(name: XmlElement): string | undefined {
  const parts = name.children
    .filter((part) => part.name === "given" || part.name === "family")
    .map((part) => part.text.trim());
  const written = parts.length > 0 ? parts.join(" ") : name.text.replace(/\s+/g, " ").trim();
  return written === "" ? undefined : written;
}
