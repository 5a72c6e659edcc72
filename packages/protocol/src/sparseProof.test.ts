import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import {
  bitAt,
  emptySubtree,
  sparseKey,
  sparseLeaf,
  sparseNode,
  verifySparseProof,
} from "./sparseProof.ts";
import type { SparseProof } from "./sparseProof.ts";

/** The map's definition, written down without regard to cost: the oracle for proofs and for the ledger's stored tree. */
type Entry = { readonly key: Uint8Array; readonly value: Uint8Array };
const entryOf = (id: string, value: string): Entry => ({ key: sparseKey(id), value: utf8(value) });
const onSide = (entries: readonly Entry[], depth: number, bit: 0 | 1) =>
  entries.filter(({ key }) => bitAt(key, depth) === bit);
function rootOf(entries: readonly Entry[], depth = 0): Uint8Array {
  const [only] = entries;
  if (only === undefined) return emptySubtree;
  if (entries.length === 1) return sparseLeaf(only.key, only.value);
  return sparseNode(
    rootOf(onSide(entries, depth, 0), depth + 1),
    rootOf(onSide(entries, depth, 1), depth + 1),
  );
}
function prove(entries: readonly Entry[], id: string): SparseProof {
  const key = sparseKey(id);
  const siblings: Uint8Array[] = [];
  let below = entries;
  while (below.length > 1) {
    const depth = siblings.length;
    siblings.push(rootOf(onSide(below, depth, bitAt(key, depth) === 0 ? 1 : 0), depth + 1));
    below = onSide(below, depth, bitAt(key, depth));
  }
  const [end] = below;
  if (end === undefined) return { siblings, end: { found: "nothing" } };
  if (toHex(end.key) === toHex(key)) return { siblings, end: { found: "value", value: end.value } };
  return {
    siblings,
    end: { found: "other", otherKey: end.key, otherValueHash: sha256(end.value) },
  };
}

const ids = Array.from({ length: 64 }, (_, i) => `id ${i}`);
const entries = ids.map((id) => entryOf(id, `value of ${id}`));
const root = rootOf(entries);

test("every entry is provable, and proofs of absence exist for what is not there, at nothing and at another leaf", () => {
  for (const id of ids) assert.ok(verifySparseProof(root, id, prove(entries, id)));
  const absent = Array.from({ length: 64 }, (_, i) => `absent ${i}`);
  const ends = new Set(
    absent.map((id) => {
      const proof = prove(entries, id);
      assert.ok(verifySparseProof(root, id, proof));
      return proof.end.found;
    }),
  );
  assert.deepEqual(ends, new Set(["nothing", "other"]));
});

test("the empty map and the map of one prove absence", () => {
  assert.ok(verifySparseProof(emptySubtree, "a", { siblings: [], end: { found: "nothing" } }));
  const one = [entryOf("a", "1")];
  assert.ok(verifySparseProof(rootOf(one), "b", prove(one, "b")));
  assert.ok(verifySparseProof(rootOf(one), "a", prove(one, "a")));
});

test("a proof holds for its own id, root and value alone", () => {
  for (const id of ids.slice(0, 8)) {
    const proof = prove(entries, id);
    assert.ok(proof.end.found === "value");
    assert.ok(!verifySparseProof(root, `${id}!`, proof));
    assert.ok(!verifySparseProof(rootOf(entries.slice(1)), ids[0]!, prove(entries, ids[0]!)));
    assert.ok(
      !verifySparseProof(root, id, { ...proof, end: { found: "value", value: utf8("another") } }),
    );
  }
});

test("what is there cannot be proved absent, whatever end, leaf or depth is claimed", () => {
  for (const id of ids) {
    const { siblings } = prove(entries, id);
    for (let depth = 0; depth <= siblings.length; depth += 1) {
      const cut = siblings.slice(0, depth);
      assert.ok(!verifySparseProof(root, id, { siblings: cut, end: { found: "nothing" } }));
      for (const { key, value } of entries.slice(0, 16)) {
        const claim = {
          siblings: cut,
          end: { found: "other", otherKey: key, otherValueHash: sha256(value) },
        } as const;
        assert.ok(!verifySparseProof(root, id, claim));
      }
    }
  }
});

test("an inner node cannot pass for a leaf, nor a proof be deeper than a key has bits", () => {
  const proof = prove(entries, ids[0]!);
  const node = concat(emptySubtree, emptySubtree);
  assert.ok(
    !verifySparseProof(root, ids[0]!, {
      siblings: proof.siblings.slice(1),
      end: { found: "value", value: node },
    }),
  );
  assert.ok(
    !verifySparseProof(root, ids[0]!, {
      siblings: Array.from({ length: 257 }, () => emptySubtree),
      end: { found: "nothing" },
    }),
  );
  assert.ok(
    !verifySparseProof(root, ids[0]!, {
      siblings: [new Uint8Array(31)],
      end: { found: "nothing" },
    }),
  );
});

test("a leaf that lies off its own path proves nobody's absence, even under a root that has it there", () => {
  const [id, other] = [
    "here",
    ids.find((each) => bitAt(sparseKey(each), 0) !== bitAt(sparseKey("here"), 0))!,
  ];
  const { key, value } = entryOf(other, "lies elsewhere");
  const [leaf, sibling] = [sparseLeaf(key, value), sha256(utf8("sibling"))];
  const isLeft = bitAt(sparseKey(id), 0) === 0;
  const crooked = isLeft ? sparseNode(leaf, sibling) : sparseNode(sibling, leaf);
  const end = { found: "other", otherKey: key, otherValueHash: sha256(value) } as const;
  assert.ok(!verifySparseProof(crooked, id, { siblings: [sibling], end }));
});
