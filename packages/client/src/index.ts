/**
 * Devices, ports and what workflows give. The workflows themselves: `./person`, `./patient`, `./doctor`. What reads FHIR is
 * loaded by those that need it, as most commands and pages do not.
 */
export type { BlobDir } from "./blobDir.ts";
export { MemoryBlobDir } from "./blobDir.ts";
export { certifiedCaller } from "./caller.ts";
export { collect } from "./collect.ts";
export type { Affiliation, Device } from "./device.ts";
export { createDevice, IDENTITY_FILE, isDemoDevice, openDevice } from "./device.ts";
export type { DirectorySource, StaffView, Standing } from "./directory.ts";
export { listInstitutions, listStaff } from "./directory.ts";
export type { Identity, Protection } from "./deviceFile.ts";
export { httpBlobDir, httpNetwork } from "./http/index.ts";
export type { ItemKind, ItemKinds } from "./items.ts";
export { awayIn } from "./members/away.ts";
export type * from "./model.ts";
export type * from "./ports.ts";
export type { ReadHistory } from "./readHistory.ts";
export { clinicalTime, lastFirst } from "./recordSummary.ts";
export type { Session } from "./session.ts";
export { makeSession, openSession } from "./session.ts";
