export { initDataDirectory } from "./dataDirectory.ts";
export type { PublicNodeKeys } from "./dataDirectory.ts";
export { startNode } from "./node.ts";
export { vouchForRegistrar } from "./operator.ts";
export type { NodeConfig, RunningNode } from "./node.ts";
