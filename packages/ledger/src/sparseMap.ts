import { equalBytes, sha256 } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  InvariantError,
  bitAt,
  emptySubtree,
  sparseKey,
  sparseNode,
} from "@anamnesis/protocol";
import type { MapName, SparseProof } from "@anamnesis/protocol";
import { rows } from "./rows.ts";
import type { Writes } from "./state.ts";
import { decodeStored, encodeStored } from "./stored.ts";
import type { Reader } from "./view.ts";

/**
 * The sparse Merkle maps of protocol's `sparseProof.ts`, stored as one entry for each node, by its path of bits from the
 * root: a branch holds both child hashes, a leaf its key and SHA-256(value). Entries come and change; none ever goes.
 */
export type Node = Branch | Leaf;
interface Branch {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}
interface Leaf {
  readonly key: Uint8Array;
  readonly valueHash: Uint8Array;
}

const leafNodeHash = ({ key, valueHash }: Leaf): Uint8Array =>
  sha256(Uint8Array.of(0), key, valueHash);
export const nodeHashOf = (node: Node): Uint8Array =>
  "key" in node ? leafNodeHash(node) : sparseNode(node.left, node.right);

/** Stored form: canonical CBOR [0, key, valueHash] or [1, left, right]. */
export function readNode(state: Reader, map: MapName, path: string): Node | undefined {
  const bytes = state.get(rows.mapNode.key(map, path));
  return bytes === undefined ? undefined : decodeNode(bytes);
}

/** @throws {AnamnesisError} STORE_CORRUPT for bytes that are no node's: a flipped bit may make a text of a hash. */
export function decodeNode(bytes: Uint8Array): Node {
  const list = decodeStored<[number, Uint8Array, Uint8Array]>(bytes);
  const [kind, first, second] = list;
  const isNode = list.length === 3 && (kind === 0 || kind === 1) && isHash(first) && isHash(second);
  if (!isNode)
    throw new AnamnesisError(
      "STORE_CORRUPT",
      "A node of a map is not in the form it was written in",
    );
  return kind === 0 ? { key: first, valueHash: second } : { left: first, right: second };
}

const isHash = (value: unknown): boolean => value instanceof Uint8Array && value.length === 32;

const encodeNode = (node: Node): Uint8Array =>
  "key" in node
    ? encodeStored(0, node.key, node.valueHash)
    : encodeStored(1, node.left, node.right);

/**
 * Puts entries into a map, all in one pass from the root.
 * @param entries - New values (canonical CBOR) by id.
 * @returns The new root.
 */
export function updateSparseMap(
  state: Reader,
  map: MapName,
  entries: ReadonlyMap<string, Uint8Array>,
  writes: Writes,
): Uint8Array {
  const leaves = [...entries].map(([id, value]): Leaf => ({
    key: sparseKey(id),
    valueHash: sha256(value),
  }));
  return put("", leaves, readNode(state, map, ""));

  function put(path: string, items: readonly Leaf[], current: Node | undefined): Uint8Array {
    if (current === undefined || "key" in current) {
      const stays = current !== undefined && !items.some(({ key }) => equalBytes(key, current.key));
      return build(path, stays ? [...items, current] : items);
    }
    const branch = {
      left: child(path, 0, items, current.left),
      right: child(path, 1, items, current.right),
    };
    return write(path, branch);
  }

  function child(
    path: string,
    bit: 0 | 1,
    items: readonly Leaf[],
    unchanged: Uint8Array,
  ): Uint8Array {
    const below = items.filter(({ key }) => bitAt(key, path.length) === bit);
    if (below.length === 0) return unchanged;
    const childPath = `${path}${bit}`;
    return put(childPath, below, readNode(state, map, childPath));
  }

  /** A subtree of nothing but these leaves. */
  function build(path: string, items: readonly Leaf[]): Uint8Array {
    const [only] = items;
    if (only === undefined) return emptySubtree;
    if (items.length === 1) return write(path, only);
    const side = (bit: 0 | 1) =>
      build(
        `${path}${bit}`,
        items.filter(({ key }) => bitAt(key, path.length) === bit),
      );
    return write(path, { left: side(0), right: side(1) });
  }

  function write(path: string, node: Node): Uint8Array {
    writes.set(rows.mapNode.key(map, path), encodeNode(node));
    return nodeHashOf(node);
  }
}

/**
 * Proof of what the map says about an id.
 * @param value - The entry's stored value, or `undefined` when there is none.
 */
export function proveSparse(
  state: Reader,
  map: MapName,
  id: string,
  value: Uint8Array | undefined,
): SparseProof {
  const key = sparseKey(id);
  const siblings: Uint8Array[] = [];
  for (let path = ""; ; path += bitAt(key, path.length)) {
    const node = readNode(state, map, path);
    if (node === undefined) return { siblings, end: { found: "nothing" } };
    if ("key" in node) {
      if (!equalBytes(node.key, key))
        return {
          siblings,
          end: { found: "other", otherKey: node.key, otherValueHash: node.valueHash },
        };
      if (value === undefined) throw new InvariantError(`map ${map} has a leaf without its entry`);
      return { siblings, end: { found: "value", value } };
    }
    siblings.push(bitAt(key, path.length) === 0 ? node.right : node.left);
  }
}
