/** What an author may do: seal a record for a visit token. */
export { sealObjectId } from "./addressKey.ts";
export type {
  Author,
  ContentDescription,
  ContentSource,
  SealedRecord,
  SealRecordInput,
  Sink,
  VisitTarget,
} from "./sealRecord.ts";
export { sealRecord } from "./sealRecord.ts";
