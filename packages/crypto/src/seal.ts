/** What an author may do: seal a record for a visit token. */
export { sealObjectId } from "./kem/addressKey.ts";
export type {
  Author,
  ContentDescription,
  ContentSource,
  SealedRecord,
  SealingRecord,
  SealRecordInput,
  VisitTarget,
} from "./record/sealRecord.ts";
export type { RecordLabel } from "./record/label.ts";
export { sealRecord } from "./record/sealRecord.ts";
