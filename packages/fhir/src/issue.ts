/** A finding about a record that can be read. None of them keeps a record from being imported. */
export interface Issue {
  readonly severity: "error" | "warning" | "information";
  /** FHIR's issue type (http://hl7.org/fhir/issue-type). */
  readonly code:
    | "structure"
    | "invariant"
    | "required"
    | "code-invalid"
    | "value"
    | "not-found"
    | "security"
    | "informational";
  /** Which check found it. */
  readonly rule: Rule;
  /** FHIRPath of the place, such as `Bundle.entry[3].resource.status`. */
  readonly expression: string;
  /** What was wrong and what was wanted, without values of the record. */
  readonly message: string;
}

export const rules = [
  /** Structure and invariants of the base profiles. */
  "STRUCTURE",
  /** A code that its required value set does not have. */
  "REQUIRED_BINDING",
  /** Document: identifier, Composition first, fullUrls. */
  "DOCUMENT",
  /** Document: a reference that leads nowhere in it. */
  "REFERENCE_DANGLING",
  /** Document: an entry that the Composition does not reach. */
  "ENTRY_UNREACHABLE",
  /** A narrative with what a narrative must not hold. */
  "NARRATIVE_HOSTILE",
  /** A narrative that is no plain XHTML, but not hostile. */
  "NARRATIVE_INVALID",
  /** A section without text. */
  "NARRATIVE_MISSING",
  /** A narrative with neither text nor image. */
  "NARRATIVE_BLANK",
  /** A narrative that is not in the namespace of XHTML. */
  "NARRATIVE_NAMESPACE",
  /** An empty array, object or text. */
  "VALUE_EMPTY",
  /** An id with characters that ids do not have, or too long. */
  "VALUE_ID",
  /** A date or time that is none of FHIR, such as one without a zone. */
  "VALUE_TIME",
  /** A period that ends before it begins. */
  "PERIOD_REVERSED",
  /** A unit that UCUM does not have. */
  "UNIT_UNKNOWN",
  /** A form that is not validated: XML. */
  "NOT_CHECKED",
] as const;

export type Rule = (typeof rules)[number];
