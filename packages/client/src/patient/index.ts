/** What patients do. Every function works on the patient's own device and trusts no single server. */
export { stateAboutSelf } from "./stated.ts";
export { attend, receive } from "./attend.ts";
export { confirm, dispute } from "./confirm.ts";
export type { GrantInput } from "./grantTerms.ts";
export { grant } from "./grant.ts";
export { listGrants, revoke } from "./grants.ts";
export { ownHistory } from "./history.ts";
export type { AttendEvent } from "./inbox.ts";
export { labelsKnown, withLabels } from "./labels.ts";
export { accessLog } from "./log.ts";
export { checkProof, exportProof } from "./proofFile.ts";
export { listRecords, openRecord } from "./records.ts";
export { listRequests, refuse } from "./requests.ts";
export type { OpenedVisit, OpenVisitInput } from "./visits.ts";
export { openVisit } from "./visits.ts";
