import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AnamnesisError } from "@anamnesis/protocol";
import type { BlobDir } from "../blobDir.ts";

/** Names of items; a file that is still being written has a name that no item can have. */
const itemName = /^(?!\.+$)[a-z0-9.-]{1,128}$/;

/**
 * A device's sealed items as files of one folder: mode 0700, each file 0600, each write whole or not at all.
 *
 * Several processes may use one folder at once; what they write are independent files.
 */
export function deviceDir(folder: string): BlobDir {
  const pathOf = (name: string): string => {
    if (!itemName.test(name)) {
      throw new AnamnesisError("BAD_REQUEST", "A device's item has a name that no file can have");
    }
    return join(folder, name);
  };
  return {
    async list() {
      const names = await ignoreMissing(readdir(folder), []);
      return names.filter((name) => itemName.test(name)).toSorted();
    },
    async read(name) {
      return ignoreMissing<Uint8Array | undefined>(readFile(pathOf(name)), undefined);
    },
    async write(name, bytes) {
      const path = pathOf(name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await chmod(folder, 0o700);
      await writeAtomically(path, bytes);
    },
    async remove(name) {
      await rm(pathOf(name), { force: true });
    },
  };
}

/**
 * Writes a file of mode 0600 so that a reader, or a crash, finds the old bytes or the new ones; the new ones once this
 * resolves.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const part = join(dirname(path), `_${randomBytes(8).toString("hex")}.part`);
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
  await syncFolder(dirname(path));
}

/** Keeps the names in a folder. Windows keeps them by itself, and opens no folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function ignoreMissing<T>(reading: Promise<T>, absent: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return absent;
    throw error;
  }
}
