import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "../src/encoding/bytes.ts";
import { kdf, sha256 } from "../src/primitives/derive.ts";
import file from "../../../tests/vectors/hkdf-sha256.json" with { type: "json" };

test("kdf() gives every vector's key", () => {
  for (const { why, ikm, label, ctx, length, okm, valid } of file.vectors) {
    const derive = (): Uint8Array => kdf(fromHex(ikm), label, fromHex(ctx), length);
    if (!valid) {
      assert.throws(derive, { code: "E_ARGUMENT" }, why);
      continue;
    }
    const derived = derive();
    assert.equal(derived.length, length, why);
    assert.equal(toHex(length > 64 ? sha256(derived) : derived), okm, why);
  }
});
