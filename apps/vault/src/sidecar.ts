import { readFile } from "node:fs/promises";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { ObjectId, StoredObject } from "./store.ts";
import { objectCorrupt } from "./store.ts";

/**
 * The small file beside each object file: `{v, object, bytes, sha256}`. It names its object, so that two objects that
 * change places on disk are found out.
 */
export const encodeSidecar = ({ id, bytes, sha256 }: StoredObject): string =>
  `${JSON.stringify({ v: 1, object: id, bytes, sha256: toHex(sha256) })}\n`;

/** @throws {AnamnesisError} OBJECT_CORRUPT when it is missing, unreadable or of another object. */
export async function readSidecar(path: string, id: ObjectId): Promise<StoredObject> {
  const parsed = parse(await readFile(path, "utf8").catch(() => "null"));
  if (parsed === undefined) throw objectCorrupt("its checksum is missing or unreadable");
  if (parsed.object !== id) throw objectCorrupt("its checksum is another object's");
  return { id, bytes: parsed.bytes, sha256: fromHex(parsed.sha256) };
}

function parse(text: string): { object: string; bytes: number; sha256: string } | undefined {
  try {
    const { v, object, bytes, sha256 } = Object(JSON.parse(text)) as Record<string, unknown>;
    if (v !== 1 || typeof object !== "string" || typeof sha256 !== "string") return undefined;
    if (!Number.isSafeInteger(bytes) || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    return { object, bytes: bytes as number, sha256 };
  } catch {
    return undefined;
  }
}
