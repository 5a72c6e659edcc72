import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { compress, encodingFor, isCompressible } from "./compressed.ts";

test("encodingFor() takes the better one that is asked for, and none that is refused", () => {
  for (const [accepted, want] of [
    ["gzip, deflate, br", "br"],
    ["gzip", "gzip"],
    ["br;q=0, gzip;q=0.5", "gzip"],
    ["*", "br"],
    ["*;q=0", undefined],
    ["deflate", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const)
    assert.equal(encodingFor(accepted), want, accepted);
});

test("compress() gives back the same bytes, fewer of them", async () => {
  const bytes = new TextEncoder().encode("the same words again ".repeat(200));
  const [br, gz] = await Promise.all([compress(bytes, "br"), compress(bytes, "gzip")]);
  assert.deepEqual(new Uint8Array(brotliDecompressSync(br)), bytes);
  assert.deepEqual(new Uint8Array(gunzipSync(gz)), bytes);
  assert.ok(br.length < bytes.length / 10 && gz.length < bytes.length / 10);
});

test("isCompressible() leaves images and small files alone", () => {
  assert.equal(isCompressible("text/javascript; charset=utf-8", 5_000), true);
  assert.equal(isCompressible("image/svg+xml", 5_000), true);
  assert.equal(isCompressible("image/png", 5_000), false);
  assert.equal(isCompressible("text/html", 300), false);
});
