export { initDataDirectory } from "./dataDirectory.ts";
export { startProxy } from "./proxy.ts";
export type { ProxyConfig } from "./proxy.ts";
