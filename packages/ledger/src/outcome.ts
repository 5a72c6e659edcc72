import type { SlipCode } from "@anamnesis/protocol";
import type { FactRoot, MapRow, Row } from "./rows.ts";

/** What a slip changes; applied by the block, under the root of its row. */
export interface Write {
  readonly row: Row;
  readonly key: string;
  readonly value: Uint8Array;
}

export type Outcome =
  | { readonly code: "OK"; readonly writes: readonly Write[] }
  | { readonly code: Exclude<SlipCode, "OK"> };

export const accept = (...writes: readonly Write[]): Outcome => ({ code: "OK", writes });
export const reject = (code: Exclude<SlipCode, "OK">): Outcome => ({ code });

/** A fact that was never there before. @param key - Of this row. */
export const fact = <V>(row: Row<never[], V, FactRoot>, key: string, value: V): Write => ({
  row,
  key,
  value: row.encode(value),
});

/** An entry of a map, new or changed. */
export const put = <V>(row: MapRow<never[], V>, key: string, value: V): Write => ({
  row,
  key,
  value: row.encode(value),
});

/** A key of an index without the sequence that ends it. */
export type IndexKey = string & { readonly __brand: "IndexKey" };

export const indexKey = <P extends readonly unknown[]>(
  row: Row<P, undefined, "index">,
  ...parts: P
): IndexKey => row.key(...parts) as IndexKey;
