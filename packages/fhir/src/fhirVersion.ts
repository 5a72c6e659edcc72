import { FhirError } from "./fhirError.ts";
import { isObject, memberAt, objectAt, objectsAt } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { isResource } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { foreignTypes, otherVersions, versionMarks } from "./versionMarks.ts";
import type { OtherVersion, Shape } from "./versionMarks.ts";

/** What tells that a resource is not R4: where it stands, and which versions have it. */
interface Sign {
  readonly place: string;
  readonly versions: readonly OtherVersion[];
}

/**
 * Refuses resources of another version of FHIR, and names it: by a type or an element that R4 does not have or writes
 * otherwise, by the version in a profile's URL, by `fhirVersion`. What R4 and another version have alike tells nothing.
 *
 * @throws {FhirError} `FHIR_VERSION`
 */
export function refuseOtherVersions(resources: readonly FhirResource[]): void {
  const signs = resources.flatMap((resource, number) =>
    [resource, ...objectsAt(resource, "contained").filter(isResource)].flatMap((one) =>
      signsIn(one).map((sign) => ({ ...sign, number })),
    ),
  );
  const [first] = signs;
  if (first === undefined) return;
  const votes = otherVersions.map(
    (version) => signs.filter(({ versions }) => versions.includes(version)).length,
  );
  const named = otherVersions.filter((_, at) => votes[at] === Math.max(...votes));
  const entry = resources.length === 1 ? "" : ` of resource ${first.number}`;
  throw new FhirError(
    "FHIR_VERSION",
    `The file is FHIR ${named.join(" or ")} (by ${first.place}${entry}), wanted R4 (4.0)`,
  );
}

/** Signs of another version in one resource, its contained ones aside. */
function signsIn(resource: FhirResource): Sign[] {
  const { resourceType } = resource;
  const foreign = foreignTypes.get(resourceType);
  if (foreign !== undefined) return [{ place: `the type ${resourceType}`, versions: foreign }];
  const marked = (versionMarks.get(resourceType) ?? [])
    .filter(({ path, shape }) => standsAt(resource, path, shape))
    .map(({ path, versions }) => ({ place: [resourceType, ...path].join("."), versions }));
  return [...marked, ...statedSigns(resource)];
}

function standsAt(holder: JsonObject, path: readonly string[], shape: Shape): boolean {
  const [key = "", ...rest] = path;
  if (rest.length === 0) return hasShape(memberAt(holder, key), shape);
  return objectsAt(holder, key).some((part) => standsAt(part, rest, shape));
}

function hasShape(value: JsonValue | undefined, shape: Shape): boolean {
  switch (shape) {
    case "any":
      return value !== undefined;
    case "text":
      return typeof value === "string";
    case "list":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "codeableReference": {
      const parts = Array.isArray(value) ? value : [value];
      return parts.some(
        (part) =>
          isObject(part) &&
          (isObject(memberAt(part, "reference")) || isObject(memberAt(part, "concept"))),
      );
    }
  }
}

/** What a resource says of its version: in the URLs of its base profiles, or by `fhirVersion` (conformance resources). */
function statedSigns(resource: FhirResource): Sign[] {
  const stated = memberAt(resource, "fhirVersion");
  const versions = (Array.isArray(stated) ? stated : [stated]).map((version) => ({
    place: "fhirVersion",
    version: typeof version === "string" ? numbered(version) : undefined,
  }));
  const profiles = memberAt(objectAt(resource, "meta"), "profile");
  const urls = Array.isArray(profiles) ? profiles : [profiles];
  const profiled = urls.map((url) => ({
    place: "meta.profile",
    version: typeof url === "string" ? versionOfProfile(url) : undefined,
  }));
  return [...versions, ...profiled].flatMap(({ place, version }) =>
    version === undefined ? [] : [{ place, versions: [version] }],
  );
}

const BASE =
  /^https?:\/\/hl7\.org\/fhir\/(?:([A-Za-z0-9.]+)\/)?StructureDefinition\/[^|]+(?:\|(.+))?$/;

function versionOfProfile(url: string): OtherVersion | undefined {
  const [, release = "", version = ""] = BASE.exec(url) ?? [];
  return otherVersions.find((one) => one === release.toUpperCase()) ?? numbered(release || version);
}

/** DSTU2 is 0.x and 1.x, STU3 3.x, R5 5.x and what led to it from 4.4 on; 4.0 to 4.3 are R4 and R4B. */
function numbered(version: string): OtherVersion | undefined {
  const [, major = "", minor = ""] = /^(\d)\.(\d+)(?:\.|$)/.exec(version) ?? [];
  if (major === "0" || major === "1") return "DSTU2";
  if (major === "3") return "STU3";
  return major === "5" || (major === "4" && Number(minor) >= 4) ? "R5" : undefined;
}
