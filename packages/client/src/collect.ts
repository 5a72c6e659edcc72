import { concat, piecesOf } from "@anamnesis/crypto/verify";
import type { RecordMeta } from "@anamnesis/crypto/open";
import { AnamnesisError } from "@anamnesis/protocol";
import type { OpenRecord } from "./model.ts";

/** Largest record that {@link collect} holds in memory by default: 64 MiB. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Reads an opened record to its end, for those that fit into memory.
 *
 * @throws {AnamnesisError} TOO_LARGE beyond `bytesMax`. @throws {CryptoError} E_DECRYPT
 */
export async function collect(
  opened: OpenRecord,
  bytesMax = BYTES_MAX,
): Promise<{ readonly meta: RecordMeta; readonly content: Uint8Array }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of piecesOf(opened.content)) {
    size += part.length;
    if (size > bytesMax)
      throw new AnamnesisError(
        "TOO_LARGE",
        `The record has more than ${bytesMax} bytes, want it written to a file`,
      );
    parts.push(part);
  }
  return { meta: await opened.finished, content: concat(...parts) };
}
