import type { StateView } from "./state.ts";

/**
 * Every key of the state. Ids are lower-case hex; numbers are padded, so that key order is their order.
 *
 * Three sorts of entries: *facts* are added once and never change (under `records` or `usage`), *map entries* change
 * and can be proved (`grants`, `keys`, `institutions`), *indices* and `meta/…` follow from the others and are under no
 * root of their own. Spec: docs/spec/state.md.
 */

/** Twelve digits: places of slips on the chain, in order. */
export const padSequence = (sequence: number): string => String(sequence).padStart(12, "0");
export const padPage = (no: number): string => String(no).padStart(10, "0");
export const padVersion = (version: number): string => String(version).padStart(6, "0");

export const stateKeys = {
  /** A slip, and beside it the fact that is named after it: one page on disk is written for both. */
  slip: (id: string) => `slip/${id}`,
  page: (no: number) => `page/${padPage(no)}`,

  // Facts under `records`
  session: (pid: string) => `session/${pid}`,
  record: (record: string) => `slip/${record}/record`,
  /** `version` counts from 1: the record.submit itself is version 0. */
  version: (record: string, version: number) => `version/${record}/${padVersion(version)}`,
  confirmation: (record: string, digest: string) => `confirm/${record}/${digest}`,
  dispute: (record: string, digest: string) => `dispute/${record}/${digest}`,

  // Facts under `usage`
  request: (request: string) => `slip/${request}/request`,
  refusal: (request: string) => `refusal/${request}`,
  intent: (intent: string) => `slip/${intent}/intent`,
  done: (intent: string) => `done/${intent}`,
  denied: (gid: string, reader: string, minute: number) =>
    `denied/${gid}/${reader}/${padSequence(minute)}`,
  author: (pid: string, slip: string) => `author/${pid}/${slip}`,

  // Map entries
  grant: (gid: string) => `grants/${gid}`,
  certificate: (fingerprint: string) => `keys/${fingerprint}`,
  institution: (id: string) => `institutions/${id}`,
  node: (map: string, path: string) => `node/${map}/${path}`,

  // Indices
  byTag: (tag: string, sequence: number) => `by-tag/${tag}/${padSequence(sequence)}`,
  byPid: (pid: string, sequence: number) => `by-pid/${pid}/${padSequence(sequence)}`,
  byBody: (body: string, sequence: number) => `by-body/${body}/${padSequence(sequence)}`,
  byGrant: (gid: string, sequence: number) => `by-grant/${gid}/${padSequence(sequence)}`,
  byName: (nameHash: string, fingerprint: string) => `by-name/${nameHash}/${fingerprint}`,
  byInstitution: (institution: string, fingerprint: string) =>
    `by-institution/${institution}/${fingerprint}`,

  /** A perfect subtree of the page log: 2^level pages from page index * 2^level on. */
  logNode: (level: number, index: number) =>
    `log/${String(level).padStart(2, "0")}/${padPage(index)}`,
  openPage: "meta/open-page",
  pageLog: "meta/page-log",
  recordsHash: "meta/records",
  usageHash: "meta/usage",
  roots: "meta/roots",
} as const;

const factPrefixes = {
  records: ["session/", "version/", "confirm/", "dispute/"],
  usage: ["refusal/", "done/", "denied/", "author/"],
} as const;
export type FactRoot = keyof typeof factPrefixes;

/** How the keys end of facts that lie beside the slip that made them. */
const factsBesideSlips = { records: ["/record"], usage: ["/request", "/intent"] } as const;

/** The facts under a multiset root: what a recount has to read. */
export function* factsOf(
  state: StateView,
  root: FactRoot,
): Iterable<readonly [string, Uint8Array]> {
  for (const prefix of factPrefixes[root]) yield* state.range(prefix);
  for (const entry of state.range("slip/"))
    if (factsBesideSlips[root].some((end) => entry[0].endsWith(end))) yield entry;
}

/** Prefixes of entries that follow from others. */
export const indexPrefixes = [
  "by-tag/",
  "by-pid/",
  "by-body/",
  "by-grant/",
  "by-name/",
  "by-institution/",
] as const;
