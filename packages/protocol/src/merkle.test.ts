import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, i2osp, toHex } from "@anamnesis/crypto/verify";
import {
  emptyRoot,
  inclusionPath,
  leafHash,
  rootFromPath,
  rootOfLeafHashes,
  sizedRoot,
  verifyInclusion,
  verifySizedInclusion,
} from "./merkle.ts";

/** Leaves and roots of the reference implementation's test (certificate-transparency, merkletree/merkle_tree_test.cc). */
const leaves = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test("rootOfLeafHashes() gives the roots of the reference implementation", () => {
  assert.equal(
    toHex(emptyRoot),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assert.deepEqual(rootOfLeafHashes([]), emptyRoot);
  const hashes = leaves.map((leaf) => leafHash(fromHex(leaf)));
  roots.forEach((root, i) => assert.equal(toHex(rootOfLeafHashes(hashes.slice(0, i + 1))), root));
});

const hashes = Array.from({ length: 41 }, (_, i) => leafHash(i2osp(i, 2)));

test("every leaf of every tree up to 40 has a path that fits it, and nothing else fits", () => {
  for (let count = 1; count <= 40; count += 1) {
    const tree = hashes.slice(0, count);
    const root = rootOfLeafHashes(tree);
    const commitment = sizedRoot(count, root);
    for (let index = 0; index < count; index += 1) {
      const path = inclusionPath(tree, index);
      const leaf = tree[index]!;
      assert.ok(verifyInclusion(leaf, index, count, path, root));
      assert.ok(verifySizedInclusion(leaf, index, count, path, commitment));
      assert.ok(!verifyInclusion(hashes[40]!, index, count, path, root), "another leaf");
      assert.ok(!verifyInclusion(leaf, index, count, [...path, root], root), "a longer path");
      if (path.length > 0)
        assert.ok(!verifyInclusion(leaf, index, count, path.slice(1), root), "a shorter path");
      for (const other of [index - 1, index + 1, index ^ 1, count, -1, 0.5])
        if (other !== index)
          assert.ok(
            !verifyInclusion(leaf, other, count, path, root),
            `index ${other} for ${index} of ${count}`,
          );
    }
  }
});

test("verifySizedInclusion() binds the count, which a bare root leaves open", () => {
  const path = inclusionPath(hashes.slice(0, 5), 0);
  const root = rootOfLeafHashes(hashes.slice(0, 5));
  assert.ok(verifyInclusion(hashes[0]!, 0, 7, path, root), "the bare root takes 7 for 5");
  for (let count = 1; count < 41; count += 1)
    assert.equal(verifySizedInclusion(hashes[0]!, 0, count, path, sizedRoot(5, root)), count === 5);
});

test("rootFromPath() takes no siblings that are not 32 bytes", () => {
  assert.equal(rootFromPath(hashes[0]!, 0, 2, [new Uint8Array(31)]), undefined);
});
