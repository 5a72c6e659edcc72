import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { streamOf } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** Read at once: some chunks of a record. */
const READ_BYTES = 256 * 1024;

/**
 * A file as content that can be read twice, without ever lying in memory.
 *
 * @throws {AnamnesisError} FILE_UNREADABLE
 */
export async function fileSource(path: string): Promise<{
  readonly fileName: string;
  readonly content: { readonly size: number; readonly open: () => ReadableStream<Uint8Array> };
}> {
  const file = await open(path, "r");
  try {
    const about = await file.stat();
    if (!about.isFile())
      throw new AnamnesisError("FILE_UNREADABLE", `Cannot use ${path}: it is not a file`);
    return {
      fileName: basename(path),
      content: {
        size: about.size,
        open: () => streamOf(createReadStream(path, { highWaterMark: READ_BYTES })),
      },
    };
  } finally {
    await file.close();
  }
}
