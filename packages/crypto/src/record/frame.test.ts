/** What framing and unframing do at their edges, with the plaintext as it is and no chunk sealed. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { concat, i2osp, utf8 } from "../encoding/bytes.ts";
import { readAll, streamOf } from "../encoding/streams.ts";
import { sha256 } from "../primitives/derive.ts";
import { asDecryption } from "./contentKey.ts";
import { asStated, framing, sameAs, unframing } from "./frame.ts";
import { encodePrelude, META_BYTES_MAX, padmeLength } from "./plaintext.ts";
import type { RecordMeta } from "./plaintext.ts";

const content = utf8("what was measured");
const refused = { code: "E_DECRYPT" };

const metaOf = (body: Uint8Array, fileName = ""): RecordMeta => ({
  mediaType: "text/plain",
  category: "note",
  keywords: [],
  size: body.length,
  sha256: sha256(body),
  author: new Uint8Array(32),
  fileName,
});
const preludeOf = (meta: RecordMeta): Uint8Array =>
  encodePrelude({ meta, signature: new Uint8Array(64) });
/** The prelude that is `length` bytes long, by its file name. */
function preludeOfLength(body: Uint8Array, length: number): Uint8Array {
  const rest = preludeOf(metaOf(body, "x".repeat(length - 1_000))).length - (length - 1_000);
  const prelude = preludeOf(metaOf(body, "x".repeat(length - rest)));
  assert.equal(prelude.length, length);
  return prelude;
}

/** Endless pieces, and how many of them were taken. */
function endless(): { readonly pieces: Generator<Uint8Array>; readonly pulled: () => number } {
  let pulled = 0;
  function* pieces(): Generator<Uint8Array> {
    for (; pulled < 1_000; pulled += 1) yield content;
  }
  return { pieces: pieces(), pulled: () => pulled };
}
const changed = { code: "E_ARGUMENT" };

suite("sameAs()", () => {
  const same = (source: Iterable<Uint8Array>, meant: { size: number; hash: Uint8Array }) =>
    readAll(streamOf(source).pipeThrough(sameAs(meant)));

  test("refuses content of the right hash that is not of the size that was said", async () => {
    const hash = sha256(content);
    assert.deepEqual(await same([content], { size: content.length, hash }), content);
    await assert.rejects(same([content], { size: content.length + 1, hash }), changed);
    await assert.rejects(same([content], { size: content.length - 1, hash }), changed);
  });

  test("refuses other content of that size", async () => {
    const hash = sha256(utf8("what was not measured".slice(0, content.length)));
    await assert.rejects(same([content], { size: content.length, hash }), changed);
  });

  test("stops at the first byte too many, however much would follow", async () => {
    const { pieces, pulled } = endless();
    const meant = { size: content.length, hash: sha256(content) };
    await assert.rejects(same(pieces, meant), changed);
    assert.ok(pulled() < 10, `${pulled()} pieces were taken`);
  });
});

suite("framing()", () => {
  const prelude = preludeOf(metaOf(content));
  const frame = (source: Iterable<Uint8Array>, size: number) =>
    readAll(streamOf(source).pipeThrough(framing(prelude, size)));

  test("refuses another number of bytes than the metadata state", async () => {
    await frame([content], content.length);
    await assert.rejects(frame([content], content.length + 1), changed);
    await assert.rejects(frame([content], content.length - 1), changed);
  });

  test("stops at the first byte too many, however much would follow", async () => {
    const { pieces, pulled } = endless();
    await assert.rejects(frame(pieces, content.length), changed);
    assert.ok(pulled() < 10, `${pulled()} pieces were taken`);
  });
});

suite("unframing()", () => {
  const unframe = async (pieces: Iterable<Uint8Array>) => {
    let metas = 0;
    let stated: RecordMeta | undefined;
    const frames = unframing(({ meta }) => (stated = meta));
    const whole = asStated(
      () => stated,
      () => (metas += 1),
    );
    // As whoever opens a body sees it.
    const opened = await asDecryption(() =>
      readAll(streamOf(pieces).pipeThrough(frames).pipeThrough(whole)),
    );
    assert.equal(metas, 1);
    return opened;
  };
  const padded = (data: Uint8Array): Uint8Array =>
    concat(data, new Uint8Array(padmeLength(data.length) - data.length));
  function* cut(data: Uint8Array, size: number): Generator<Uint8Array> {
    for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
  }

  test("reads metadata of up to 256 KiB, over several chunks", async () => {
    const data = padded(concat(preludeOfLength(content, 4 + META_BYTES_MAX), content));
    assert.deepEqual(await unframe(cut(data, 65_536)), content);
    assert.deepEqual(await unframe([data]), content);
    const longer = { code: "E_ARGUMENT", message: /metadata/ };
    assert.throws(() => preludeOfLength(content, 5 + META_BYTES_MAX), longer);
  });

  test("refuses longer metadata by their length, before they come", async () => {
    let pulled = 0;
    function* claiming(length: number): Generator<Uint8Array> {
      yield i2osp(length, 4);
      for (; pulled < 1_000; pulled += 1) yield new Uint8Array(1_000);
    }
    for (const length of [META_BYTES_MAX + 1, 2 ** 32 - 1]) {
      pulled = 0;
      await assert.rejects(unframe(claiming(length)), refused);
      assert.ok(pulled < 10, `${pulled} pieces of metadata were taken`);
    }
  });

  test("reads a record without content and without padding", async () => {
    const nothing = new Uint8Array(0);
    const prelude = preludeOfLength(nothing, 2_048);
    assert.equal(padmeLength(prelude.length), prelude.length);
    assert.deepEqual(await unframe([prelude]), nothing);
  });

  test("refuses a plaintext that ends before its content does", async () => {
    const data = padded(concat(preludeOf(metaOf(content)), content));
    assert.deepEqual(await unframe([data]), content);
    const prelude = preludeOf(metaOf(content)).length;
    for (const length of [0, 4, prelude - 1, prelude, prelude + content.length - 1])
      await assert.rejects(unframe([data.subarray(0, length)]), refused, `${length} bytes`);
    await assert.rejects(unframe([]), refused);
  });
});
