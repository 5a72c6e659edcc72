export { syntheticLife } from "./life.ts";
export type { KnownPart, LifeTruth, SyntheticLife } from "./life.ts";
export { syntheticPatient } from "./patient.ts";
export type {
  SyntheticBundle,
  SyntheticFile,
  SyntheticOptions,
  SyntheticPatient,
} from "./patient.ts";
export { syntheticPdf } from "./pdf.ts";
export { visitKinds } from "./visit.ts";
export type { VisitKind } from "./visit.ts";
