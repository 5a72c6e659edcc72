import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { AnamnesisError } from "@anamnesis/protocol";

const MAGIC = 0xbeefc0de;
const META_FLAG = 8;
const HEAD_BYTES = 52;

/**
 * That a file which is there begins like one of LMDB's: two pages of the kind "meta". LMDB would end the process instead.
 * @throws {AnamnesisError} STORE_CORRUPT
 */
export function assertLmdbFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    if (fstatSync(file).size === 0) return;
    const pageBytes = metaPageBytes(file, 0);
    if (pageBytes === undefined || metaPageBytes(file, pageBytes) === undefined)
      throw corruptFile("its file does not begin like a store");
  } finally {
    closeSync(file);
  }
}

/** The page size that a meta page names, if there is one at this place: flags at 18, magic number at 24, page size at 48. */
function metaPageBytes(file: number, at: number): number | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  if (readSync(file, head, 0, HEAD_BYTES, at) < HEAD_BYTES) return undefined;
  const isMeta = (head.readUInt16LE(18) & META_FLAG) !== 0 && head.readUInt32LE(24) === MAGIC;
  const pageBytes = head.readUInt32LE(48);
  return isMeta && pageBytes >= 512 && pageBytes <= 65_536 ? pageBytes : undefined;
}

/** What whoever runs the node is told of a file that cannot be read. */
export const corruptFile = (why: string, cause?: unknown): AnamnesisError =>
  new AnamnesisError(
    "STORE_CORRUPT",
    `The store cannot be read: ${why}; put back a copy, or move the chain's folder away and its members give it back`,
    { cause },
  );

/** What LMDB says of pages that are not what they should be, in words that help; anything else as it is. */
export function readableFault(error: unknown): unknown {
  const isLmdb = error instanceof Error && error.message.startsWith("MDB_");
  return isLmdb ? corruptFile("pages of the store's file are damaged", error) : error;
}
