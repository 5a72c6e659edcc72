/** The one caller of described routes (protocol's `wire/`), for clients and servers alike. */
export { Alive } from "./alive.ts";
export { pause } from "./pause.ts";
export { Part } from "./part.ts";
export type { CallInput, HttpOptions } from "./part.ts";
export { whileThere } from "./whileThere.ts";
export type { Wanted } from "./whileThere.ts";
