/** The one caller of described routes (protocol's `wire/`), for clients and servers alike. */
export { pause } from "./pause.ts";
export { Part } from "./part.ts";
export type { CallInput, HttpOptions } from "./part.ts";
