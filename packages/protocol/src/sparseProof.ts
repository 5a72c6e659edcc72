import { equalBytes, sha256, utf8 } from "@anamnesis/crypto/verify";
import { limits } from "./limits.ts";
import { blob, bytes, list, object, variants } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/**
 * Proofs of the sparse Merkle maps behind grantsRoot, keysRoot and institutionsRoot.
 *
 * A map is a binary tree over the 256 bits of SHA-256(id), most significant first; a subtree with one entry is that
 * entry's leaf, an empty one is 32 zero bytes. leaf = SHA-256(0x00 || key || SHA-256(value)),
 * node = SHA-256(0x01 || left || right). So absence is provable: the path of a key ends at nothing or at another leaf.
 * (Construction: the compact sparse tree of Diem's "Jellyfish Merkle Tree" and Celestia's SMT.)
 */

/** 32 zero bytes: the empty subtree. */
export const emptySubtree = new Uint8Array(32);

/** Position of an id in its map. */
export const sparseKey = (id: string): Uint8Array => sha256(utf8(id));

/** @param key - 32 bytes. @param value - the entry's canonical CBOR. */
export const sparseLeaf = (key: Uint8Array, value: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(0), key, sha256(value));

export const sparseNode = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(1), left, right);

export const bitAt = (key: Uint8Array, depth: number): 0 | 1 =>
  ((key[depth >> 3]! >> (7 - (depth & 7))) & 1) as 0 | 1;

/**
 * What lies where the path of an id ends. `siblings` run from the root down.
 * `found: 'other'` names the only entry of the subtree: its key and SHA-256(value).
 */
export const sparseProofShape = object({
  siblings: list(bytes(32), 256),
  end: variants("found", {
    value: { value: blob(limits.stateValueBytes) },
    nothing: {},
    other: { otherKey: bytes(32), otherValueHash: bytes(32) },
  }),
});
export type SparseProof = Readonly<Shaped<typeof sparseProofShape>>;

/** `true` if the proof shows, under `root`, what it says about `id` (its value, or that there is none). */
export function verifySparseProof(root: Uint8Array, id: string, proof: SparseProof): boolean {
  const key = sparseKey(id);
  const depth = proof.siblings.length;
  if (depth > 256) return false;
  let hash = endOfPath(key, depth, proof.end);
  if (hash === undefined) return false;
  for (let d = depth - 1; d >= 0; d--) {
    const sibling = proof.siblings[d]!;
    if (sibling.length !== 32) return false;
    hash = bitAt(key, d) === 0 ? sparseNode(hash, sibling) : sparseNode(sibling, hash);
  }
  return equalBytes(hash, root);
}

function endOfPath(
  key: Uint8Array,
  depth: number,
  end: SparseProof["end"],
): Uint8Array | undefined {
  switch (end.found) {
    case "value":
      return sparseLeaf(key, end.value);
    case "nothing":
      return emptySubtree;
    case "other": {
      if (
        end.otherKey.length !== 32 ||
        end.otherValueHash.length !== 32 ||
        equalBytes(end.otherKey, key)
      )
        return undefined;
      for (let d = 0; d < depth; d++)
        if (bitAt(end.otherKey, d) !== bitAt(key, d)) return undefined;
      return sha256(Uint8Array.of(0), end.otherKey, end.otherValueHash);
    }
  }
}
