import type { Issue } from "./issue.ts";
import { memberAt, objectAt, objectsAt, textAt } from "./json.ts";
import { narrativeFaultsIn } from "./narrative.ts";
import type { NarrativeFault } from "./narrative.ts";
import type { ParsedResource } from "./parse.ts";
import { derivedFullUrl, EntryIndex, referencesOf, urlsOf, visit } from "./reference.ts";
import type { Entry } from "./reference.ts";
import type { FhirResource } from "./resource.ts";

/**
 * What a document Bundle lacks to be read on its own (FHIR R4 section 3.3 "Documents"): identifier and timestamp, the
 * Composition in front, a fullUrl for each entry, references that resolve inside, entries that the Composition reaches (a Provenance
 * points at what it is about, and need not be reached).
 *
 * Documents made by `split` leave some references dangling on purpose, so a dangling reference is a warning.
 */
export function documentIssues(parsed: ParsedResource): Issue[] {
  if (textAt(parsed.resource, "type") !== "document") return [];
  const issues: Issue[] = headIssues(parsed);
  const entries: Entry[] = parsed.entries.map(({ fullUrl, resource }) => ({
    fullUrl: fullUrl ?? derivedFullUrl(resource),
    resource,
  }));
  const index = new EntryIndex(entries);
  const [first] = entries;
  const reached = new Set(first === undefined ? [] : [first.fullUrl]);
  const queue = first === undefined ? [] : [first];
  for (const entry of queue) {
    for (const reference of [...referencesOf(entry.resource), ...urlsOf(entry.resource)]) {
      const target = index.find(reference, entry);
      if (target === undefined || reached.has(target.fullUrl)) continue;
      reached.add(target.fullUrl);
      queue.push(target);
    }
  }
  for (const [position, entry] of entries.entries()) {
    const place = `Bundle.entry[${position}]`;
    const dangling = referencesOf(entry.resource).filter(
      (reference) => index.find(reference, entry) === undefined,
    );
    if (dangling.length > 0) {
      const message = `${dangling.length} reference(s) of this ${entry.resource.resourceType} lead nowhere in the document`;
      issues.push({
        severity: "warning",
        code: "not-found",
        rule: "REFERENCE_DANGLING",
        expression: place,
        message,
      });
    }
    if (!reached.has(entry.fullUrl) && entry.resource.resourceType !== "Provenance") {
      const message = `The Composition does not reach this ${entry.resource.resourceType}`;
      issues.push({
        severity: "warning",
        code: "informational",
        rule: "ENTRY_UNREACHABLE",
        expression: place,
        message,
      });
    }
  }
  return issues;
}

function headIssues({ resource, entries }: ParsedResource): Issue[] {
  const issues: Issue[] = [];
  const fault = (expression: string, message: string): void => {
    issues.push({ severity: "error", code: "invariant", rule: "DOCUMENT", expression, message });
  };
  const identifier = objectAt(resource, "identifier");
  if (textAt(identifier, "system") === undefined || textAt(identifier, "value") === undefined) {
    fault("Bundle.identifier", "A document needs an identifier with system and value (bdl-9)");
  }
  if (memberAt(resource, "timestamp") === undefined)
    fault("Bundle.timestamp", "A document needs a timestamp (bdl-10)");
  if (entries[0]?.resource.resourceType !== "Composition") {
    fault("Bundle.entry[0]", "A document begins with its Composition (bdl-11)");
  }
  const seen = new Set<string>();
  for (const [position, { fullUrl }] of entries.entries()) {
    const place = `Bundle.entry[${position}].fullUrl`;
    if (fullUrl === undefined) fault(place, "An entry of a document needs a fullUrl");
    else if (seen.has(fullUrl)) fault(place, "The fullUrl stands twice (bdl-7)");
    else seen.add(fullUrl);
  }
  return issues;
}

/** Hostile or missing narratives, in every resource of a file. */
export function narrativeIssues(parsed: ParsedResource): Issue[] {
  const whole = { place: parsed.resource.resourceType, resource: parsed.resource };
  const parts =
    parsed.entries.length === 0
      ? [whole]
      : parsed.entries.map(({ resource }, position) => ({
          place: `Bundle.entry[${position}].resource`,
          resource,
        }));
  return parts.flatMap(({ place, resource }) => [
    ...narrativesOf(place, resource),
    ...missingTexts(place, resource),
  ]);
}

const UNTIDY: ReadonlySet<NarrativeFault> = new Set(["MALFORMED", "ELEMENT_REFUSED"]);

function narrativesOf(place: string, resource: FhirResource): Issue[] {
  const issues: Issue[] = [];
  visit(resource, (object) => {
    const div = textAt(object, "div");
    if (div === undefined) return;
    const expression = `${place}.text.div`;
    const faults = narrativeFaultsIn(div);
    const hostile = faults.filter((fault) => !UNTIDY.has(fault));
    const untidy = faults.filter((fault) => UNTIDY.has(fault));
    if (hostile.length > 0) {
      const message = `The narrative holds what a narrative must not: ${hostile.join(", ")}`;
      issues.push({
        severity: "error",
        code: "security",
        rule: "NARRATIVE_HOSTILE",
        expression,
        message,
      });
    }
    if (untidy.length > 0) {
      const message = `The narrative is not the plain XHTML that FHIR asks for (txt-1): ${untidy.join(", ")}`;
      issues.push({
        severity: "warning",
        code: "invariant",
        rule: "NARRATIVE_INVALID",
        expression,
        message,
      });
    }
  });
  return issues;
}

function missingTexts(place: string, resource: FhirResource): Issue[] {
  if (resource.resourceType !== "Composition") return [];
  return objectsAt(resource, "section").flatMap((section, number) => {
    const hasText =
      textAt(objectAt(section, "text"), "div") !== undefined ||
      memberAt(section, "section") !== undefined;
    if (hasText) return [];
    const expression = `${place}.section[${number}].text`;
    const message = "The section has no text, which is what people read and the author signs";
    return [
      {
        severity: "warning",
        code: "required",
        rule: "NARRATIVE_MISSING",
        expression,
        message,
      } as const,
    ];
  });
}
