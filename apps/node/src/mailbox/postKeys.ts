import type { Database, RootDatabase } from "lmdb";
import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import { limits } from "@anamnesis/protocol";
import type { PostProof } from "@anamnesis/protocol";

/** Writes and waits until it is on disk. */
type Durably = <T>(write: () => Promise<T>) => Promise<T>;
type ReplyProof = Extract<PostProof, { by: "reply" }>;

/** The postKey of each box, as its owner set it, and which replies to the owner's requests were used. */
export class PostKeys {
  readonly #keys: Database<Buffer, string>;
  readonly #replies: Database<number, string>;
  readonly #durably: Durably;
  readonly #now: () => number;

  constructor(root: RootDatabase<Buffer, string>, durably: Durably, now: () => number) {
    this.#keys = root.openDB({ name: "postKeys", encoding: "binary" });
    this.#replies = root.openDB({ name: "replies", encoding: "msgpack" });
    this.#durably = durably;
    this.#now = now;
  }

  of(box: string): Uint8Array | undefined {
    return this.#keys.get(box);
  }

  /** For the box's owner alone. @throws {AnamnesisError} STORAGE_FULL */
  async set(box: string, postKey: Uint8Array): Promise<void> {
    const known = this.of(box);
    if (known !== undefined && equalBytes(known, postKey)) return;
    await this.#durably(() => this.#keys.put(box, Buffer.from(postKey)));
  }

  /**
   * Uses up a reply whose proof holds.
   * @returns `false` when it was used before, is out of date, or would have to be remembered for too long.
   * @throws {AnamnesisError} STORAGE_FULL
   */
  async use(box: string, { nonce, notAfter }: ReplyProof): Promise<boolean> {
    const now = this.#now();
    if (notAfter < now || notAfter > now + limits.replyMs) return false;
    const key = `${box} ${toHex(nonce)}`;
    return this.#durably(() =>
      this.#replies.ifNoExists(key, () => void this.#replies.put(key, notAfter)),
    );
  }

  /** Forgets the replies that are out of date. */
  async sweep(): Promise<void> {
    const now = this.#now();
    for (const { key, value } of this.#replies.getRange())
      if (value < now) await this.#replies.remove(key);
  }
}
