import { FhirError } from "./fhirError.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { FhirResource } from "./resource.ts";
import type { XmlElement } from "./xml.ts";

export const FHIR_NAMESPACE = "http://hl7.org/fhir";
const XHTML_NAMESPACE = "http://www.w3.org/1999/xhtml";

/**
 * A resource in FHIR's XML (R4 section 2.6.3) as far as it can be read without definitions: numbers and truth values stay
 * text, and an element that stands once is no list, whatever its definition says. That is enough for labels, keywords and
 * whose it is; it is not the JSON of the resource.
 *
 * @throws {FhirError} `XML_NOT_SUPPORTED`: the root is not FHIR's
 */
export function resourceOfXml(source: string, root: XmlElement): FhirResource {
  if (root.namespace !== FHIR_NAMESPACE) {
    throw new FhirError(
      "XML_NOT_SUPPORTED",
      "The XML is neither FHIR nor a clinical document (CDA), wanted one of them",
    );
  }
  return { resourceType: root.name, ...membersOf(source, root) };
}

function membersOf(source: string, element: XmlElement): JsonObject {
  const members: JsonObject = {};
  const { id, url } = element.attributes;
  if (id !== undefined) members["id"] = id;
  if (url !== undefined) members["url"] = url;
  for (const [name, group] of Map.groupBy(element.children, (child) => child.name)) {
    if (name === "__proto__") continue;
    const values = group.map((child) => valueOf(source, child));
    members[name] = values.length === 1 ? (values[0] as JsonValue) : values;
  }
  return members;
}

/** An XHTML `div` in its own text, a resource under its type, a primitive's value, else the members. */
function valueOf(source: string, element: XmlElement): JsonValue {
  if (element.namespace === XHTML_NAMESPACE) return source.slice(...element.span);
  const [inner] = element.children;
  if (RESOURCE_ELEMENTS.has(element.name) && inner !== undefined && /^[A-Z]/.test(inner.name))
    return { resourceType: inner.name, ...membersOf(source, inner) };
  const { value } = element.attributes;
  return value ?? membersOf(source, element);
}

const RESOURCE_ELEMENTS: ReadonlySet<string> = new Set(["resource", "contained", "outcome"]);
