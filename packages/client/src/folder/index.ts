/**
 * One federation's folder on this machine, as the host and the command line share it: what lies where, who holds it,
 * devices as files, and the process in which new persons' keys are born. Node only.
 */
export { deviceDir, writeAtomically } from "./deviceDir.ts";
export type { EnrolledPerson } from "./enrolPerson.ts";
export { affiliatePerson, enrolPerson } from "./enrolPerson.ts";
export type { FederationFile } from "./federationFile.ts";
export { places, readFederation, writeFederation } from "./federationFile.ts";
export type { DemoStep, HostEvent, HostRequest, MemberChange } from "./hostMessages.ts";
export type { KeysProcess } from "./keysProcess.ts";
export { spawnKeys } from "./keysProcess.ts";
export { lockHolder, takeLock } from "./lockFile.ts";
export { parsePersonName, registrarOf } from "./personName.ts";
