import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { OpenRecord } from "@anamnesis/client";
import { piecesOf } from "@anamnesis/crypto/verify";

/**
 * Writes an opened record's content to a file that appears only once all of it has been verified.
 *
 * @throws what reading the record throws; the file is then as it was before.
 */
export async function writeOpened(
  opened: OpenRecord,
  path: string,
): Promise<{ readonly meta: Awaited<OpenRecord["finished"]>; readonly bytes: number }> {
  return whole(path, async (file) => {
    let bytes = 0;
    for await (const chunk of piecesOf(opened.content)) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    return { meta: await opened.finished, bytes };
  });
}

/** Writes a text that a person may read alone (0600); it appears whole or not at all. Gives its length in bytes. */
export function writeText(path: string, text: string): Promise<number> {
  return whole(path, async (file) => {
    const bytes = Buffer.from(text, "utf8");
    await file.writeFile(bytes);
    return bytes.length;
  });
}

/** A file that appears under its name once it is written, and on disk. */
async function whole<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const part = `${path}.${randomBytes(6).toString("hex")}.part`;
  try {
    const file = await open(part, "wx", 0o600);
    try {
      const written = await write(file);
      await file.sync();
      await file.close();
      await rename(part, path);
      return written;
    } finally {
      await file.close().catch(() => undefined);
    }
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
