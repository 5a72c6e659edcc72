import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { boxKeypairFromSeed, openWith, sealTo } from "../src/box.ts";
import { fromHex, toHex } from "../src/encoding/bytes.ts";
import { sha256 } from "../src/primitives/derive.ts";
import file from "../../../tests/vectors/x-wing-hpke.json" with { type: "json" };
import type { XWingVector } from "./makeXWing.ts";

const vectors = file.vectors as XWingVector[];

suite("HPKE with X-Wing", () => {
  test("boxKeypairFromSeed() gives every vector's key", async () => {
    for (const vector of vectors) {
      if (vector.operation !== "key") continue;
      const { publicKey } = await boxKeypairFromSeed(fromHex(vector.seed));
      assert.equal(toHex(sha256(publicKey)), vector.publicKeySha256, vector.why);
    }
  });

  test("sealTo() refuses every bad key", async () => {
    for (const vector of vectors) {
      if (vector.operation !== "seal") continue;
      const { publicKey, code, why } = vector;
      const none = new Uint8Array(0);
      const input = { publicKey: fromHex(publicKey), info: "MRS-V1-VECTOR", aad: none };
      await assert.rejects(sealTo({ ...input, plaintext: none }), { code }, why);
    }
  });

  test("openWith() opens what an independent sender sealed, and nothing changed", async () => {
    for (const vector of vectors) {
      if (vector.operation !== "open") continue;
      const opening = openWith({
        secretKey: fromHex(vector.seed),
        info: vector.info,
        aad: fromHex(vector.aad),
        sealed: fromHex(vector.sealed),
      });
      if (vector.valid) assert.equal(toHex(await opening), vector.plaintext, vector.why);
      else await assert.rejects(opening, { code: "E_DECRYPT" }, vector.why);
    }
  });
});
