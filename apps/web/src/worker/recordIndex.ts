import type { RecordSummary } from "@anamnesis/client";
import { openSymmetric, sealSymmetric } from "@anamnesis/crypto/box";
import { enc, hmacSha256, kdf, toHex, utf8 } from "@anamnesis/crypto/verify";
import type { Fact, KeptRecords, ListedRecord } from "./port.ts";
import type { Blobs } from "./sealedBlobs.ts";

/** What one version said when it was opened on this device. */
type Learned = { readonly fact: Fact } | { readonly broken: string } | Record<string, never>;

interface Kept {
  readonly v: 1;
  readonly time: number;
  readonly records: readonly RecordSummary[];
  /** By digest. */
  readonly learned: Readonly<Record<string, Learned>>;
}

const nothing: Kept = { v: 1, time: 0, records: [], learned: {} };

/**
 * The list of a patient's own records on this device: labels, and the one line that says most of what was opened here. It is
 * sealed under a key of the patient's seed, so that whoever takes the device's files without it reads nothing (ADR 6).
 */
export class RecordIndex {
  readonly #blobs: Blobs;
  readonly #key: Uint8Array;
  readonly #name: string;
  #kept: Promise<Kept>;

  constructor(blobs: Blobs, seed: Uint8Array) {
    this.#blobs = blobs;
    this.#key = kdf(seed, "portal-index", "", 32);
    this.#name = toHex(hmacSha256(this.#key, enc("portal-index-name")));
    this.#kept = this.#read();
  }

  /** What was shown last; `null` where this device has shown nothing yet. */
  async kept(): Promise<KeptRecords | null> {
    const kept = await this.#kept;
    return kept.time === 0 ? null : { time: kept.time, records: listed(kept) };
  }

  /** Keeps a list as it is now, and gives it with what is known of its records. */
  async show(records: readonly RecordSummary[], time: number): Promise<readonly ListedRecord[]> {
    const { learned } = await this.#kept;
    const digests = new Set(records.map(newestDigest));
    const still = Object.entries(learned).filter(([digest]) => digests.has(digest));
    return listed(await this.#change({ records, time, learned: Object.fromEntries(still) }));
  }

  /** Remembers what a version said, or why it did not open. @returns whether a list says more now. */
  async learn(digest: string, what: Learned): Promise<boolean> {
    const { learned } = await this.#kept;
    if (JSON.stringify(learned[digest]) === JSON.stringify(what)) return false;
    await this.#change({ learned: { ...learned, [digest]: what } });
    return true;
  }

  async #change(change: Partial<Kept>): Promise<Kept> {
    const kept = { ...(await this.#kept), ...change };
    this.#kept = Promise.resolve(kept);
    const plaintext = utf8(JSON.stringify(kept));
    const sealed = await sealSymmetric({ key: this.#key, aad: utf8(this.#name), plaintext });
    await this.#blobs.put(this.#name, sealed);
    return kept;
  }

  /** What was changed, or is of another form, is as if it were not there: all of it can be fetched. */
  async #read(): Promise<Kept> {
    const sealed = await this.#blobs.get(this.#name);
    if (sealed === undefined) return nothing;
    try {
      const aad = utf8(this.#name);
      const plaintext = await openSymmetric({ key: this.#key, aad, sealed });
      // Sealed under a key that this device alone has: as this code wrote it, maybe an older one.
      const kept = JSON.parse(new TextDecoder().decode(plaintext)) as Kept;
      return kept.v === 1 ? kept : nothing;
    } catch {
      return nothing;
    }
  }
}

const listed = ({ records, learned }: Kept): ListedRecord[] =>
  records.map((record) => {
    const start = record.label?.start ?? undefined;
    return {
      ...record,
      ...(start !== undefined && { date: start }),
      ...learned[newestDigest(record)],
    };
  });

const newestDigest = ({ id, versions }: RecordSummary): string => versions.at(-1)?.digest ?? id;
