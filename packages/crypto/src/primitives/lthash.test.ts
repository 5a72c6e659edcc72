import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { toHex, utf8 } from "../encoding/bytes.ts";
import { sha256 } from "./derive.ts";
import { createLtHash } from "./lthash.ts";
import * as web from "./primitives.web.ts";

suite("LtHash", () => {
  test("forgets the order and undoes additions", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (items) => {
        const forwards = createLtHash();
        const backwards = createLtHash();
        for (const item of items) forwards.add(item);
        for (const item of items.toReversed()) backwards.add(item);
        assert.equal(toHex(forwards.digest()), toHex(backwards.digest()));
        for (const item of items) forwards.remove(item);
        assert.deepEqual(forwards.state(), new Uint8Array(2048));
      }),
      { numRuns: 40, seed: 13 },
    );
  });

  test("goes on from a saved state", () => {
    const saved = createLtHash().add(utf8("a")).state();
    const resumed = createLtHash(saved).add(utf8("b"));
    assert.deepEqual(resumed.digest(), createLtHash().add(utf8("b")).add(utf8("a")).digest());
    assert.throws(() => createLtHash(saved.subarray(1)), { code: "E_ARGUMENT" });
  });

  test("is SHAKE128 in little-endian lanes", () => {
    assert.deepEqual(createLtHash().add(utf8("a")).state(), web.shake128(utf8("a"), 2048));
    assert.deepEqual(createLtHash().digest(), sha256(new Uint8Array(2048)));
  });

  test("adds lanes mod 2^16, the lower byte first", () => {
    const items = ["a", "b", "c"].map((text) => utf8(text));
    const want = new DataView(new ArrayBuffer(2048));
    for (const item of items) {
      const stretched = new DataView(web.shake128(item, 2048).slice().buffer);
      for (let at = 0; at < 2048; at += 2)
        want.setUint16(at, want.getUint16(at, true) + stretched.getUint16(at, true), true);
    }
    const hash = createLtHash();
    for (const item of items) hash.add(item);
    assert.deepEqual(hash.state(), new Uint8Array(want.buffer));
    assert.deepEqual(createLtHash(hash.state()).state(), hash.state());
  });

  test("tells multisets apart", () => {
    const digests = [[], ["a"], ["b"], ["a", "a"], ["a", "b"], ["ab"]].map((items) => {
      const hash = createLtHash();
      for (const item of items) hash.add(utf8(item));
      return toHex(hash.digest());
    });
    assert.equal(new Set(digests).size, digests.length);
  });
});
