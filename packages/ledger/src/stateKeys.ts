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
  slip: (id: string) => `slip/${id}`,
  page: (no: number) => `page/${padPage(no)}`,

  // Facts under `records`
  session: (pid: string) => `session/${pid}`,
  record: (record: string) => `record/${record}`,
  /** `version` counts from 1: the record.submit itself is version 0. */
  version: (record: string, version: number) => `version/${record}/${padVersion(version)}`,
  confirmation: (record: string, digest: string) => `confirm/${record}/${digest}`,
  dispute: (record: string, digest: string) => `dispute/${record}/${digest}`,

  // Facts under `usage`
  request: (request: string) => `request/${request}`,
  refusal: (request: string) => `refusal/${request}`,
  intent: (intent: string) => `intent/${intent}`,
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

/** Prefixes of the facts under each multiset root: what a recount has to read. */
export const factPrefixes = {
  records: ["session/", "record/", "version/", "confirm/", "dispute/"],
  usage: ["request/", "refusal/", "intent/", "done/", "denied/", "author/"],
} as const;
export type FactRoot = keyof typeof factPrefixes;

/** Prefixes of entries that follow from others. */
export const indexPrefixes = [
  "by-tag/",
  "by-pid/",
  "by-body/",
  "by-grant/",
  "by-name/",
  "by-institution/",
] as const;
