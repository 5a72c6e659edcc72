/** The wire, described once: servers, clients and OpenAPI documents are made from these routes (docs/adr/0016). */
export * from "./address.ts";
export * from "./body.ts";
export * from "./errors.ts";
export * from "./everyRoutes.ts";
export * from "./mailboxRoutes.ts";
export * from "./nodeRoutes.ts";
export { pageEntries } from "./paging.ts";
export * from "./portalRoutes.ts";
export * from "./proxyRoutes.ts";
export * from "./registryRoutes.ts";
export * from "./route.ts";
export * from "./vaultRoutes.ts";
export * from "./views.ts";
