/** What every server of Anamnesis does at its HTTP edge: routes, limits, errors, callers, OpenAPI. */
export { jsonObject, readBody } from "./body.ts";
export type { Caller } from "./caller.ts";
export { CallerCheck } from "./caller.ts";
export type { Failure } from "./failure.ts";
export { failureOf } from "./failure.ts";
export type { Answer, HttpConfig, Incoming, Route, Server } from "./http.ts";
export { serve } from "./http.ts";
export { openApiDocument } from "./openApi.ts";
