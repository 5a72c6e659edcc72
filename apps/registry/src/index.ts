export type { LookupEntry } from "./contacts.ts";
export type { HomePlace } from "./home.ts";
export { initHome } from "./home.ts";
export type { OperatorPlace } from "./operator.ts";
export { issueRegistrar, readLookups } from "./operator.ts";
export type { RegistryConfig } from "./registry.ts";
export { startRegistry } from "./registry.ts";
