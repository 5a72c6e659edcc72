import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
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
  const part = `${path}.${randomBytes(6).toString("hex")}.part`;
  try {
    const file = await open(part, "wx", 0o600);
    let bytes = 0;
    try {
      for await (const chunk of piecesOf(opened.content)) {
        await file.writeFile(chunk);
        bytes += chunk.length;
      }
      const meta = await opened.finished;
      await file.sync();
      await file.close();
      await rename(part, path);
      return { meta, bytes };
    } finally {
      await file.close().catch(() => undefined);
    }
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
