import { fromHex, toHex, utf8Decode } from "@anamnesis/crypto/verify";
import {
  VOTERS,
  careChainEntry,
  careChainState,
  certificateState,
  grantState,
  institutionState,
  invariant,
  mapNames,
  voterChangeDocument,
  votersDocument,
} from "@anamnesis/protocol";
import type { MapName } from "@anamnesis/protocol";
import {
  empty,
  openPage,
  pageLog,
  raw,
  roots,
  sequence,
  session,
  storedPage,
  storedSlip,
} from "./codecs.ts";
import type { Codec } from "./codecs.ts";
import { bytesKey, keyBytes, numberKey, pathKey, textKey } from "./keys.ts";

/**
 * What stands over the entries of a row:
 * - `pages`: the pages' tree; slips and pages;
 * - `records`, `usage`: a multiset hash; *facts* are added once and never change;
 * - `grants`, `keys`, `institutions`: a sparse map; its entries change and can be proved;
 * - `index`: nothing of its own; an entry follows from a slip;
 * - `meta`: nothing of its own; follows from the other entries.
 */
export type Root = "pages" | FactRoot | MapName | "index" | "meta";
export const factRoots = ["records", "usage"] as const;
export type FactRoot = (typeof factRoots)[number];

/**
 * What a store should keep in memory: `always` what nearly every slip reads, `lately` the entries read last (they must
 * never change), `newest` the entries written last (they must follow from slips, see `entriesAt`), `never` the rest.
 */
export type Memory = "always" | "lately" | "newest" | "never";

/** One kind of entry. Only {@link rows} makes them. */
export interface Row<
  P extends readonly unknown[] = never[],
  V = unknown,
  R extends Root = Root,
> extends Codec<V> {
  /** First byte of every key of the row. */
  readonly prefix: string;
  readonly root: R;
  readonly memory: Memory;
  key(...parts: P): string;
}

/** A row of a map: `id` is how proofs name the entry under a key, `keyOf` the key under which an id would stand. */
export interface MapRow<P extends readonly unknown[] = never[], V = unknown> extends Row<
  P,
  V,
  MapName
> {
  id(key: string): string;
  /** `undefined` for what can be no id here. */
  keyOf(id: string): string | undefined;
}

interface Columns<P extends readonly unknown[], V, R extends Root> {
  readonly table: number;
  readonly root: R;
  readonly memory: Memory;
  /** The key after its first byte; see `keys.ts`. */
  readonly key: (...parts: P) => string;
  readonly codec: Codec<V>;
}

function row<P extends readonly unknown[], V, R extends Root>({
  table,
  root,
  memory,
  key,
  codec: { encode, decode },
}: Columns<P, V, R>): Row<P, V, R> {
  const prefix = String.fromCharCode(table);
  return { prefix, root, memory, key: (...parts) => prefix + key(...parts), encode, decode };
}

/** An entry of a map under an id of 32 bytes, which proofs name by its 64 hex digits. */
const mapById = <V>(
  columns: Omit<Columns<[Uint8Array], V, MapName>, "key">,
): MapRow<[Uint8Array], V> => {
  const made = row({ ...columns, key: one });
  return {
    ...made,
    id: (key) => toHex(keyBytes(key, 1)),
    keyOf: (id) => (/^[0-9a-f]{64}$/.test(id) ? made.key(fromHex(id)) : undefined),
  };
};

/** An entry of a map under a name; proofs name it with `prefix` before, which no other row's names begin with. */
const mapByName = <V>(
  columns: Omit<Columns<[string], V, MapName>, "key">,
  prefix = "",
): MapRow<[string], V> => {
  const made = row({ ...columns, key: textKey });
  const isOurs = (id: string) =>
    prefix === "" ? id !== VOTERS && !id.includes("/") : id.startsWith(prefix);
  return {
    ...made,
    id: (key) => prefix + utf8Decode(keyBytes(key, 1)),
    keyOf: (id) => (isOurs(id) ? made.key(id.slice(prefix.length)) : undefined),
  };
};

/** The one entry of a map under this id. */
const mapEntry = <V>(
  only: string,
  columns: Omit<Columns<[], V, MapName>, "key">,
): MapRow<[], V> => {
  const made = row({ ...columns, key: single });
  return { ...made, id: () => only, keyOf: (id) => (id === only ? made.key() : undefined) };
};

/** Ids of 16 or 32 bytes one after another, then numbers. */
const ids = (...parts: readonly (Uint8Array | number)[]): string =>
  parts.map((part) => (typeof part === "number" ? numberKey(part) : bytesKey(part))).join("");
const one = (id: Uint8Array): string => bytesKey(id);
const single = (): string => "";

const fact = <P extends readonly unknown[]>(
  root: FactRoot,
  table: number,
  key: (...parts: P) => string,
) => row({ table, root, memory: "never", key, codec: sequence });

/** Entries `key ‖ sequence` without a value: under a key, the slips that it leads to in the order of the chain. */
const index = <P extends readonly unknown[]>(table: number, key: (...parts: P) => string) =>
  row({ table, root: "index", memory: "newest", key, codec: empty });

/**
 * Every entry of the state belongs to one row: nothing but this table knows a key, and what writes an entry names its row.
 * Recount, snapshots, queries and what a store keeps in memory follow from it. Spec: docs/spec/state.md ST-11.
 */
export const rows = {
  /** By sequence: the chain's slips in their order, written one behind another. */
  slip: row({ table: 0x01, root: "pages", memory: "never", key: numberKey, codec: storedSlip }),
  /** By number. */
  page: row({ table: 0x02, root: "pages", memory: "never", key: numberKey, codec: storedPage }),

  /** Where a slip stands, by its id. */
  slipId: row({ table: 0x10, root: "index", memory: "newest", key: one, codec: sequence }),
  byTag: index(0x11, one),
  byPid: index(0x12, one),
  byBody: index(0x13, one),
  byGrant: index(0x14, one),
  /** By SHA-256 of the holder's name. */
  byName: index(0x15, one),
  byInstitution: index(0x16, (institution: string) => `${textKey(institution)}\0`),
  /** Rereadings by authors, by pid. */
  byVisitRead: index(0x17, one),

  /** By pid. */
  session: row({ table: 0x20, root: "records", memory: "lately", key: one, codec: session }),
  /** By record and version, which counts from 1: the record.submit or record.own itself is version 0. */
  version: fact("records", 0x21, (record: Uint8Array, version: number) => ids(record, version)),
  /** By record and digest. */
  confirmation: fact("records", 0x22, (record: Uint8Array, digest: Uint8Array) =>
    ids(record, digest),
  ),
  dispute: fact("records", 0x23, (record: Uint8Array, digest: Uint8Array) => ids(record, digest)),
  /** The session.claim that made a key a visit's signer, by that key; and the one that put another in its place. */
  claimTo: fact("records", 0x24, one),
  claimFrom: fact("records", 0x25, one),

  /** By signing key: the certificate that brought it. Keys of genesis have none. */
  certifiedKey: fact("records", 0x26, one),
  /** By node key: the slip that brought it to a member. Keys of genesis have none. */
  nodeKey: fact("records", 0x27, one),

  /** By request. */
  refusal: fact("usage", 0x30, one),
  /** By intent. */
  done: fact("usage", 0x31, one),
  /** By gid, reader, proxy and minute of block time. */
  denied: fact(
    "usage",
    0x32,
    (gid: Uint8Array, reader: Uint8Array, proxy: number, minute: number) =>
      ids(gid, reader, proxy, minute),
  ),
  /** By gid, reader, minute of block time, and how many stood before it in that minute. */
  intent: fact(
    "usage",
    0x33,
    (gid: Uint8Array, reader: Uint8Array, minute: number, place: number) =>
      ids(gid, reader, minute, place),
  ),

  grant: mapById({ table: 0x40, root: "grants", memory: "never", codec: grantState }),
  certificate: mapById({ table: 0x41, root: "keys", memory: "always", codec: certificateState }),
  institution: mapByName({
    table: 0x42,
    root: "institutions",
    memory: "always",
    codec: institutionState,
  }),
  /** Who votes: follows from the institutions, and is changed with them. */
  voters: mapEntry(VOTERS, {
    table: 0x43,
    root: "institutions",
    memory: "always",
    codec: votersDocument,
  }),
  /** By chain, on the consortium. */
  careChain: mapByName(
    { table: 0x44, root: "institutions", memory: "never", codec: careChainState },
    careChainEntry(""),
  ),

  /** A node of a sparse map, by the map and its path of bits. */
  mapNode: row({
    table: 0x50,
    root: "meta",
    memory: "never",
    key: (map: MapName, path: string) => String.fromCharCode(mapNames.indexOf(map)) + pathKey(path),
    codec: raw,
  }),
  /** A perfect subtree of the page log: 2^level pages from page index * 2^level on. */
  logNode: row({
    table: 0x51,
    root: "meta",
    memory: "never",
    key: (level: number, place: number) => String.fromCharCode(level) + numberKey(place),
    codec: raw,
  }),
  openPage: row({ table: 0x52, root: "meta", memory: "always", key: single, codec: openPage }),
  pageLog: row({ table: 0x53, root: "meta", memory: "always", key: single, codec: pageLog }),
  /** The lanes of a multiset hash. */
  factHash: row({
    table: 0x54,
    root: "meta",
    memory: "always",
    key: (root: FactRoot) => String.fromCharCode(factRoots.indexOf(root)),
    codec: raw,
  }),
  /** Changes of voters, numbered from 0, each as the state of its height proves it; still without heads. */
  voterChange: row({
    table: 0x56,
    root: "meta",
    memory: "never",
    key: numberKey,
    codec: voterChangeDocument,
  }),
  roots: row({ table: 0x55, root: "meta", memory: "always", key: single, codec: roots }),
} as const;

/** All rows in the order of their keys. */
export const allRows: readonly Row[] = Object.values<Row>(rows).toSorted((left, right) =>
  left.prefix < right.prefix ? -1 : 1,
);
export const rowsUnder = (root: Root): readonly Row[] => allRows.filter((row) => row.root === root);
export const mapRows = (map: MapName): readonly MapRow[] =>
  Object.values<Row>(rows).filter((row): row is MapRow => row.root === map);

const byPrefix = new Map(allRows.map((row) => [row.prefix, row]));
invariant(byPrefix.size === allRows.length, "two rows of the state share a table");

/** What a store should keep in memory of an entry: what {@link Memory} says of its row. */
export const memoryOf = (key: string): Memory => byPrefix.get(key[0] ?? "")?.memory ?? "never";
