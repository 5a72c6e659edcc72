/** Every code a caller may meet; released codes keep their meaning. */
export const fhirCodes = [
  "EMPTY_FILE",
  "FILE_TOO_LARGE",
  "ENCODING_UTF16",
  "ENCODING_INVALID",
  "XML_NOT_SUPPORTED",
  "XML_INVALID",
  "XML_DOCTYPE",
  "XML_TOO_DEEP",
  "XML_TOO_MANY_ELEMENTS",
  "JSON_INVALID",
  "JSON_TRUNCATED",
  "JSON_DUPLICATE_KEY",
  "JSON_FORBIDDEN_KEY",
  "JSON_TOO_DEEP",
  "JSON_TOO_MANY_VALUES",
  "FHIR_VERSION",
  "NOT_A_RESOURCE",
  "NOT_A_BUNDLE",
  "BUNDLE_TYPE",
  "BUNDLE_IS_DOCUMENT",
  "BUNDLE_EMPTY",
  "PAGES_MISSING",
  "FILES_DIFFER",
  "ENTRY_WITHOUT_RESOURCE",
  "TOO_MANY_ENTRIES",
  "DUPLICATE_FULL_URL",
  "DUPLICATE_ID",
  "NO_PATIENT",
  "MANY_PATIENTS",
  "OTHER_PATIENT",
  "RESOURCES_DIFFER",
  "CATEGORY_UNKNOWN",
  "TIMESTAMP_INVALID",
] as const;

export type FhirCode = (typeof fhirCodes)[number];

/**
 * Input that cannot be taken as a record.
 *
 * The message says what was wrong and what was wanted. It names positions, resource types and entry numbers, never
 * values of the record.
 */
export class FhirError extends Error {
  readonly code: FhirCode;

  constructor(code: FhirCode, message: string) {
    super(message);
    this.name = "FhirError";
    this.code = code;
  }
}

/** What is read, or `undefined` where it cannot be. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}
