import { certificateDer } from "./certificateDer.ts";
import { blob, document, literal, nullable, object } from "./shape.ts";

const proofFileShape = object({
  v: literal(1),
  /** SlipProof of the record.submit or record.amend. */
  record: blob(64 * 1024),
  /** SlipProof of the patient's record.confirm of that version, where there is one. */
  confirmation: nullable(blob(64 * 1024)),
  /** The author's certificate, DER. */
  certificate: certificateDer,
});
/** What proves, offline and under a trust file alone, that a record stands on its chain. */
export const proofFile = document("Proof file", proofFileShape);
