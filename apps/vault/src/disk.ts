import { link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createSha256, equalBytes, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { encodeSidecar, readSidecar } from "./sidecar.ts";
import { objectCorrupt, objectExists, storageFull } from "./store.ts";
import type { CheckedObject, NamedObject, ObjectId, Store, StoredObject, Upload } from "./store.ts";

const READ_BYTES = 1 << 20;

/**
 * One directory of one disk.
 *
 * `objects/ab/ID` holds the bytes and `objects/ab/ID.sum` their checksum; uploads grow in `uploads/`. The checksum is put in place first, so an
 * object is there exactly when its own file is. Everything is synced, the directories too, before `commit` resolves.
 * One process owns a directory.
 */
export class Disk implements Store {
  readonly #root: string;
  readonly #quotaBytes: number;
  readonly #begun = new Set<ObjectId>();
  #usedBytes = 0;

  private constructor(root: string, quotaBytes: number) {
    this.#root = root;
    this.#quotaBytes = quotaBytes;
  }

  /**
   * Opens a directory, making it where it is missing, and clears away what a crash left of uploads.
   * @param options.quotaBytes - Most bytes of objects; default without bound but the disk's.
   */
  static async at(root: string, options: { readonly quotaBytes?: number } = {}): Promise<Disk> {
    const disk = new Disk(root, options.quotaBytes ?? Number.POSITIVE_INFINITY);
    await mkdir(join(root, "objects"), { recursive: true, mode: 0o700 });
    await rm(disk.#uploads, { recursive: true, force: true });
    await mkdir(disk.#uploads, { mode: 0o700 });
    await syncFolder(root);
    for await (const id of disk.ids()) disk.#usedBytes += await sizeOf(disk.#path(id));
    return disk;
  }

  async begin(named: NamedObject): Promise<Upload> {
    const { id } = named;
    if (this.#begun.has(id)) throw objectExists();
    this.#begun.add(id);
    try {
      if (await exists(this.#path(id))) throw objectExists();
      const temporary = join(this.#uploads, toHex(randomBytes(16)));
      return new DiskUpload(this, named, temporary, await open(temporary, "wx", 0o600));
    } catch (error) {
      this.#begun.delete(id);
      throw diskError(error);
    }
  }

  async open(id: ObjectId): Promise<CheckedObject | undefined> {
    const file = await open(this.#path(id), "r").catch(absent);
    if (file === undefined) return undefined;
    try {
      const known = await readSidecar(this.#sidecar(id), id);
      const sha256 = createSha256();
      let bytes = 0;
      for await (const chunk of chunksOf(file)) {
        sha256.update(chunk);
        bytes += chunk.length;
      }
      if (bytes !== known.bytes || !equalBytes(sha256.digest(), known.sha256)) {
        throw objectCorrupt("its bytes do not fit its checksum");
      }
      return { ...known, content: () => checkedAgain(file, known), close: () => file.close() };
    } catch (error) {
      await file.close();
      throw diskError(error);
    }
  }

  async *ids(): AsyncIterable<ObjectId> {
    for (const folder of await readdir(join(this.#root, "objects"))) {
      for (const name of await readdir(join(this.#root, "objects", folder))) {
        if (/^[0-9a-f]{64}$/.test(name)) yield name as ObjectId;
      }
    }
  }

  async remove(id: ObjectId): Promise<void> {
    const path = this.#path(id);
    const bytes = await sizeOf(path);
    await rm(path, { force: true });
    await rm(this.#sidecar(id), { force: true });
    this.#usedBytes -= bytes;
  }

  /** Counts bytes on their way in against the quota. @throws {AnamnesisError} STORAGE_FULL */
  reserve(bytes: number): void {
    if (this.#usedBytes + bytes > this.#quotaBytes) throw storageFull();
    this.#usedBytes += bytes;
  }

  /** Ends an upload; `bytes` that were reserved and did not stay are free again. */
  release(id: ObjectId, bytes: number): void {
    this.#usedBytes -= bytes;
    this.#begun.delete(id);
  }

  /** Puts a finished, synced file in its place. @throws {AnamnesisError} OBJECT_EXISTS, STORAGE_FULL */
  async place(temporary: string, object: StoredObject): Promise<void> {
    const path = this.#path(object.id);
    if (await exists(path)) throw objectExists();
    const folder = dirname(path);
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined)
      await syncFolder(dirname(folder));
    await writeSynced(`${temporary}.sum`, encodeSidecar(object));
    await rename(`${temporary}.sum`, this.#sidecar(object.id));
    await link(temporary, path);
    try {
      await rm(temporary, { force: true });
      await syncFolder(folder);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  get #uploads(): string {
    return join(this.#root, "uploads");
  }

  #path(id: ObjectId): string {
    return join(this.#root, "objects", id.slice(0, 2), id);
  }

  #sidecar(id: ObjectId): string {
    return `${this.#path(id)}.sum`;
  }
}

class DiskUpload implements Upload {
  readonly #disk: Disk;
  readonly #named: NamedObject;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #sha256 = createSha256();
  #bytes = 0;
  #ended = false;

  constructor(disk: Disk, named: NamedObject, temporary: string, file: FileHandle) {
    this.#disk = disk;
    this.#named = named;
    this.#temporary = temporary;
    this.#file = file;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#disk.reserve(chunk.length);
    this.#bytes += chunk.length;
    this.#sha256.update(chunk);
    try {
      for (let at = 0; at < chunk.length;) at += (await this.#file.write(chunk, at)).bytesWritten;
    } catch (error) {
      throw diskError(error);
    }
  }

  async commit(): Promise<StoredObject> {
    const object = { ...this.#named, bytes: this.#bytes, sha256: this.#sha256.digest() };
    try {
      await this.#file.sync();
      await this.#disk.place(this.#temporary, object);
    } catch (error) {
      await this.abort();
      throw diskError(error);
    }
    this.#ended = true;
    this.#disk.release(this.#named.id, 0);
    await this.#file.close();
    return object;
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#file.close();
    await rm(this.#temporary, { force: true });
    await rm(`${this.#temporary}.sum`, { force: true });
    this.#disk.release(this.#named.id, this.#bytes);
  }
}

async function* chunksOf(file: FileHandle): AsyncIterable<Uint8Array> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(READ_BYTES),
      0,
      READ_BYTES,
      position,
    );
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* checkedAgain(file: FileHandle, known: StoredObject): AsyncIterable<Uint8Array> {
  const sha256 = createSha256();
  let held: Uint8Array | undefined;
  for await (const chunk of chunksOf(file)) {
    if (held !== undefined) yield held;
    sha256.update(chunk);
    held = chunk;
  }
  if (!equalBytes(sha256.digest(), known.sha256))
    throw objectCorrupt("it changed while it was read");
  if (held !== undefined) yield held;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(absent)) !== undefined;

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(absent))?.size ?? 0;

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw diskError(error);
}

/** What the operating system says, in our words. */
function diskError(error: unknown): Error {
  if (error instanceof AnamnesisError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return storageFull();
  if (code === "EEXIST") return objectExists();
  return new AnamnesisError("UNAVAILABLE", `Disk does not work (${code ?? "unknown fault"})`, {
    cause: error,
  });
}
