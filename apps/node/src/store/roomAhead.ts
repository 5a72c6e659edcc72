import { closeSync, ftruncateSync, openSync, statSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Pages that an entry may have written at most on its way: of the tree, and of the list of free ones. */
const PAGES_AN_ENTRY = 3;
const PAGE_BYTES = 4_096;
const SPARE_BYTES = 64 * 1024;

/**
 * Whether a commit will find room, asked before it begins: when LMDB is refused a write it notes why in a text that may be
 * longer than the memory it takes for it, and the process may end. Free space of the disk is counted, and the size that the
 * system lets a file have is tried on an empty file beside it.
 *
 * @param path - The store's file.
 */
export function hasRoomFor(
  path: string,
  commit: { readonly entries: number; readonly bytes: number },
): boolean {
  const bytes = commit.entries * PAGES_AN_ENTRY * PAGE_BYTES + 2 * commit.bytes + SPARE_BYTES;
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize > bytes && mayGrowTo(`${path}.size`, statSync(path).size + bytes);
}

function mayGrowTo(path: string, bytes: number): boolean {
  const file = openSync(path, "a", 0o600);
  try {
    ftruncateSync(file, bytes);
    ftruncateSync(file, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EFBIG") return false;
    throw error;
  } finally {
    closeSync(file);
  }
}
