import { open, rm, stat } from "node:fs/promises";
import { AnamnesisError } from "@anamnesis/protocol";

/** What LMDB and the system call a disk, file or map that has no room left. */
const noRoom = /MDB_MAP_FULL|ENOSPC|EDQUOT|EFBIG|No space left|quota exceeded|File too large/i;
/** What LMDB calls a write that the system cut short, which is how a disk begins to be full, and much else. */
const cutShort = /Input\/output error|EIO/i;
/** Room without which a disk counts as full. */
const ROOM_BYTES = 1024 * 1024;

/**
 * Why a commit failed, in our terms.
 *
 * @param cause - What lmdb-js threw; it gives the reason in a promise of its own.
 * @param file - The data file.
 * @returns STORAGE_FULL when there was no room, and nothing has changed; STORE_CORRUPT for anything else.
 */
export async function refusedWrite(cause: unknown, file: string): Promise<AnamnesisError> {
  const { commitError } = Object(cause) as { commitError?: Promise<never> };
  const reason: unknown = await Promise.race([
    Promise.resolve(commitError).catch((error: unknown) => error),
    new Promise((resolve) => setTimeout(resolve, 1_000)),
  ]);
  const text = `${String(cause)} ${String(reason)}`;
  return noRoom.test(text) || (cutShort.test(text) && !(await hasRoom(file)))
    ? new AnamnesisError("STORAGE_FULL", "The chain's disk is full", { cause: reason })
    : new AnamnesisError("STORE_CORRUPT", "The chain's store cannot be written", { cause: reason });
}

/** Asks the disk itself: whether a file beside this one can be written where this one would grow. */
async function hasRoom(file: string): Promise<boolean> {
  const probe = `${file}.room`;
  try {
    const { size } = await stat(file);
    const handle = await open(probe, "w");
    try {
      const { bytesWritten } = await handle.write(Buffer.alloc(ROOM_BYTES), 0, ROOM_BYTES, size);
      await handle.sync();
      return bytesWritten === ROOM_BYTES;
    } finally {
      await handle.close();
    }
  } catch (error) {
    return !noRoom.test(String(error));
  } finally {
    await rm(probe, { force: true });
  }
}
