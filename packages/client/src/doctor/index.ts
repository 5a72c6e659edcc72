/** Workflows of a doctor: receive, write, ask, open. */
export { listPatients, lookupPatient, resolvePatient } from "./addressBook.ts";
export type { KnownPatient } from "./addressBook.ts";
export { amendRecord } from "./amendRecord.ts";
export { listGrants, listReadable, mayCopy } from "./grants.ts";
export { historyOf } from "./history.ts";
export { importFile } from "./importFile.ts";
export type { ImportInput, ImportSubject } from "./importFile.ts";
export type { ImportedRecord } from "./submitRecords.ts";
export { labelsKnown, withLabels } from "./labels.ts";
export { listAuthored } from "./authoredRecords.ts";
export { openGranted, openMany, openRecord } from "./openGranted.ts";
export type { OpenedOne, OpenOptions, OpeningError } from "./openGranted.ts";
export { openOwn } from "./openOwn.ts";
export { listRequests, requestAccess } from "./requestAccess.ts";
export type { AccessRequestInput } from "./requestAccess.ts";
export { receive } from "./staffBox.ts";
export type { ReceivedEvent } from "./staffBox.ts";
export { tokensFor } from "./tokens.ts";
