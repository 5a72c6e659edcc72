/**
 * A file system that forgets what was not synced. `kill -9` ends a process and leaves the kernel's memory: a write without an
 * fsync survives it. Here a file is after a power loss what its last sync left of it, and a folder has the names that it had at
 * its own last sync: less than most file systems keep, and no more than POSIX promises.
 */
import { mkdir, open, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

/** The prototype of every open file, where its syncs can be seen. */
type Syncing = Pick<FileHandle, "sync" | "datasync">;

export class PowerLoss {
  readonly #root: string;
  /** By inode: bytes of files, and names in folders with the inodes they lead to. */
  readonly #files = new Map<number, Uint8Array>();
  readonly #folders = new Map<number, ReadonlyMap<string, number>>();
  #unwatch = (): void => {};

  private constructor(root: string) {
    this.#root = root;
  }

  /** Watches the syncs of this process below a folder. What lies there now is on disk. {@link end} ends that. */
  static async over(root: string): Promise<PowerLoss> {
    const loss = new PowerLoss(root);
    await loss.#keepAll();
    await loss.#watch();
    return loss;
  }

  async #keepAll(): Promise<void> {
    this.#files.clear();
    this.#folders.clear();
    for await (const { path, isFolder } of below(this.#root)) await this.#keep(path, isFolder);
  }

  /** The power goes: the folder is put back to what was synced. Whoever holds files open must let go of them first. */
  async strike(): Promise<void> {
    const ino = await inodeOf(this.#root);
    const kept = this.#tree(ino);
    for (const name of await readdir(this.#root))
      await rm(join(this.#root, name), { recursive: true });
    for (const [path, bytes] of kept) {
      if (bytes === undefined) await mkdir(join(this.#root, path), { mode: 0o700 });
      else await writeFile(join(this.#root, path), bytes, { mode: 0o600 });
    }
    await this.#keepAll(); // What was put back lies under other inodes.
  }

  end(): void {
    this.#unwatch();
  }

  async #watch(): Promise<void> {
    const any = await open(this.#root, "r");
    const files = Object.getPrototypeOf(any) as Syncing;
    await any.close();
    const { sync, datasync } = files;
    const noting =
      (original: () => Promise<void>) =>
      async (file: FileHandle): Promise<void> => {
        await original.call(file);
        await this.#note(file);
      };
    const [noteSync, noteDatasync] = [noting(sync), noting(datasync)];
    files.sync = function (this: FileHandle) {
      return noteSync(this);
    };
    files.datasync = function (this: FileHandle) {
      return noteDatasync(this);
    };
    this.#unwatch = () => Object.assign(files, { sync, datasync });
  }

  async #note(file: FileHandle): Promise<void> {
    const { ino } = await file.stat();
    for await (const { path, isFolder } of below(this.#root))
      if ((await inodeOf(path)) === ino) return this.#keep(path, isFolder);
  }

  async #keep(path: string, isFolder: boolean): Promise<void> {
    const ino = await inodeOf(path);
    if (!isFolder) this.#files.set(ino, await readFile(path));
    else {
      const names = new Map<string, number>();
      for (const entry of await readdir(path, { withFileTypes: true })) {
        const inner = await inodeOf(join(path, entry.name));
        names.set(entry.name, inner);
        // A folder that was never synced itself has no names yet.
        if (entry.isDirectory() && !this.#folders.has(inner)) this.#folders.set(inner, new Map());
      }
      this.#folders.set(ino, names);
    }
  }

  /** Paths below a folder, the outer first; `undefined` for folders. A file that was never synced is empty. */
  #tree(folder: number): [path: string, bytes: Uint8Array | undefined][] {
    return [...(this.#folders.get(folder) ?? [])].flatMap(([name, ino]) => {
      if (!this.#folders.has(ino)) return [[name, this.#files.get(ino) ?? new Uint8Array(0)]];
      const inner = this.#tree(ino).map(
        ([path, bytes]) => [join(name, path), bytes] as [string, Uint8Array | undefined],
      );
      return [[name, undefined], ...inner];
    });
  }
}

async function* below(folder: string): AsyncGenerator<{ path: string; isFolder: boolean }> {
  yield { path: folder, isFolder: true };
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(path);
    else yield { path, isFolder: false };
  }
}

const inodeOf = async (path: string): Promise<number> => (await stat(path)).ino;
