import { statSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { memoryOf, slipBytesAt } from "@anamnesis/ledger";
import type { StateView, Writes } from "@anamnesis/ledger";
import { AnamnesisError, encodeCertified } from "@anamnesis/protocol";
import { decodeHeightFacts, encodeHeightFacts } from "./heightFacts.ts";
import type { HeightFacts } from "./heightFacts.ts";
import { decodeKept } from "./keptEntry.ts";
import { assertLmdbFile, corruptFile } from "./lmdbFile.ts";
import { Values, asBuffer, boundsOf, onDisk } from "./diskForm.ts";
import { StagedState } from "./stagedState.ts";
import { refusedWrite } from "./refusedWrite.ts";

export interface Commit extends HeightFacts {
  readonly height: number;
  readonly writes: Writes;
  /** What was decided, as `encodeKept` gives it; absent at height 0, and where the engine keeps its own log. */
  readonly kept?: Uint8Array;
}

/** The state as one snapshot of the disk sees it, with its height; valid until the caller yields. */
export interface StoreSnapshot {
  readonly state: StateView;
  readonly height: number;
}

/** Entries kept in memory of those rows whose entries are read again soon, such as the visit of each record. */
const LATELY = 4_096;
/** What is read of a snapshot at once. */
const PART_BYTES = 1024 * 1024;
const PART_ENTRIES = 4_096;
const LAST = "last";

/**
 * One chain on disk: state, log and heights in one LMDB environment, so that a commit is one durable transaction.
 * LMDB has no page checksums: see scrub.ts.
 */
export class ChainStore {
  readonly folder: string;
  readonly #file: string;
  readonly #quotaBytes: number;
  readonly #root: RootDatabase<Buffer, string>;
  readonly #state: Database<Buffer, Buffer>;
  readonly #log: Database<Buffer, number>;
  readonly #heights: Database<Buffer, number>;
  /** What nearly every slip reads; replaced at commit. */
  readonly #always = new Map<string, Uint8Array>();
  /** Read lately: facts, which never change. */
  readonly #lately = new Map<string, Uint8Array>();
  #height: number | undefined;
  #isClosed = false;

  /**
   * @param options.quotaBytes - Above this size of the data file, nothing more is taken.
   * @param options.readOnly - Beside whoever has it open for writing; nothing can be committed.
   * @throws {AnamnesisError} STORE_CORRUPT for a file that is no store.
   */
  constructor(
    folder: string,
    options: { readonly quotaBytes?: number; readonly readOnly?: boolean } = {},
  ) {
    this.#quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY;
    this.folder = folder;
    this.#file = join(folder, "data.mdb");
    assertLmdbFile(this.#file);
    this.#root = open({
      path: folder,
      noSubdir: false,
      encoding: "binary",
      readOnly: options.readOnly ?? false,
      overlappingSync: false,
      // What else is written in a turn of the event loop would fail with a promise that nobody can listen to.
      eventTurnBatching: false,
      maxDbs: 4,
    });
    this.#state = this.#root.openDB({ name: "state", encoding: "binary", keyEncoding: "binary" });
    this.#log = this.#root.openDB({ name: "log", encoding: "binary", keyEncoding: "uint32" });
    this.#heights = this.#root.openDB({
      name: "heights",
      encoding: "binary",
      keyEncoding: "uint32",
    });
    this.staged = new StagedState(this.state);
    try {
      this.#height = this.#readHeight();
    } catch (error) {
      void this.#root.close();
      throw error;
    }
  }

  /** The last committed height; `undefined` before the chain began. */
  get height(): number | undefined {
    return this.#height;
  }

  /** The committed state, for the machine: one reader at a time, between commits. */
  readonly state: StateView = {
    get: (key) => {
      const memory = memoryOf(key);
      if (memory === "never") return this.#get(key);
      if (memory === "lately") return this.#lately.get(key) ?? this.#readLately(key);
      const known = this.#always.get(key);
      if (known !== undefined) return known;
      const value = this.#get(key);
      // Only what is there: else anybody could fill this memory with ids that are not.
      if (value !== undefined) this.#always.set(key, value);
      return value;
    },
    range: (prefix, options) => this.#range(prefix, options),
  };

  /** What is executed over the committed state and not durable yet; nobody else sees it before. */
  readonly staged: StagedState;

  snapshot(): StoreSnapshot {
    this.#assertOpen();
    this.#root.resetReadTxn();
    return {
      height: this.#readHeight() ?? 0,
      state: {
        get: (key) => this.#get(key),
        range: (prefix, options) => this.#range(prefix, options),
      },
    };
  }

  /** Every entry of the state as it is committed now, in key order, some at a time. */
  async *parts(): AsyncIterable<readonly (readonly [string, Uint8Array])[]> {
    this.#assertOpen();
    const transaction = this.#root.useReadTransaction();
    try {
      let part: (readonly [string, Uint8Array])[] = [];
      let bytes = 0;
      for (const { key, value } of this.#state.getRange({ transaction })) {
        part.push([key.toString("latin1"), value]);
        bytes += key.length + value.length;
        if (bytes < PART_BYTES && part.length < PART_ENTRIES) continue;
        yield part;
        await new Promise((resolve) => setImmediate(resolve));
        this.#assertOpen();
        part = [];
        bytes = 0;
      }
      if (part.length > 0) yield part;
    } finally {
      transaction.done();
    }
  }

  *#range(
    prefix: string,
    options: Parameters<StateView["range"]>[1] = {},
  ): Iterable<readonly [string, Uint8Array]> {
    this.#assertOpen();
    const { after, reverse, limit } = options;
    let count = 0;
    for (const entry of this.#state.getRange(boundsOf(prefix, after, reverse))) {
      const key = entry.key.toString("latin1");
      if (reverse === true && key < prefix) return;
      if (key === after || !key.startsWith(prefix)) continue;
      if (limit !== undefined && count >= limit) return;
      count += 1;
      yield [key, entry.value];
    }
  }

  /**
   * Makes a height durable: everything or nothing.
   * @throws {AnamnesisError} STORAGE_FULL when the disk is full, nothing has changed then; STORE_CORRUPT for any other
   * failure, after which nobody knows what the disk holds.
   */
  async commit({ height, writes, kept, appHash, time }: Commit): Promise<void> {
    const values = new Values(writes);
    try {
      const parts = new Set<Promise<boolean>>();
      const whole = this.#root.batch(() => {
        for (const [key, value] of writes) {
          if (value === undefined) parts.add(this.#state.remove(onDisk(key)));
          else parts.add(this.#state.put(onDisk(key), values.copy(value)));
        }
        if (kept !== undefined) parts.add(this.#log.put(height, asBuffer(kept)));
        parts.add(this.#heights.put(height, asBuffer(encodeHeightFacts({ appHash, time }))));
        parts.add(this.#root.put(LAST, Buffer.from(String(height))));
      });
      // Each part fails with the whole; nobody else listens to it.
      for (const part of parts) part.catch(() => undefined);
      await whole;
      await this.#root.flushed;
    } catch (cause) {
      throw await refusedWrite(cause, this.#file);
    }
    this.#root.resetReadTxn();
    this.#height = height;
    this.staged.settle(height);
    for (const [key, value] of writes) {
      if (memoryOf(key) !== "always") continue;
      if (value === undefined) this.#always.delete(key);
      else this.#always.set(key, value);
    }
  }

  /** @throws {AnamnesisError} STORAGE_FULL */
  assertRoom(): void {
    if (
      this.#quotaBytes !== Number.POSITIVE_INFINITY &&
      statSync(this.#file).size > this.#quotaBytes
    ) {
      throw new AnamnesisError("STORAGE_FULL", "The chain's store has reached its quota");
    }
  }

  /**
   * What was decided at a height, and why: an encoded `CertifiedEntry`, put together from the log and the state's slips.
   * @throws {AnamnesisError} STORE_CORRUPT
   */
  entry(height: number): Uint8Array | undefined {
    this.#assertOpen();
    const kept = this.#log.get(height);
    if (kept === undefined) return undefined;
    const slipAt = (place: number) => slipBytesAt({ get: (key) => this.#get(key) }, place);
    return encodeCertified(decodeKept(height, kept, slipAt));
  }

  /** The greatest height whose entry is kept, 0 while there is none; what {@link height} is unless it was damaged. */
  get newestEntry(): number {
    this.#assertOpen();
    const [newest] = this.#log.getKeys({ reverse: true, limit: 1 });
    return newest ?? 0;
  }

  /** @throws {AnamnesisError} STORE_CORRUPT when app hash or time is not what was committed. */
  facts(height: number): HeightFacts | undefined {
    this.#assertOpen();
    const value = this.#heights.get(height);
    return value === undefined ? undefined : decodeHeightFacts(value);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#root.close();
  }

  #readLately(key: string): Uint8Array | undefined {
    const value = this.#get(key);
    if (value !== undefined) this.#lately.set(key, value);
    for (const oldest of this.#lately.keys()) {
      if (this.#lately.size <= LATELY) break;
      this.#lately.delete(oldest);
    }
    return value;
  }

  #get(key: string): Uint8Array | undefined {
    this.#assertOpen();
    return this.#state.get(onDisk(key));
  }

  /** A read that comes after `close` would end the process, from a timer of LMDB's. @throws {AnamnesisError} UNAVAILABLE */
  #assertOpen(): void {
    if (this.#isClosed) throw new AnamnesisError("UNAVAILABLE", "The chain's store is closed");
  }

  #readHeight(): number | undefined {
    const value = this.#root.get(LAST);
    if (value === undefined) return undefined;
    const text = value.toString("latin1");
    if (!/^\d{1,15}$/.test(text)) throw corruptFile("its last height is not a number");
    return Number(text);
  }
}
