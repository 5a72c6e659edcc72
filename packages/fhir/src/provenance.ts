import { memberAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { FhirResource } from "./resource.ts";

/** What is said of how a document came to be. */
export interface Assembly {
  /** The id of the Provenance, and the fullUrl of the Composition that it is about. */
  readonly id: string;
  readonly composition: string;
  /** When it was assembled: a FHIR instant. */
  readonly recorded: string;
  /** A name for the bytes that were imported, as `urn:uuid:…`. */
  readonly imported: string;
  /** The system that the file comes from, as far as it says so. */
  readonly source: string | undefined;
  /** Who imported, as text. */
  readonly importer: string | undefined;
  /** Why the file was taken although it names another person than it is kept for. */
  readonly override: string | undefined;
}

const MADE = { system: "urn:x-anamnesis:made", code: "assembly" };
const PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
export const ABSENT = {
  url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
  valueCode: "unknown",
};

/** The Provenance of a document that `split` makes: what assembled it, for whom, out of what, and what was overridden. */
export function provenanceOf(assembly: Assembly): FhirResource {
  const { importer, override, source } = assembly;
  const agent = (code: string, display: string): JsonObject => ({
    type: { coding: [{ system: PARTICIPANT, code }] },
    who: { display },
  });
  return {
    resourceType: "Provenance",
    id: assembly.id,
    meta: { tag: [{ ...MADE }] },
    target: [{ reference: assembly.composition }],
    recorded: assembly.recorded,
    ...(override !== undefined && { reason: [{ text: override }] }),
    agent: [
      agent("assembler", "Anamnesis"),
      ...(importer === undefined ? [] : [agent("enterer", importer)]),
    ],
    entity: [
      {
        role: "source",
        what: {
          identifier: { system: "urn:ietf:rfc:3986", value: assembly.imported },
          ...(source === undefined ? { extension: [{ ...ABSENT }] } : { display: source }),
        },
      },
    ],
  };
}

/** Whether a Provenance was made by `split`, and is not the input's own. */
export function isMadeProvenance(resource: FhirResource): boolean {
  if (resource.resourceType !== "Provenance") return false;
  const [tag] = objectsAt(objectAt(resource, "meta"), "tag");
  return textAt(tag, "system") === MADE.system && textAt(tag, "code") === MADE.code;
}

/** The reason for which a document was taken although it names another person; `undefined` where nothing was overridden. */
export function overrideIn(resources: readonly FhirResource[]): string | undefined {
  const made = resources.find(isMadeProvenance);
  return made === undefined ? undefined : textAt(objectsAt(made, "reason")[0], "text");
}

/** The system that a Bundle comes from: what it says, else the one server that its entries' addresses name. */
export function sourceOf(
  bundle: FhirResource,
  entries: readonly { readonly fullUrl: string }[],
): string | undefined {
  const stated = memberAt(objectAt(bundle, "meta"), "source");
  if (typeof stated === "string") return stated.replace(/#.*$/, "");
  const bases = new Set(
    entries.flatMap(
      ({ fullUrl }) => /^(https?:\/\/.*)\/[A-Za-z]+\/[^/]+$/.exec(fullUrl)?.[1] ?? [],
    ),
  );
  const [base, other] = bases;
  return other === undefined ? base : undefined;
}
