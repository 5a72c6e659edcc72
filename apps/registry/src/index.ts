export type { LookupEntry } from "./contacts.ts";
export type { DataPlace } from "./dataDirectory.ts";
export { initDataDirectory } from "./dataDirectory.ts";
export type { OperatorPlace } from "./operator.ts";
export { auditInstitution, issueRegistrar, readLookups, readTraces } from "./operator.ts";
export type { RegistryConfig } from "./registry.ts";
export { startRegistry } from "./registry.ts";
