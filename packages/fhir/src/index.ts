export { FhirError, fhirCodes } from "./fhirError.ts";
export type { FhirCode } from "./fhirError.ts";
export { Decimal, isObject, memberAt, objectAt, objectsAt, textAt, writeJson } from "./json.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export {
  clinicalDate,
  codingsAt,
  conceptText,
  isResource,
  personName,
  resourceName,
} from "./resource.ts";
export type { Coding, FhirResource } from "./resource.ts";
export { parseJson } from "./parseJson.ts";
export { parse } from "./parse.ts";
export type { ParsedEntry, ParsedResource, ParseOptions } from "./parse.ts";
export { parseExport } from "./exportFiles.ts";
export type { ExportOptions } from "./exportFiles.ts";
export {
  CATEGORY_SYSTEM,
  categories,
  categoryOf,
  documentTypes,
  parseCategory,
  statedCategory,
} from "./category.ts";
export type { Category } from "./category.ts";
export { sharedTypes } from "./closure.ts";
export type { Citation } from "./closure.ts";
export { split } from "./split.ts";
export type { RecordDocument, SplitOptions } from "./split.ts";
export { citationsIn, isMadeComposition } from "./composition.ts";
export type { DocumentOptions } from "./composition.ts";
export { isMadeProvenance, overrideIn } from "./provenance.ts";
export { labelFacts } from "./labelFacts.ts";
export type { LabelFacts } from "./labelFacts.ts";
export { statedSubject, subjectOf } from "./subject.ts";
export type { StatedSubject, Subject, SubjectIdentifier } from "./subject.ts";
export { compareSubjects } from "./compareSubjects.ts";
export type { PointVerdict, SubjectComparison, SubjectPoint } from "./compareSubjects.ts";
export { unite } from "./unite.ts";
export { sameJson, sameResources } from "./same.ts";
export { isSensitive, sensitivityLabels } from "./sensitivity.ts";
export { HEAD_BYTES } from "./head.ts";
export { prepareImport, readImport, takeWhole } from "./whole.ts";
export type { ImportFile, ImportOptions, ReadImport, WholeOptions, WholeRecord } from "./whole.ts";
export { recogniseMedia } from "./media.ts";
export type { Media } from "./media.ts";
export { keywords, textKeyword } from "./keywords.ts";
export type { KeywordContext, KeywordOptions } from "./keywords.ts";
export { rules } from "./issue.ts";
export type { Issue, Rule } from "./issue.ts";
export { CHECKS_VERSION, verdictOf } from "./verdict.ts";
export type { Verdict } from "./verdict.ts";
