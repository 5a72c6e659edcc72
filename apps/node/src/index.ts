export { initHome } from "./home.ts";
export { startNode } from "./node.ts";
export type { NodeConfig, RunningNode } from "./node.ts";
