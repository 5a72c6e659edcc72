import { CDA_NAMESPACE, factsOfCda } from "./cda.ts";
import { FhirError } from "./fhirError.ts";
import type { FileFacts } from "./fileFacts.ts";
import { factsOfHl7v2 } from "./hl7v2.ts";
import type { Media } from "./media.ts";
import { fromUtf8Loosely, withoutMark } from "./text.ts";
import { readXml } from "./xml.ts";

/**
 * What a clinical document (CDA) or HL7 v2 message says of itself; `undefined` of any other media type.
 *
 * @param partial - Whether the bytes may be a head, cut off anywhere.
 * @throws {FhirError} An `XML_` code, `NOT_A_RESOURCE` (the XML is no clinical document), `MANY_PATIENTS`
 */
export function foreignFacts(
  bytes: Uint8Array,
  { mediaType }: Media,
  { partial }: { readonly partial: boolean },
): FileFacts | undefined {
  if (mediaType === "x-application/hl7-v2+er7")
    return factsOfHl7v2(withoutMark(fromUtf8Loosely(bytes)));
  if (mediaType !== "application/vnd.hl7cda+xml") return undefined;
  const root = readXml(withoutMark(fromUtf8Loosely(bytes)), { partial });
  if (root.name === "ClinicalDocument" && root.namespace === CDA_NAMESPACE) return factsOfCda(root);
  throw new FhirError("NOT_A_RESOURCE", "The XML is not a clinical document (CDA)");
}
