export { initDataDirectory, publicKeysOf } from "./dataDirectory.ts";
export type { PublicNodeKeys } from "./dataDirectory.ts";
export { makeNextKey, proveNextKey, takeNextKey } from "./nextKey.ts";
export { startNode } from "./node.ts";
export type { MembershipDraft } from "./operator.ts";
export { cosignMembership, sealedTrace, signMembership, vouchForRegistrar } from "./operator.ts";
export type { NodeConfig, RunningNode } from "./node.ts";
