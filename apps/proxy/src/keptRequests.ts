import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, evidenceOf, limits, signedRequest } from "@anamnesis/protocol";
import type { SignedRequest } from "@anamnesis/protocol";

/** Forgotten at once, at most: a sweep must not hold others up. */
const FORGOTTEN_AT_ONCE = 1_000;
const TIME_DIGITS = 15;

/**
 * Signed requests that were turned away, by grant and hash: evidence for denials. Bounded for each grant, the oldest go
 * first, and none is kept longer than {@link limits.deniedKeptMs}.
 */
export class KeptRequests {
  readonly #root: RootDatabase<Buffer, string>;
  /** `GID TIME HASH` → request. */
  readonly #requests: Database<Buffer, string>;
  /** `TIME GID HASH` → nothing: what is due to be forgotten. */
  readonly #times: Database<Buffer, string>;
  readonly #mostPerGrant: number;

  constructor(folder: string, mostPerGrant: number = limits.deniedRequests) {
    this.#mostPerGrant = mostPerGrant;
    this.#root = open({
      path: folder,
      encoding: "binary",
      noSubdir: false,
      overlappingSync: false,
      eventTurnBatching: false, // else a failed write would end the process
    });
    this.#requests = this.#root.openDB({ name: "requests", encoding: "binary" });
    this.#times = this.#root.openDB({ name: "times", encoding: "binary" });
  }

  /**
   * On disk when it resolves.
   * @param time - Unix milliseconds, from when on it is kept.
   * @returns its hash, 32 bytes.
   * @throws {AnamnesisError} STORAGE_FULL
   */
  async keep(gid: string, request: SignedRequest, time: number): Promise<Uint8Array> {
    const hash = evidenceOf(request);
    const at = String(time).padStart(TIME_DIGITS, "0");
    try {
      await this.#root.transaction(() => {
        const kept = this.#keysOf(gid);
        for (const old of kept.slice(0, Math.max(0, kept.length - this.#mostPerGrant + 1)))
          this.#drop(old);
        void this.#requests.put(
          `${gid} ${at} ${toHex(hash)}`,
          Buffer.from(signedRequest.encode(request)),
        );
        void this.#times.put(`${at} ${gid} ${toHex(hash)}`, Buffer.alloc(0));
      });
      await this.#root.flushed;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The proxy cannot write to its store", { cause });
    }
    return hash;
  }

  /** @param hash - 64 hex digits. */
  find(gid: string, hash: string): SignedRequest | undefined {
    const key = this.#keysOf(gid).find((each) => each.endsWith(` ${hash}`));
    const value = key === undefined ? undefined : this.#requests.get(key);
    return value === undefined ? undefined : signedRequest.decode(value);
  }

  /** Forgets what was kept long enough, a part of it at a time. @param now - Unix milliseconds. */
  async forget(now: number): Promise<void> {
    const end = String(Math.max(0, now - limits.deniedKeptMs)).padStart(TIME_DIGITS, "0");
    const due = [...this.#times.getKeys({ end, limit: FORGOTTEN_AT_ONCE })];
    if (due.length === 0) return;
    await this.#root.transaction(() => {
      for (const key of due) {
        const [time, gid, hash] = key.split(" ") as [string, string, string];
        this.#drop(`${gid} ${time} ${hash}`);
      }
    });
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** Oldest first. */
  #keysOf(gid: string): string[] {
    return [...this.#requests.getKeys({ start: `${gid} `, end: `${gid}!` })];
  }

  #drop(key: string): void {
    const [gid, time, hash] = key.split(" ") as [string, string, string];
    void this.#requests.remove(key);
    void this.#times.remove(`${time} ${gid} ${hash}`);
  }
}
