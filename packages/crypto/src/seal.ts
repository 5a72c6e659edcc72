/** What an author may do: seal a record for a visit token. */
export { sealObjectId } from "./kem/addressKey.ts";
export type {
  Author,
  ContentDescription,
  ContentSource,
  SealedRecord,
  SealRecordInput,
  Sink,
  VisitTarget,
} from "./record/sealRecord.ts";
export { sealRecord } from "./record/sealRecord.ts";
