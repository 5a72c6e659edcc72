import { readFile } from "node:fs/promises";
import { fromHex, sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import { isChainId } from "@anamnesis/protocol";
import type { ObjectId, StoredObject } from "./store.ts";
import { objectCorrupt } from "./store.ts";

/**
 * The small file beside each object file: `{v, object, chain, bytes, sha256, check}`. It names its object, so that two
 * objects that change places on disk are found out. `check` is the SHA-256 of the rest: whose object it is decides who may
 * read it, and no hash of the object's bytes would show that it changed.
 */
export const encodeSidecar = (object: StoredObject): string =>
  `${JSON.stringify({ ...facts(object), check: checkOf(object) })}\n`;

/** @throws {AnamnesisError} OBJECT_CORRUPT when it is missing, unreadable, changed or of another object. */
export async function readSidecar(path: string, id: ObjectId): Promise<StoredObject> {
  const { object, check } = parse(await readFile(path, "utf8").catch(() => "null")) ?? {};
  if (object === undefined) throw objectCorrupt("its checksum is missing or unreadable");
  if (check !== checkOf(object)) throw objectCorrupt("its checksum was changed");
  if (object.id !== id) throw objectCorrupt("its checksum is another object's");
  return object;
}

const facts = ({ id, chain, bytes, sha256: hash }: StoredObject): object => ({
  v: 1,
  object: id,
  chain,
  bytes,
  sha256: toHex(hash),
});
const checkOf = (object: StoredObject): string =>
  toHex(sha256(utf8(JSON.stringify(facts(object)))));

function parse(text: string): { object: StoredObject; check: string } | undefined {
  try {
    const read = Object(JSON.parse(text)) as Record<string, unknown>;
    const { v, object: id, chain, bytes, sha256: hash, check } = read;
    if (v !== 1 || typeof id !== "string" || typeof hash !== "string") return undefined;
    if (!isChainId(chain) || typeof check !== "string") return undefined;
    if (!Number.isSafeInteger(bytes) || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
    const object = { id: id as ObjectId, chain, bytes: bytes as number, sha256: fromHex(hash) };
    return { object, check };
  } catch {
    return undefined;
  }
}
