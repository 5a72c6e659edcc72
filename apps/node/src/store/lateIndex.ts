import { entriesAt, slipCount } from "@anamnesis/ledger";
import type { StateView } from "@anamnesis/ledger";
import { Turns } from "../turns.ts";
import type { Entry } from "./indexTable.ts";
import { IndexTail } from "./indexTail.ts";
import type { TailSize } from "./indexTail.ts";
import { corruptFile } from "./lmdbFile.ts";

export interface LateIndexConfig {
  /** The committed state; its entries of indices are this one's and the file's. */
  readonly state: StateView;
  /** How many slips, from the first on, have every entry in the file, as the file says now. */
  readonly indexed: () => number;
  /** See {@link IndexTail}. */
  readonly tail?: TailSize | undefined;
}

/** The tail of the indices beside the file: read from the slips when it is first asked for, and moved on by each commit. */
export class LateIndex {
  readonly #config: LateIndexConfig;
  #tail: IndexTail | undefined;
  /** What a commit that is on its way brings. */
  #arriving: { readonly height: number; readonly entries: readonly Entry[] } | undefined;

  constructor(config: LateIndexConfig) {
    this.#config = config;
  }

  /** @throws {AnamnesisError} STORE_CORRUPT or SLIP_MALFORMED when it has to be read and a slip cannot be. */
  get tail(): IndexTail {
    if (this.#tail === undefined) for (const _ of this.#read());
    return this.#tail!;
  }

  /** Reads it in turns where it was not read, before anybody asks for it. @throws {AnamnesisError} as {@link tail} does. */
  async read(): Promise<void> {
    if (this.#tail !== undefined) return;
    const turns = new Turns();
    for (const _ of this.#read()) await turns.giveWay();
  }

  /** It is read again when it is asked for: another process may have moved the file on. */
  forget(): void {
    this.#tail = undefined;
  }

  /** Slip by slip: one may be found by the entries of those before it. */
  *#read(): Generator<undefined> {
    const { state, indexed, tail: size } = this.#config;
    const from = indexed();
    const slips = slipCount(state);
    if (from > slips) throw corruptFile("it has more slips indexed than there are");
    const tail = (this.#tail = new IndexTail(from, size));
    try {
      for (let sequence = from; sequence < slips; sequence += 1) {
        for (const entry of entriesAt(state, sequence)) tail.add(entry);
        yield undefined;
      }
    } catch (error) {
      this.#tail = undefined;
      throw error;
    }
  }

  /** A commit begins. */
  arrive(height: number, entries: readonly Entry[]): void {
    this.#arriving = { height, entries };
  }

  /** It failed. */
  discard(): void {
    this.#arriving = undefined;
  }

  /** The file shows this height: perhaps that of the commit on its way, a moment before that goes on. */
  settle(height: number): void {
    if (this.#arriving === undefined || height < this.#arriving.height) return;
    for (const entry of this.#arriving.entries) this.tail.add(entry);
    this.tail.left();
    this.#arriving = undefined;
  }
}
