export { combine } from "./combine.ts";
export { isCurrent } from "./facts.ts";
export { ips } from "./ips.ts";
export type { IpsOptions } from "./ips.ts";
export { topics } from "./model.ts";
export type { Difference, Fact, History, HistorySource, Said, Topic, Word } from "./model.ts";
export { tellHistory } from "./told.ts";
export type { ToldFact, ToldHistory } from "./told.ts";
