import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromHex, toHex } from "../src/encoding/bytes.ts";
import { mlKemDecapsulate, mlKemEncapsulate, mlKemKeys } from "../src/kem/mlKem.ts";
import { sha256 } from "../src/primitives/derive.ts";
import file from "../../../tests/vectors/ml-kem-768.json" with { type: "json" };
import { flipped } from "./labelledBytes.ts";
import type { MlKemVector } from "./makeMlKem.ts";

const vectors = file.vectors as MlKemVector[];
const hashOf = (bytes: Uint8Array): string => toHex(sha256(bytes));

suite("ML-KEM-768", () => {
  test("mlKemKeys() gives every vector's keys", () => {
    for (const vector of vectors) {
      if (vector.operation !== "keygen") continue;
      const { ek, dk } = mlKemKeys(fromHex(vector.seed));
      assert.deepEqual([hashOf(ek), hashOf(dk)], [vector.ekSha256, vector.dkSha256], vector.why);
    }
  });

  test("mlKemEncapsulate() gives every vector's secret and refuses every bad key", () => {
    for (const vector of vectors) {
      if (vector.operation !== "encapsulate") continue;
      const ek =
        vector.seed === undefined ? fromHex(vector.ek!) : mlKemKeys(fromHex(vector.seed)).ek;
      const encapsulate = (): ReturnType<typeof mlKemEncapsulate> =>
        mlKemEncapsulate(ek, fromHex(vector.coins));
      if (!vector.valid) {
        assert.throws(encapsulate, { code: "E_FORMAT" }, vector.why);
        continue;
      }
      const { ct, secret } = encapsulate();
      assert.deepEqual([hashOf(ct), toHex(secret)], [vector.ctSha256, vector.secret], vector.why);
    }
  });

  test("mlKemDecapsulate() gives every vector's secret, that of rejection too", () => {
    for (const vector of vectors) {
      if (vector.operation !== "decapsulate") continue;
      const { dk } = mlKemKeys(fromHex(vector.seed));
      const key = vector.dkFlipped.reduce(flipped, dk);
      const decapsulate = (): Uint8Array => mlKemDecapsulate(key, fromHex(vector.ct));
      if (vector.valid) assert.equal(toHex(decapsulate()), vector.secret, vector.why);
      else assert.throws(decapsulate, { code: "E_FORMAT" }, vector.why);
    }
  });
});
