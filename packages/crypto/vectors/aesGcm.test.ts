import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "../src/encoding/bytes.ts";
import { gcmOpen, gcmSeal } from "../src/primitives/aesGcm.ts";
import file from "../../../tests/vectors/aes-256-gcm.json" with { type: "json" };

test("gcmSeal() and gcmOpen() give every vector's result", async () => {
  for (const { why, result, ...hex } of file.vectors) {
    const [key, nonce, aad, data, sealed] = [hex.key, hex.nonce, hex.aad, hex.data, hex.sealed].map(
      fromHex,
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    if (result === "argument") {
      const misuse = { code: "E_ARGUMENT" };
      await assert.rejects(gcmSeal({ key, nonce, aad, data }), misuse, why);
      await assert.rejects(gcmOpen({ key, nonce, aad, data: sealed }), misuse, why);
      continue;
    }
    const opened = await gcmOpen({ key, nonce, aad, data: sealed });
    assert.deepEqual(opened, result === "opens" ? data : undefined, why);
    if (result === "opens")
      assert.equal(toHex(await gcmSeal({ key, nonce, aad, data })), hex.sealed, why);
  }
});
