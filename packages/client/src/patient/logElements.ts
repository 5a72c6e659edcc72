import { toHex } from "@anamnesis/crypto/verify";
import { isEmergency } from "@anamnesis/protocol";
import type { Purpose } from "@anamnesis/protocol";
import type { LogElements, RecordSummary } from "../model.ts";

/** What an entry says of the data: which, of what kind, whence. */
export type DataElements = Pick<LogElements, "categories" | "origins" | "titles">;

/** Own records as the log names them. */
export class LoggedRecords {
  readonly #byId = new Map<string, RecordSummary>();
  readonly #byDigest = new Map<string, string>();

  constructor(records: readonly RecordSummary[]) {
    for (const record of records) {
      this.#byId.set(record.id, record);
      for (const { digest } of record.versions) this.#byDigest.set(digest, record.id);
    }
  }

  /** The ids of the records that versions belong to, each once; of an unknown version its digest. */
  idsOf(digests: readonly string[]): readonly string[] {
    return [...new Set(digests.map((digest) => this.#byDigest.get(digest) ?? digest))];
  }

  /**
   * What the entry says of these records.
   *
   * @param otherwise - What it says where this device knows none of them.
   */
  elementsOf(ids: readonly string[], otherwise: DataElements): DataElements {
    const records = ids.flatMap((id) => this.#byId.get(id) ?? []);
    if (records.length === 0) return otherwise;
    return {
      categories: unique(records.map(({ category }) => category)),
      origins: unique(records.map(({ institution }) => institution)),
      titles: Object.fromEntries(
        records.flatMap(({ id, title }) => (title === undefined ? [] : [[id, title] as const])),
      ),
    };
  }
}

/** Why. */
export const reasons = (
  purposes: readonly Purpose[],
): Pick<LogElements, "purposes" | "emergency"> => ({
  purposes,
  emergency: purposes.some(isEmergency),
});

export const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** Records that are named, as ids. */
export const namedRecords = (
  records: readonly Uint8Array[] | null,
): { readonly records?: readonly string[] } =>
  records === null ? {} : { records: records.map(toHex) };
