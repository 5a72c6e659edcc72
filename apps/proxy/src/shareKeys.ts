import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "@anamnesis/crypto/verify";

const KEY_BYTES = 32;

/**
 * One key for the shares of each grant, in a file of its own. The database never overwrites what it held before, so erasing a value
 * there leaves its bytes on disk; overwriting the 32 bytes of its key makes them worthless.
 *
 * On a copying file system or a flash disk even these bytes may linger: then the disk itself has to be encrypted.
 */
export class ShareKeys {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** The grant's key, made and durable when it is new. */
  async make(gid: string): Promise<Uint8Array> {
    const known = this.read(gid);
    if (known !== undefined) return known;
    const key = randomBytes(KEY_BYTES);
    await this.#overwrite(gid, "w", key);
    await this.#syncFolder();
    return key;
  }

  read(gid: string): Uint8Array | undefined {
    try {
      const key = readFileSync(join(this.#folder, gid));
      return key.length === KEY_BYTES ? Uint8Array.from(key) : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Overwrites, then forgets. Harmless when there is none. */
  async destroy(gid: string): Promise<void> {
    if (this.read(gid) === undefined) return;
    await this.#overwrite(gid, "r+", randomBytes(KEY_BYTES));
    await rm(join(this.#folder, gid), { force: true });
    await this.#syncFolder();
  }

  gids(): string[] {
    return readdirSync(this.#folder);
  }

  async #overwrite(gid: string, flags: "w" | "r+", bytes: Uint8Array): Promise<void> {
    const file = await open(join(this.#folder, gid), flags, 0o600);
    try {
      await file.write(bytes, 0, bytes.length, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
