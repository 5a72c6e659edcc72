import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { equalBytes, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits } from "@anamnesis/protocol";

/** A message as it lies in a box: sealed octets of whole buckets, and an id that sorts by arrival. */
export interface Letter {
  readonly id: string;
  readonly octets: Uint8Array;
}

interface BoxFacts {
  readonly key: Uint8Array;
}

/**
 * Boxes of sealed messages (H-17). A box belongs to an Ed25519 key; the box of a staff member is named by their
 * certificate's fingerprint and needs no opening. The node sees sizes and times, never what lies inside or who wrote it.
 */
export class Mailbox {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #boxes: Database<Buffer, string>;
  readonly #letters: Database<Buffer, string>;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #now: () => number;
  #lastArrival = 0;

  /** @param now - Unix milliseconds. */
  constructor(folder: string, now: () => number) {
    this.#now = now;
    this.#root = open({ path: folder, encoding: "binary", overlappingSync: false });
    this.#boxes = this.#root.openDB({ name: "boxes", encoding: "binary" });
    this.#letters = this.#root.openDB({ name: "letters", encoding: "binary" });
  }

  /** Opens a box for `key`; idempotent for the same key. @throws {AnamnesisError} FORBIDDEN for another's box. */
  async openBox(box: string, key: Uint8Array): Promise<void> {
    const known = this.#facts(box);
    if (known !== undefined && !equalBytes(known.key, key))
      throw new AnamnesisError("FORBIDDEN", "This box is another's");
    if (known === undefined) await this.#durably(() => this.#boxes.put(box, Buffer.from(key)));
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
   * @throws {AnamnesisError} BAD_REQUEST (not whole buckets), TOO_LARGE, BOX_FULL.
   */
  async put(box: string, octets: Uint8Array): Promise<string> {
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
    const used = this.#used(box);
    if (used.letters >= limits.boxMessages || used.bytes + octets.length > limits.boxBytes) {
      throw new AnamnesisError("BOX_FULL", "Message refused: the box is full");
    }
    this.#lastArrival = Math.max(this.#lastArrival + 1, this.#now());
    const id = `${this.#lastArrival.toString(16).padStart(12, "0")}${toHex(randomBytes(8))}`;
    await this.#durably(() => this.#letters.put(`${box} ${id}`, Buffer.from(octets)));
    for (const wake of this.#waiting.get(box) ?? []) wake();
    return id;
  }

  /** Messages after `after`, oldest first, at most 8 MiB of them at once; expired ones are left out. */
  list(box: string, after: string): Letter[] {
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
    await this.#durably(() => this.#letters.remove(`${box} ${letter}`));
  }

  async close(): Promise<void> {
    for (const waiters of this.#waiting.values()) for (const wake of waiters) wake();
    await this.#root.close();
  }

  #facts(box: string): BoxFacts | undefined {
    const key = this.#boxes.get(box);
    return key === undefined ? undefined : { key };
  }

  #used(box: string): { letters: number; bytes: number } {
    let letters = 0;
    let bytes = 0;
    for (const { value } of this.#letters.getRange({ start: `${box} `, end: `${box}!` })) {
      letters += 1;
      bytes += value.length;
    }
    return { letters, bytes };
  }

  #oldestLiving(): string {
    return Math.max(0, this.#now() - limits.messageLifetimeMs)
      .toString(16)
      .padStart(12, "0");
  }

  async #expire(box: string): Promise<void> {
    const dead = [
      ...this.#letters.getKeys({ start: `${box} `, end: `${box} ${this.#oldestLiving()}` }),
    ];
    if (dead.length > 0)
      await this.#durably(() => Promise.all(dead.map((key) => this.#letters.remove(key))));
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

  async #durably(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
      await this.#root.flushed;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The mailbox cannot be written", { cause });
    }
  }
}
