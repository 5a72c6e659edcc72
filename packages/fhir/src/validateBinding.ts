import type {
  Bundle,
  CodeSystem,
  CodeSystemConcept,
  ElementDefinition,
  Resource,
  ValueSet,
} from "@medplum/fhirtypes";
import type { Issue } from "./issue.ts";

/** What one element's definition says of the codes below it. */
interface Element {
  /** Type names; an element without one repeats the content of another (`contentReference`). */
  readonly types: readonly string[];
  readonly contentReference: string | undefined;
  /** The codes of its required value set, as `code` and as `system|code`; `undefined` where not enumerable or not bound. */
  readonly codes: ReadonlySet<string> | undefined;
}

/** Elements by path, such as `Consent.status` or `HumanName.use`. */
export type RequiredBindings = ReadonlyMap<string, Element>;

/** Reads every element and its required codes from the published definitions. */
export function readBindings(
  profiles: readonly Bundle[],
  terminologies: readonly Bundle[],
): RequiredBindings {
  const codesOf = valueSetReader(terminologies.flatMap(resourcesOf));
  const elements = new Map<string, Element>();
  for (const resource of profiles.flatMap(resourcesOf)) {
    if (resource.resourceType !== "StructureDefinition") continue;
    for (const definition of resource.snapshot?.element ?? []) {
      const element = readElement(definition, codesOf);
      for (const [path, types] of pathsOf(definition)) elements.set(path, { ...element, types });
    }
  }
  return elements;
}

/** Codes in the instance that their required value sets do not have. */
export function bindingIssues(
  instance: unknown,
  resourceType: string,
  elements: RequiredBindings,
): Issue[] {
  const issues: Issue[] = [];
  walk(instance, resourceType, resourceType);
  return issues;

  function walk(value: unknown, path: string, expression: string): void {
    if (Array.isArray(value)) {
      for (const [number, item] of value.entries()) walk(item, path, `${expression}[${number}]`);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      const element = elements.get(`${path}.${key}`);
      if (element === undefined) continue;
      check(element, member, `${expression}.${key}`);
      walk(member, below(element, `${path}.${key}`, member), `${expression}.${key}`);
    }
  }

  function check({ codes }: Element, member: unknown, expression: string): void {
    if (codes === undefined) return;
    const members: readonly unknown[] = Array.isArray(member) ? member : [member];
    for (const [number, value] of members.entries()) {
      if (isBound(value, codes)) continue;
      issues.push({
        severity: "error",
        code: "code-invalid",
        rule: "REQUIRED_BINDING",
        expression: Array.isArray(member) ? `${expression}[${number}]` : expression,
        message: "The code is not in the value set that this element requires",
      });
    }
  }
}

/** A code, a Coding, or a CodeableConcept one of whose codings must be in the set; without a code there is nothing to check. */
function isBound(value: unknown, codes: ReadonlySet<string>): boolean {
  if (typeof value === "string") return codes.has(value);
  if (typeof value !== "object" || value === null) return true;
  const { coding, system, code } = value as { coding?: unknown; system?: unknown; code?: unknown };
  if (Array.isArray(coding))
    return coding.length === 0 || coding.some((one) => isBound(one, codes));
  if (typeof code !== "string") return true;
  return typeof system === "string" ? codes.has(`${system}|${code}`) : codes.has(code);
}

/** The path under which an element's members are defined: its own (backbone), its data type's, or the resource's. */
export function below(element: Element, path: string, member: unknown): string {
  if (element.contentReference !== undefined) return element.contentReference;
  const [type = ""] = element.types;
  if (type === "BackboneElement" || type === "Element") return path;
  const [sample]: unknown[] = Array.isArray(member) ? member : [member];
  const named =
    typeof sample === "object" && sample !== null
      ? (sample as { resourceType?: unknown }).resourceType
      : undefined;
  return typeof named === "string" ? named : type;
}

function readElement(
  definition: ElementDefinition,
  codesOf: (url: string) => ReadonlySet<string> | undefined,
): Omit<Element, "types"> {
  const { binding, contentReference } = definition;
  const url = binding?.strength === "required" ? binding.valueSet?.replace(/\|.*$/, "") : undefined;
  return {
    contentReference: contentReference?.replace(/^.*#/, ""),
    codes: url === undefined ? undefined : codesOf(url),
  };
}

/** Paths with their types: `Observation.value[x]` is defined once and written as `valueQuantity` and so on. */
function pathsOf({ path, type }: ElementDefinition): [path: string, types: readonly string[]][] {
  const types = (type ?? []).map(({ code }) => code);
  if (!path.endsWith("[x]")) return [[path, types]];
  return types.map((code) => [
    path.slice(0, -3) + code.charAt(0).toUpperCase() + code.slice(1),
    [code],
  ]);
}

/** Expands value sets whose codes are all listed; `undefined` for those that point to MIME types, units or currencies. */
function valueSetReader(
  resources: readonly Resource[],
): (url: string) => ReadonlySet<string> | undefined {
  const valueSets = new Map<string, ValueSet>();
  const codeSystems = new Map<string, CodeSystem>();
  for (const resource of resources) {
    if (resource.resourceType === "ValueSet" && resource.url !== undefined)
      valueSets.set(resource.url, resource);
    if (resource.resourceType === "CodeSystem" && resource.url !== undefined)
      codeSystems.set(resource.url, resource);
  }
  const known = new Map<string, ReadonlySet<string> | undefined>();
  return (url) => {
    if (!known.has(url)) known.set(url, expand(valueSets.get(url), codeSystems));
    return known.get(url);
  };
}

function expand(
  valueSet: ValueSet | undefined,
  codeSystems: ReadonlyMap<string, CodeSystem>,
): ReadonlySet<string> | undefined {
  const includes = valueSet?.compose?.include;
  if (includes === undefined || valueSet?.compose?.exclude !== undefined) return undefined;
  const codes = new Set<string>();
  for (const { system = "", concept, filter, valueSet: others } of includes) {
    if (filter !== undefined || others !== undefined) return undefined;
    const listed = concept?.map(({ code }) => code) ?? allCodes(codeSystems.get(system)?.concept);
    if (listed === undefined || listed.length === 0) return undefined;
    for (const code of listed) codes.add(code ?? "").add(`${system}|${code ?? ""}`);
  }
  return codes;
}

function allCodes(concepts: readonly CodeSystemConcept[] | undefined): string[] | undefined {
  return concepts?.flatMap(({ code, concept }) => [code ?? "", ...(allCodes(concept) ?? [])]);
}

function resourcesOf(bundle: Bundle): Resource[] {
  return (bundle.entry ?? [])
    .map(({ resource }) => resource)
    .filter((resource) => resource !== undefined);
}
