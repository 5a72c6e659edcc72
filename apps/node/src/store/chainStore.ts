import { statSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { memoryOf, slipBytesAt, slipCount } from "@anamnesis/ledger";
import type { StateView, Writes } from "@anamnesis/ledger";
import { AnamnesisError, encodeCertified } from "@anamnesis/protocol";
import { decodeHeightFacts, encodeHeightFacts } from "./heightFacts.ts";
import type { HeightFacts } from "./heightFacts.ts";
import type { Entry } from "./indexTable.ts";
import { decodeKept } from "./keptEntry.ts";
import type { TailSize } from "./indexTail.ts";
import { LateIndex } from "./lateIndex.ts";
import { assertLmdbFile, corruptFile } from "./lmdbFile.ts";
import { merged } from "./merged.ts";
import { Values, asBuffer, boundsOf, fromDisk, onDisk } from "./diskForm.ts";
import { StagedState } from "./stagedState.ts";
import { refusedWrite } from "./refusedWrite.ts";
import { hasRoomFor } from "./roomAhead.ts";

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
/** What is read of a snapshot at once. Few entries die young; thousands outlive the collector's first looks, and its last stops the thread for 100 ms. */
const PART_BYTES = 1024 * 1024;
const PART_ENTRIES = 512;
const LAST = "last";
/** How many slips, from the first on, have every index entry in the file. */
const INDEXED = "indexed";

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
  readonly #isReadOnly: boolean;
  readonly #index: LateIndex;
  #height: number | undefined;
  #isClosed = false;

  /**
   * @param options.quotaBytes - Above this size of the data file, nothing more is taken.
   * @param options.readOnly - Beside whoever has it open for writing; nothing can be committed.
   * @param options.tail - Smaller in tests, where entries are to leave soon.
   * @throws {AnamnesisError} STORE_CORRUPT for a file that is no store.
   */
  constructor(
    folder: string,
    options: {
      readonly quotaBytes?: number;
      readonly readOnly?: boolean;
      readonly tail?: TailSize;
    } = {},
  ) {
    this.#quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY;
    this.#isReadOnly = options.readOnly ?? false;
    this.folder = folder;
    this.#file = join(folder, "data.mdb");
    assertLmdbFile(this.#file);
    this.#root = open({
      path: folder,
      noSubdir: false,
      encoding: "binary",
      readOnly: this.#isReadOnly,
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
    this.#index = new LateIndex({
      state: this.state,
      indexed: () => this.#readNumber(INDEXED) ?? 0,
      tail: options.tail,
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
      if (memory === "never" || memory === "newest") return this.#get(key);
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
    const height = this.#readHeight() ?? 0;
    if (this.#isReadOnly) this.#index.forget();
    else this.#index.settle(height);
    return {
      height,
      state: {
        get: (key) => this.#get(key),
        range: (prefix, options) => this.#range(prefix, options),
      },
    };
  }

  /** Every entry of the state as it is committed now, in key order, some at a time. */
  async *parts(): AsyncIterable<readonly Entry[]> {
    this.#assertOpen();
    await this.readIndex();
    this.#root.resetReadTxn();
    const transaction = this.#root.useReadTransaction();
    try {
      this.#index.settle(this.#readHeight() ?? 0);
      const newest = await this.#index.tail.entries();
      this.#assertOpen();
      let part: Entry[] = [];
      let bytes = 0;
      for (const entry of merged(fromDisk(this.#state.getRange({ transaction })), newest)) {
        part.push(entry);
        bytes += entry[0].length + entry[1].length;
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
    for (const entry of this.#entriesFrom(prefix, options)) {
      const [key] = entry;
      if (reverse === true && key < prefix) return;
      if (key === after || !key.startsWith(prefix)) continue;
      if (limit !== undefined && count >= limit) return;
      count += 1;
      yield entry;
    }
  }

  /** From a prefix on, of the file, and of the tail what has it. */
  #entriesFrom(
    prefix: string,
    options: NonNullable<Parameters<StateView["range"]>[1]>,
  ): Iterable<Entry> {
    const { after, reverse } = options;
    const onFile = fromDisk(this.#state.getRange(boundsOf(prefix, after, reverse)));
    if (prefix !== "" && memoryOf(prefix) !== "newest") return onFile;
    return merged(onFile, this.#index.tail.range(prefix, options), reverse);
  }

  /**
   * Makes a height durable: everything or nothing.
   * @throws {AnamnesisError} STORAGE_FULL when the disk is full, nothing has changed then; STORE_CORRUPT for any other
   * failure, after which nobody knows what the disk holds.
   */
  async commit({ height, writes, kept, appHash, time }: Commit): Promise<void> {
    const { newest, rest } = partedByMemory(writes);
    const { entries: leaving, indexed } = this.#index.tail.leave(
      newest.length,
      slipCount(this.state),
    );
    const puts = [...rest, ...leaving];
    const values = new Values(puts);
    const bytes = values.bytes + (kept?.length ?? 0);
    if (!hasRoomFor(this.#file, { entries: puts.length, bytes }))
      throw new AnamnesisError("STORAGE_FULL", "The chain's disk is full");
    this.#index.arrive(height, newest);
    try {
      const parts = new Set<Promise<boolean>>();
      const whole = this.#root.batch(() => {
        for (const [key, value] of puts) {
          if (value === undefined) parts.add(this.#state.remove(onDisk(key)));
          else parts.add(this.#state.put(onDisk(key), values.copy(value)));
        }
        if (indexed !== undefined) parts.add(this.#root.put(INDEXED, Buffer.from(String(indexed))));
        if (kept !== undefined) parts.add(this.#log.put(height, asBuffer(kept)));
        parts.add(this.#heights.put(height, asBuffer(encodeHeightFacts({ appHash, time }))));
        parts.add(this.#root.put(LAST, Buffer.from(String(height))));
      });
      // Each part fails with the whole; nobody else listens to it.
      for (const part of parts) part.catch(() => undefined);
      await whole;
      await this.#root.flushed;
    } catch (cause) {
      this.#index.discard();
      throw await refusedWrite(cause, this.#file);
    }
    this.#root.resetReadTxn();
    this.#height = height;
    this.#index.settle(height);
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
    const newest = memoryOf(key) === "newest" ? this.#index.tail.get(key) : undefined;
    return newest ?? this.#state.get(onDisk(key));
  }

  /**
   * Reads the entries of indices that the file does not have, in turns; else whoever asks for one first waits for all of them.
   * @throws {AnamnesisError} STORE_CORRUPT or SLIP_MALFORMED when a slip cannot be read.
   */
  readIndex(): Promise<void> {
    return this.#index.read();
  }

  /** A read that comes after `close` would end the process, from a timer of LMDB's. @throws {AnamnesisError} UNAVAILABLE */
  #assertOpen(): void {
    if (this.#isClosed) throw new AnamnesisError("UNAVAILABLE", "The chain's store is closed");
  }

  #readHeight(): number | undefined {
    return this.#readNumber(LAST);
  }

  #readNumber(name: string): number | undefined {
    const value = this.#root.get(name);
    if (value === undefined) return undefined;
    const text = value.toString("latin1");
    if (!/^\d{1,15}$/.test(text)) throw corruptFile(`its ${name} number is none`);
    return Number(text);
  }
}

function partedByMemory(writes: Writes): {
  newest: Entry[];
  rest: [string, Uint8Array | undefined][];
} {
  const newest: Entry[] = [];
  const rest: [string, Uint8Array | undefined][] = [];
  for (const [key, value] of writes)
    if (value !== undefined && memoryOf(key) === "newest") newest.push([key, value]);
    else rest.push([key, value]);
  return { newest, rest };
}
