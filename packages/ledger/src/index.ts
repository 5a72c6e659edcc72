export * from "./directory.ts";
export * from "./machine.ts";
export * from "./memoryState.ts";
export * from "./proveState.ts";
export * from "./queries.ts";
export * from "./recount.ts";
export * from "./replay.ts";
export { readRoots } from "./roots.ts";
export * from "./state.ts";
