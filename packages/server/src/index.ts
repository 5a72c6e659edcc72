/** What every server of Anamnesis does at its HTTP edge: limits, errors, callers, OpenAPI, all from described routes. */
export type { Caller, Certified, CertifiedCaller, KeyCaller } from "./caller.ts";
export { CallerCheck } from "./caller.ts";
export type { Handled, Handling, Incoming } from "./handle.ts";
export { handling } from "./handle.ts";
export { holding } from "./heldFolders.ts";
export type { Nonces } from "./nonceJournal.ts";
export { NonceJournal } from "./nonceJournal.ts";
export { RateLimit } from "./rateLimit.ts";
export { RevocationLists } from "./revocationLists.ts";
export type { HttpConfig, Server } from "./serve.ts";
export { serve } from "./serve.ts";
export { line, serverMain } from "./serverMain.ts";
