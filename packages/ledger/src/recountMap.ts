import { bitAt, emptySubtree, sparseKey } from "@anamnesis/protocol";
import { equalBytes, sha256 } from "@anamnesis/crypto/verify";
import type { MapName } from "@anamnesis/protocol";
import type { Findings } from "./findings.ts";
import { pathOf } from "./keys.ts";
import { mapRows, rows } from "./rows.ts";
import { decodeNode, nodeHashOf, readNode } from "./sparseMap.ts";
import type { StateView } from "./state.ts";

/**
 * The root of a map from its stored nodes, each checked against its children, and its entries against the leaves: every
 * entry has its leaf, and there are no more leaves than entries. Nothing of the map is held in memory.
 */
export function recountMap(state: StateView, map: MapName, findings: Findings): Uint8Array {
  let entries = 0;
  for (const row of mapRows(map)) {
    for (const [key, value] of state.range(row.prefix)) {
      if (!hasLeaf(state, map, row.id(key), value))
        findings.blame(`an entry of the ${map} map is not what its leaf says`);
      entries += 1;
    }
  }
  let leaves = 0;
  const prefix = rows.mapNode.key(map, "").slice(0, 2);
  for (const [key, bytes] of state.range(prefix)) {
    const path = pathOf(key, 2);
    const node = decodeNode(bytes);
    if ("key" in node) leaves += 1;
    else if (
      !isHashOf(state, map, `${path}0`, node.left) ||
      !isHashOf(state, map, `${path}1`, node.right)
    )
      findings.blame(`a node of the ${map} map is another`);
    if (path !== "" && !isBranch(state, map, path.slice(0, -1)))
      findings.blame(`a node of the ${map} map hangs nowhere`);
  }
  if (leaves !== entries) findings.blame(`the ${map} map has ${leaves} leaves, want ${entries}`);
  const root = readNode(state, map, "");
  return root === undefined ? emptySubtree : nodeHashOf(root);
}

/** Whether the path of an id ends at a leaf of exactly this entry. */
function hasLeaf(state: StateView, map: MapName, id: string, value: Uint8Array): boolean {
  const key = sparseKey(id);
  for (let path = ""; path.length <= 256; path += bitAt(key, path.length)) {
    const node = readNode(state, map, path);
    if (node === undefined) return false;
    if ("key" in node)
      return equalBytes(node.key, key) && equalBytes(node.valueHash, sha256(value));
  }
  return false;
}

function isHashOf(state: StateView, map: MapName, path: string, hash: Uint8Array): boolean {
  const node = readNode(state, map, path);
  return equalBytes(hash, node === undefined ? emptySubtree : nodeHashOf(node));
}

function isBranch(state: StateView, map: MapName, path: string): boolean {
  const node = readNode(state, map, path);
  return node !== undefined && !("key" in node);
}
