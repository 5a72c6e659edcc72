/** What every server of Anamnesis does at its HTTP edge: routes, limits, errors, callers, OpenAPI. */
export { jsonObject, readBody } from "./body.ts";
export type { Caller } from "./caller.ts";
export { CallerCheck } from "./caller.ts";
export { holding } from "./heldFolders.ts";
export type { Nonces } from "./nonceJournal.ts";
export { NonceJournal } from "./nonceJournal.ts";
export { RateLimit } from "./rateLimit.ts";
export { RevocationLists } from "./revocationLists.ts";
export type { Answer, HttpConfig, Incoming, Route, Server } from "./http.ts";
export { serve } from "./http.ts";
export { serverMain } from "./serverMain.ts";
