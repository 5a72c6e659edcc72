import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromHex, toHex } from "../src/encoding/bytes.ts";
import { openSealedLabel, sealLabel } from "../src/record/label.ts";
import file from "../../../tests/vectors/record-label.json" with { type: "json" };

suite("a record's label", () => {
  test("sealLabel() and openSealedLabel() give every vector's result", async () => {
    for (const { why, label, valid, ...hex } of file.vectors) {
      const binding = {
        secret: fromHex(hex.secret),
        tag: fromHex(hex.tag),
        ctx: fromHex(hex.ctx),
      };
      const opening = openSealedLabel(fromHex(hex.sealed), binding);
      if (!valid) {
        await assert.rejects(opening, { code: "E_DECRYPT" }, why);
        continue;
      }
      assert.deepEqual(await opening, label, why);
      assert.equal(toHex(await sealLabel(label, binding)), hex.sealed, why);
    }
  });

  test("sealLabel() refuses what does not fit", async () => {
    const full = file.vectors.find(({ why }) => why === "full to the last byte");
    assert.ok(full !== undefined);
    const label = { ...full.label, title: `${full.label.title}x` };
    const binding = {
      secret: fromHex(full.secret),
      tag: fromHex(full.tag),
      ctx: fromHex(full.ctx),
    };
    await assert.rejects(sealLabel(label, binding), { code: "E_ARGUMENT" });
    await assert.rejects(sealLabel(full.label, { ...binding, tag: binding.ctx }), {
      code: "E_ARGUMENT",
    });
  });
});
