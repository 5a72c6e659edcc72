export { initHome } from "./home.ts";
export { startProxy } from "./proxy.ts";
export type { ProxyConfig } from "./proxy.ts";
