import { mkdir, open, readFile, readdir, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { constants } from "node:fs";
import { join } from "node:path";
import { concat, sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits } from "@anamnesis/protocol";

/** Remembers which nonces were used. */
export interface Nonces {
  /** Resolves once it is remembered. @throws {AnamnesisError} NONCE_REUSED */
  use(keyId: string, nonce: string, now: number): void | Promise<void>;
}

interface PeriodFile {
  readonly period: number;
  readonly handle: FileHandle;
  /** Of whole entries. */
  bytes: number;
}

/** A request of now may come again for so long: `created` lies up to a minute ahead, and is taken up to a minute late. */
const PERIOD_MS = 2 * limits.requestSkewMs;
const ENTRY_BYTES = 32;

/**
 * Nonces that outlive the process: each is on disk before its request is acted on, so that a server which was killed and
 * started again refuses what it served before.
 *
 * A folder holds one file for each period of 120 s, named by its number, of SHA-256(key id, space, nonce) in a row:
 * nonces are random, so a copy of it tells how many requests there were, and nothing of whose. Of the files only the
 * period's own and the one before can matter. Requests that wait together share one write and one sync.
 */
export class NonceJournal implements Nonces {
  readonly #folder: string;
  readonly #seen = new Map<number, Set<string>>();
  #file: PeriodFile | undefined;
  #waiting: { readonly period: number; readonly entry: Uint8Array }[] = [];
  #next: Promise<void> | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param now - Unix milliseconds. */
  static async open(folder: string, now: number): Promise<NonceJournal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const journal = new NonceJournal(folder);
    await journal.#forget(periodOf(now));
    for (const period of await journal.#periods()) {
      const bytes = new Uint8Array(await readFile(journal.#path(period)));
      const seen = journal.#seenIn(period);
      for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES)
        seen.add(toHex(bytes.subarray(at, at + ENTRY_BYTES)));
    }
    return journal;
  }

  /** @throws {AnamnesisError} NONCE_REUSED, STORAGE_FULL (it cannot be written), UNAVAILABLE (closed). */
  async use(keyId: string, nonce: string, now: number): Promise<void> {
    if (this.#isClosed) throw new AnamnesisError("UNAVAILABLE", "The server is stopping");
    const entry = sha256(utf8(`${keyId} ${nonce}`));
    const name = toHex(entry);
    if ([...this.#seen.values()].some((seen) => seen.has(name)))
      throw new AnamnesisError("NONCE_REUSED", "Request refused: its nonce was used already");
    const period = periodOf(now);
    this.#seenIn(period).add(name);
    this.#waiting.push({ period, entry });
    if (this.#next === undefined) {
      this.#next = this.#writing.then(() => this.#write());
      this.#writing = this.#next.catch(() => undefined);
    }
    await this.#next;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    this.#next = undefined;
    const waiting = this.#waiting.splice(0);
    // All goes to the latest period's file, which is kept longest.
    const period = Math.max(...waiting.map((one) => one.period));
    try {
      const file = await this.#fileOf(period);
      const bytes = concat(...waiting.map(({ entry }) => entry));
      // At the place of the last whole entry: what a full disk cut short is written over.
      await file.handle.write(bytes, 0, bytes.length, file.bytes);
      await file.handle.datasync();
      file.bytes += bytes.length;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The server cannot write down a nonce", { cause });
    }
  }

  async #fileOf(period: number): Promise<PeriodFile> {
    if (this.#file?.period === period) return this.#file;
    await this.#file?.handle.close();
    this.#file = undefined;
    const handle = await open(this.#path(period), constants.O_RDWR | constants.O_CREAT, 0o600);
    const { size } = await handle.stat();
    this.#file = { period, handle, bytes: size - (size % ENTRY_BYTES) };
    await syncFolder(this.#folder);
    await this.#forget(period);
    return this.#file;
  }

  #seenIn(period: number): Set<string> {
    const seen = this.#seen.get(period) ?? new Set();
    this.#seen.set(period, seen);
    return seen;
  }

  /** A clock that was put back must not make it forget: what lies ahead stays. */
  async #forget(period: number): Promise<void> {
    for (const old of this.#seen.keys()) if (old < period - 1) this.#seen.delete(old);
    for (const old of await this.#periods())
      if (old < period - 1) await rm(this.#path(old), { force: true });
  }

  async #periods(): Promise<number[]> {
    return (await readdir(this.#folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  }

  #path(period: number): string {
    return join(this.#folder, String(period));
  }
}

const periodOf = (now: number): number => Math.floor(now / PERIOD_MS);

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
