import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { equalBytes, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits } from "@anamnesis/protocol";
import { RateLimit } from "@anamnesis/server";
import { Fill } from "./fill.ts";
import type { FillLimits, Writer } from "./fill.ts";
import { PostKeys } from "./postKeys.ts";

/** A message as it lies in a box: sealed octets of whole buckets, and an id that sorts by arrival. */
export interface Letter {
  readonly id: string;
  readonly octets: Uint8Array;
}

/** What a mailbox holds at most: anybody may open a box, and write into it. */
export interface MailboxLimits extends FillLimits {
  /** Boxes; default 1,000,000. */
  readonly boxes?: number | undefined;
  /** Boxes opened in an hour from one origin; default 3,000. */
  readonly boxesPerHour?: number | undefined;
}

const HOUR_MS = 3_600_000;
const BOXES = 1_000_000;
const TALLIED_AT_ONCE = 1_000;
const BOXES_PER_HOUR = 3_000;

interface BoxFacts {
  readonly key: Uint8Array;
}

/**
 * Boxes of sealed messages (H-17). A box belongs to an Ed25519 key; the box of a staff member is named by their
 * certificate's fingerprint and needs no opening. The node sees sizes and times, and
 * by what a writer was expected, never what lies inside.
 */
export class Mailbox {
  readonly postKeys: PostKeys;
  readonly #root: RootDatabase<Buffer, string>;
  readonly #boxes: Database<Buffer, string>;
  readonly #letters: Database<Buffer, string>;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #fill: Fill;
  readonly #now: () => number;
  readonly #boxesMax: number;
  readonly #opening: RateLimit;
  #boxCount: number;
  #lastArrival = 0;
  #isClosed = false;

  private constructor(folder: string, now: () => number, most: MailboxLimits = {}) {
    this.#now = now;
    this.#fill = new Fill(folder, now, most);
    this.#boxesMax = most.boxes ?? BOXES;
    this.#opening = new RateLimit({
      most: most.boxesPerHour ?? BOXES_PER_HOUR,
      periodMs: HOUR_MS,
      what: "new boxes from one origin",
    });
    this.#root = open({
      path: folder,
      encoding: "binary",
      overlappingSync: false,
      eventTurnBatching: false, // else a failed write would end the process
    });
    this.#boxes = this.#root.openDB({ name: "boxes", encoding: "binary" });
    this.#letters = this.#root.openDB({ name: "letters", encoding: "binary" });
    this.postKeys = new PostKeys(this.#root, (write) => this.#durably(write), now);
    this.#boxCount = this.#boxes.getCount();
  }

  /**
   * Opens the boxes that lie in a folder, or begins them.
   * @param now - Unix milliseconds.
   */
  static async open(folder: string, now: () => number, most: MailboxLimits = {}): Promise<Mailbox> {
    const mailbox = new Mailbox(folder, now, most);
    await mailbox.#tallyAll();
    return mailbox;
  }

  /** Counts what lies in every box, some at a time: there may be many. */
  async #tallyAll(): Promise<void> {
    let count = 0;
    for (const key of this.#letters.getKeys()) {
      this.#fill.count(
        key.slice(0, key.indexOf(" ")),
        this.#letters.getBinaryFast(key)?.length ?? 0,
      );
      count += 1;
      if (count % TALLIED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Opens a box for `key`; idempotent for the same key.
   *
   * @param origin - Who is counted for it: see `Incoming.origin`.
   * @throws {AnamnesisError} FORBIDDEN for another's box, RATE_LIMITED (too many from there), STORAGE_FULL (too many).
   */
  async openBox(box: string, key: Uint8Array, origin: string): Promise<void> {
    const known = this.#facts(box);
    if (known !== undefined && !equalBytes(known.key, key))
      throw new AnamnesisError("FORBIDDEN", "This box is another's");
    if (known !== undefined) return;
    if (this.#boxCount >= this.#boxesMax)
      throw new AnamnesisError("STORAGE_FULL", "Box refused: this node has no room for more boxes");
    this.#opening.take(origin, this.#now());
    this.#boxCount += 1;
    // Whoever opened it meanwhile has it: of two keys for one name the first stays.
    const opened = await this.#durably(() =>
      this.#boxes.ifNoExists(box, () => void this.#boxes.put(box, Buffer.from(key))),
    ).catch((error: unknown) => {
      this.#boxCount -= 1;
      throw error;
    });
    if (opened === true) return;
    this.#boxCount -= 1;
    if (!this.isOwner(box, key)) throw new AnamnesisError("FORBIDDEN", "This box is another's");
  }

  has(box: string): boolean {
    return this.#facts(box) !== undefined;
  }

  /** Does the box belong to this key? */
  isOwner(box: string, key: Uint8Array): boolean {
    const known = this.#facts(box);
    return known !== undefined && equalBytes(known.key, key);
  }

  /**
   * Puts a message into a box, durably.
   * @throws {AnamnesisError} BAD_REQUEST (not whole buckets), TOO_LARGE, BOX_FULL, STORAGE_FULL (all boxes together, or the
   * disk), RATE_LIMITED (strangers of that origin).
   */
  async put(box: string, octets: Uint8Array, writer: Writer): Promise<string> {
    if (octets.length > limits.messageBytes)
      throw new AnamnesisError(
        "TOO_LARGE",
        `Message refused: at most ${limits.messageBytes} bytes wanted`,
      );
    if (octets.length === 0 || octets.length % limits.messageBucketBytes !== 0) {
      throw new AnamnesisError(
        "BAD_REQUEST",
        `Message refused: want whole buckets of ${limits.messageBucketBytes} bytes`,
      );
    }
    await this.#expire(box);
    await this.#fill.assertDisk(octets.length);
    this.#fill.assertRoom(box, octets.length, writer);
    this.#lastArrival = Math.max(this.#lastArrival + 1, this.#now());
    const id = `${this.#lastArrival.toString(16).padStart(12, "0")}${toHex(randomBytes(8))}`;
    this.#fill.count(box, octets.length);
    await this.#durably(() => this.#letters.put(`${box} ${id}`, Buffer.from(octets))).catch(
      (error: unknown) => {
        this.#fill.count(box, -octets.length);
        throw error;
      },
    );
    for (const wake of this.#waiting.get(box) ?? []) wake();
    return id;
  }

  /** Messages after `after`, oldest first, at most 8 MiB of them at once; expired ones are left out. */
  list(box: string, after: string): Letter[] {
    this.#assertOpen();
    const oldest = this.#oldestLiving();
    const letters: Letter[] = [];
    let bytes = 0;
    for (const { key, value } of this.#letters.getRange({
      start: `${box} ${after}`,
      end: `${box}!`,
    })) {
      const id = key.slice(box.length + 1);
      if (id <= after || id < oldest) continue;
      if (letters.length > 0 && bytes + value.length > limits.messageBytes) break;
      bytes += value.length;
      letters.push({ id, octets: Uint8Array.from(value) });
    }
    return letters;
  }

  /** Waits up to `waitMs` for a message after `after`. */
  async listOrWait(box: string, after: string, waitMs: number): Promise<Letter[]> {
    const lying = this.list(box, after);
    if (lying.length > 0 || waitMs === 0) return lying;
    await this.#arrival(box, waitMs);
    return this.list(box, after);
  }

  /** Removes a message; one that is gone already is no error. */
  async remove(box: string, letter: string): Promise<void> {
    await this.#removeAll([`${box} ${letter}`]);
  }

  /** Removes what has expired in every box. */
  async sweep(): Promise<void> {
    this.#assertOpen();
    await this.postKeys.sweep();
    for (const box of this.#fill.boxes()) await this.#expire(box);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiters of this.#waiting.values()) for (const wake of waiters) wake();
    await this.#root.close();
  }

  #facts(box: string): BoxFacts | undefined {
    this.#assertOpen();
    const key = this.#boxes.get(box);
    return key === undefined ? undefined : { key };
  }

  #oldestLiving(): string {
    return Math.max(0, this.#now() - limits.messageLifetimeMs)
      .toString(16)
      .padStart(12, "0");
  }

  async #expire(box: string): Promise<void> {
    this.#assertOpen();
    const dead = [
      ...this.#letters.getKeys({ start: `${box} `, end: `${box} ${this.#oldestLiving()}` }),
    ];
    await this.#removeAll(dead);
  }

  async #removeAll(keys: readonly string[]): Promise<void> {
    this.#assertOpen();
    const gone: { key: string; bytes: number }[] = [];
    for (const key of keys) {
      const letter = this.#letters.get(key);
      if (letter !== undefined) gone.push({ key, bytes: letter.length });
    }
    if (gone.length === 0) return;
    for (const { key, bytes } of gone) this.#fill.count(key.slice(0, key.indexOf(" ")), -bytes);
    await this.#durably(() => Promise.all(gone.map(({ key }) => this.#letters.remove(key))));
  }

  #arrival(box: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(box) ?? new Set();
      this.#waiting.set(box, waiters);
      const wake = () => {
        clearTimeout(timer);
        waiters.delete(wake);
        if (waiters.size === 0) this.#waiting.delete(box);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      waiters.add(wake);
    });
  }

  /** A read that comes after `close` would end the process, from a timer of LMDB's. @throws {AnamnesisError} UNAVAILABLE */
  #assertOpen(): void {
    if (this.#isClosed) throw new AnamnesisError("UNAVAILABLE", "The mailbox is closed");
  }

  async #durably<T>(write: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      const written = await write();
      await this.#root.flushed;
      return written;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The mailbox cannot be written", { cause });
    }
  }
}
