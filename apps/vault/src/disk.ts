import { link, mkdir, open, readFile, readdir, rename, rm, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createSha256, equalBytes, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  absent,
  checkedAgain,
  chunksOf,
  diskError,
  exists,
  sizeOf,
  syncFolder,
  writeSynced,
} from "./files.ts";
import { encodeSidecar, readSidecar } from "./sidecar.ts";
import { objectCorrupt, objectExists } from "./store.ts";
import { Room } from "./room.ts";
import type { RoomLimits } from "./room.ts";
import type {
  CheckedObject,
  NamedObject,
  ObjectId,
  Store,
  StoredObject,
  UnkeptObject,
  Upload,
} from "./store.ts";

/**
 * One directory of one disk.
 *
 * `objects/ab/ID` holds the bytes, `objects/ab/ID.sum` their checksum, and `objects/ab/ID.new`, until somebody has it kept,
 * when it was put; uploads grow in `uploads/`. Checksum and mark are put in place first, so an object is there exactly when
 * its own file is. Everything is synced, the directories too, before `commit` and `keep` resolve. One process owns a
 * directory.
 */
export class Disk implements Store {
  readonly #root: string;
  readonly #room: Room;
  readonly #now: () => number;
  readonly #begun = new Set<ObjectId>();
  readonly #swept = new Set<ObjectId>();

  private constructor(root: string, room: Room, now: () => number) {
    this.#root = root;
    this.#room = room;
    this.#now = now;
  }

  /** Opens a directory, making it where it is missing, and clears away what a crash left of uploads. */
  static async at(
    root: string,
    options: { readonly limits?: RoomLimits; readonly now?: () => number } = {},
  ): Promise<Disk> {
    const { limits = unlimited, now = Date.now } = options;
    const room = new Room(limits);
    const disk = new Disk(root, room, now);
    await mkdir(join(root, "objects"), { recursive: true, mode: 0o700 });
    await rm(disk.#uploads, { recursive: true, force: true });
    await mkdir(disk.#uploads, { mode: 0o700 });
    await syncFolder(root);
    for await (const id of disk.ids()) {
      const known = await disk.known(id);
      if (known !== undefined) room.count(known.chain, await sizeOf(disk.#path(id)));
    }
    return disk;
  }

  async begin(named: NamedObject): Promise<Upload> {
    return this.#begin(named, async () => {
      if (await exists(this.#path(named.id))) throw objectExists();
    });
  }

  async beginRepair(named: NamedObject): Promise<Upload> {
    return this.#begin(named, () => Promise.resolve(), true);
  }

  async #begin(
    named: NamedObject,
    check: () => Promise<void>,
    replaces = false,
  ): Promise<DiskUpload> {
    const { id } = named;
    if (this.#begun.has(id)) throw objectExists();
    this.#begun.add(id);
    try {
      await check();
      const temporary = join(this.#uploads, toHex(randomBytes(16)));
      const file = await open(temporary, "wx", 0o600);
      return new DiskUpload(this, named, { temporary, file, replaces });
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

  known(id: ObjectId): Promise<StoredObject | undefined> {
    return readSidecar(this.#sidecar(id), id).catch(() => undefined);
  }

  async *ids(): AsyncIterable<ObjectId> {
    for await (const { name } of this.#files())
      if (/^[0-9a-f]{64}$/.test(name)) yield name as ObjectId;
  }

  async keep(id: ObjectId): Promise<boolean> {
    const mark = this.#mark(id);
    try {
      await unlink(mark);
      await syncFolder(dirname(mark));
    } catch (error) {
      absent(error as NodeJS.ErrnoException);
      if (this.#swept.has(id)) return false;
    }
    return exists(this.#path(id));
  }

  async *unkept(): AsyncIterable<UnkeptObject> {
    for await (const { name, path } of this.#files()) {
      const id = /^([0-9a-f]{64})\.new$/.exec(name)?.[1];
      if (id === undefined) continue;
      const since = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
      if (Number.isSafeInteger(since)) yield { id: id as ObjectId, since };
    }
  }

  async sweep(id: ObjectId): Promise<boolean> {
    this.#swept.add(id);
    try {
      await rename(this.#mark(id), join(this.#uploads, `${id}.new`));
      await this.remove(id);
      await rm(join(this.#uploads, `${id}.new`), { force: true });
      return true;
    } catch (error) {
      absent(error as NodeJS.ErrnoException);
      return false;
    } finally {
      this.#swept.delete(id);
    }
  }

  async remove(id: ObjectId): Promise<void> {
    const path = this.#path(id);
    const [bytes, known] = await Promise.all([sizeOf(path), this.known(id)]);
    await rm(path, { force: true });
    await rm(this.#sidecar(id), { force: true });
    await rm(this.#mark(id), { force: true });
    if (known !== undefined) this.#room.count(known.chain, -bytes);
  }

  /** Counts bytes on their way in. @throws {AnamnesisError} STORAGE_FULL */
  reserve({ chain }: NamedObject, bytes: number): void {
    this.#room.take(chain, bytes);
  }

  /** Ends an upload; `bytes` that were reserved and did not stay are free again. */
  release({ id, chain }: NamedObject, bytes: number): void {
    this.#room.count(chain, -bytes);
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
    await writeSynced(`${temporary}.new`, `${this.#now()}\n`);
    await rename(`${temporary}.sum`, this.#sidecar(object.id));
    await rename(`${temporary}.new`, this.#mark(object.id));
    await link(temporary, path);
    try {
      await rm(temporary, { force: true });
      await syncFolder(folder);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Puts it in a damaged one's place. */
  async replace(temporary: string, object: StoredObject): Promise<void> {
    const path = this.#path(object.id);
    const [bytes, known] = await Promise.all([sizeOf(path), this.known(object.id)]);
    await writeSynced(`${temporary}.sum`, encodeSidecar(object));
    await rename(`${temporary}.sum`, this.#sidecar(object.id));
    await rename(temporary, path);
    await syncFolder(dirname(path));
    if (known !== undefined) this.#room.count(known.chain, -bytes);
  }

  async *#files(): AsyncIterable<{ readonly name: string; readonly path: string }> {
    for (const folder of await readdir(join(this.#root, "objects")))
      for (const name of await readdir(join(this.#root, "objects", folder)))
        yield { name, path: join(this.#root, "objects", folder, name) };
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

  #mark(id: ObjectId): string {
    return `${this.#path(id)}.new`;
  }
}

const unlimited: RoomLimits = {
  bytes: Number.POSITIVE_INFINITY,
  bytesOf: () => Number.POSITIVE_INFINITY,
};

/** Where an upload grows, and whether it takes the place of a damaged object. */
interface Growing {
  readonly temporary: string;
  readonly file: FileHandle;
  readonly replaces: boolean;
}

class DiskUpload implements Upload {
  readonly #disk: Disk;
  readonly #named: NamedObject;
  readonly #growing: Growing;
  readonly #sha256 = createSha256();
  #bytes = 0;
  #ended = false;

  constructor(disk: Disk, named: NamedObject, growing: Growing) {
    this.#disk = disk;
    this.#named = named;
    this.#growing = growing;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#disk.reserve(this.#named, chunk.length);
    this.#bytes += chunk.length;
    this.#sha256.update(chunk);
    try {
      const { file } = this.#growing;
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
    } catch (error) {
      throw diskError(error);
    }
  }

  async commit(wanted?: Uint8Array): Promise<StoredObject> {
    const object = { ...this.#named, bytes: this.#bytes, sha256: this.#sha256.digest() };
    const { temporary, file, replaces } = this.#growing;
    try {
      if (!equalBytes(object.sha256, wanted ?? object.sha256))
        throw objectCorrupt("what came is not what was wanted");
      await file.sync();
      if (replaces) await this.#disk.replace(temporary, object);
      else await this.#disk.place(temporary, object);
    } catch (error) {
      await this.abort();
      throw diskError(error);
    }
    this.#ended = true;
    this.#disk.release(this.#named, 0);
    await file.close();
    return object;
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { temporary, file } = this.#growing;
    await file.close();
    for (const path of [temporary, `${temporary}.sum`, `${temporary}.new`])
      await rm(path, { force: true });
    this.#disk.release(this.#named, this.#bytes);
  }
}
