import type { OpenRecord, RecordSummary } from "@anamnesis/client";
import type { ListedRecord } from "./port.ts";
import { codeOf } from "./servePort.ts";
import { showRecord } from "./showRecord.ts";

/** What opening a record told of it. */
interface Details {
  readonly title?: string;
  readonly date?: string;
  readonly broken?: string;
}

/** How many of the newest records are opened for a list. */
const OPENED_MAX = 100;
const AT_ONCE = 4;
const PATIENCE_MS = 4_000;
/** Larger records are not fetched only to be listed: 8 MiB. */
const BYTES_MAX = 8 * 1024 * 1024;

/** Codes that say that content, signature or place on the chain is at fault, and not a part that is away. */
const faults = new Set([
  "E_DECRYPT",
  "DIGEST_MISMATCH",
  "AUTHOR_UNVERIFIED",
  "PROOF_INVALID",
  "OBJECT_CORRUPT",
]);

/**
 * Adds to a patient's list what only the content tells: the title and the day on which it happened. Opens the newest
 * records here, on the patient's own device, and remembers what they said by digest for as long as the worker lives.
 */
export class RecordDetails {
  readonly #known = new Map<string, Details>();
  readonly #open: (id: string) => Promise<OpenRecord>;
  readonly #onMore: () => void;
  #learning: Promise<void> = Promise.resolve();

  /** @param onMore - Told when more became known than the last list said. */
  constructor(open: (id: string) => Promise<OpenRecord>, onMore: () => void) {
    this.#open = open;
    this.#onMore = onMore;
  }

  /** @param patienceMs - How long the list waits for what is not known yet. */
  async addTo(
    records: readonly RecordSummary[],
    patienceMs = PATIENCE_MS,
  ): Promise<ListedRecord[]> {
    const wanted = records.slice(0, OPENED_MAX);
    const learned = this.#learning.then(() => this.#learnAll(wanted));
    this.#learning = learned.then(() => undefined);
    if (!(await isInTime(learned, patienceMs)))
      void learned.then((count) => (count > 0 ? this.#onMore() : undefined));
    return records.map((record) => ({ ...record, ...this.#known.get(newest(record)) }));
  }

  /** @returns how many became known. */
  async #learnAll(records: readonly RecordSummary[]): Promise<number> {
    const before = this.#known.size;
    const waiting = records.filter((record) => !this.#known.has(newest(record)));
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await this.#learn(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return this.#known.size - before;
  }

  async #learn(record: RecordSummary): Promise<void> {
    if ((record.size ?? 0) > BYTES_MAX) return;
    try {
      const { summary, fileName } = await showRecord(await this.#open(record.id));
      this.#known.set(newest(record), {
        title: summary?.title ?? fileName,
        ...(summary?.date !== undefined && { date: summary.date }),
      });
    } catch (error) {
      const code = codeOf(error);
      if (code !== undefined && faults.has(code)) this.#known.set(newest(record), { broken: code });
    }
  }
}

async function isInTime(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const isDone = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}

const newest = ({ id, versions }: RecordSummary): string => versions.at(-1)?.digest ?? id;
