/** What a disk store does with files: reads them in chunks, makes them durable, says in our words what failed. */
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { createSha256, equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { objectCorrupt, objectExists, storageFull } from "./store.ts";
import type { StoredObject } from "./store.ts";

const READ_BYTES = 1 << 20;

export async function* chunksOf(file: FileHandle): AsyncIterable<Uint8Array> {
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

/** A file that was checked, read once more: its last chunk is held back until the whole hash fits again. */
export async function* checkedAgain(
  file: FileHandle,
  known: StoredObject,
): AsyncIterable<Uint8Array> {
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

export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(absent)) !== undefined;

export const sizeOf = async (path: string): Promise<number> =>
  (await stat(path).catch(absent))?.size ?? 0;

/** For what may be missing. @throws {AnamnesisError} what else went wrong */
export function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw diskError(error);
}

/** What the operating system says, in our words. */
export function diskError(error: unknown): Error {
  if (error instanceof AnamnesisError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return storageFull("the disk is full");
  if (code === "EEXIST") return objectExists();
  return new AnamnesisError("UNAVAILABLE", `Disk does not work (${code ?? "unknown fault"})`, {
    cause: error,
  });
}
