export { initHome } from "./home.ts";
export { startNode } from "./node.ts";
export { vouchForRegistrar } from "./operator.ts";
export type { NodeConfig, RunningNode } from "./node.ts";
