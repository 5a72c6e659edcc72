/** What a hostile author can seal with the right keys in the place of metadata, header, head and label: each reader takes one form. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { LABEL as honestLabel } from "@anamnesis/testing/cryptoParties";
import { sealSymmetric } from "../box.ts";
import { concat, enc, i2osp, utf8 } from "../encoding/bytes.ts";
import { decodeCanonical, encodeCanonical } from "../encoding/cbor.ts";
import type { CborValue } from "../encoding/cborValue.ts";
import { streamOf } from "../encoding/streams.ts";
import { ZERO_NONCE } from "../kem/capsule.ts";
import { gcmSeal } from "../primitives/aesGcm.ts";
import { kdf } from "../primitives/derive.ts";
import { BYTES, LABEL } from "../suite.ts";
import { decodeHeader, encodeHeader } from "./header.ts";
import type { RecordHeader } from "./header.ts";
import { openSealedLabel, sealLabel } from "./label.ts";
import { readStoredRecord } from "./objectHead.ts";
import { decodeMeta, META_BYTES_MAX, padmeLength } from "./plaintext.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length);
/** No map at all. */
const noMaps: readonly CborValue[] = [null, 7, "text", bytes(3), [], [1, 2], true];
type Fields = Readonly<Record<string, CborValue>>;

/** The map without each field in turn, with each of other types, and with one too many. */
function* otherForms(good: Fields, others: Readonly<Record<string, readonly CborValue[]>>) {
  for (const name of Object.keys(good)) {
    const { [name]: _, ...without } = good;
    yield [`no ${name}`, without] as const;
  }
  for (const [name, values] of Object.entries(others))
    for (const value of values)
      yield [`${name} as ${inspect(value)}`, { ...good, [name]: value }] as const;
  yield ["a field too many", { ...good, zz: 1 }] as const;
}

suite("what stands in the place of", () => {
  test("metadata", () => {
    const good = {
      mediaType: "text/plain",
      category: "note",
      keywords: ["a", "b"],
      size: 1,
      sha256: bytes(32),
      author: bytes(32),
      signature: bytes(64),
    };
    assert.deepEqual(decodeMeta(encodeCanonical(good)).meta.keywords, ["a", "b"]);
    assert.equal("fileName" in decodeMeta(encodeCanonical(good)).meta, false);
    const named = { ...good, fileName: "a.txt" };
    assert.equal(decodeMeta(encodeCanonical(named)).meta.fileName, "a.txt");
    assert.equal(decodeMeta(encodeCanonical({ ...good, size: 0 })).meta.size, 0);
    const refused = (value: CborValue, what: string) =>
      assert.throws(() => decodeMeta(encodeCanonical(value)), { code: "E_FORMAT" }, what);
    for (const value of noMaps) refused(value, inspect(value));
    const others = {
      mediaType: [1, null, bytes(1)],
      category: [1, null, bytes(1)],
      keywords: ["a", null, { length: 0 }, ["a", 1], [1, "a"]],
      size: ["1", -1, null],
      sha256: ["a".repeat(32), bytes(31), null],
      author: ["a".repeat(32), bytes(33), null],
      signature: ["a", null],
      fileName: [1, null, bytes(1)],
    };
    for (const [what, value] of otherForms(good, others)) refused(value, what);
  });

  const header: RecordHeader = {
    recordId: bytes(16),
    pid: bytes(32),
    tag: bytes(16),
    mediaClass: "fhir",
    contentEncoding: "identity",
    salt: bytes(32),
    kc: bytes(32),
    author: bytes(32),
    time: 0,
    nCaps: 3,
  };

  test("a header", () => {
    const good = decodeCanonical(encodeHeader(header)) as Fields;
    assert.deepEqual(decodeHeader(encodeCanonical(good)), header);
    const refused = (value: CborValue, what: string) =>
      assert.throws(() => decodeHeader(encodeCanonical(value)), { code: "E_FORMAT" }, what);
    for (const value of noMaps) refused(value, inspect(value));
    const others = {
      v: [0, 2, "1"],
      suite: ["MRS-V2", 1],
      chunk: [1],
      recordId: [bytes(15), "a".repeat(16), [...bytes(16)]],
      author: [bytes(31), null],
      mediaClass: [1, bytes(4)],
      contentEncoding: ["gzip", 1],
      time: [-1, "0", null],
      nCaps: [-1, "3"],
    };
    for (const [what, value] of otherForms(good, others)) refused(value, what);
  });

  test("a stored object's head", async () => {
    const addressKey = bytes(32);
    const good = { header: encodeHeader({ ...header, nCaps: 2 }), capsules: [bytes(1), bytes(2)] };
    const read = async (head: CborValue, magic = concat(utf8("MRSO"), Uint8Array.of(1))) => {
      const plaintext = encodeCanonical(head);
      const aad = utf8(LABEL.objectHead);
      const sealed = await sealSymmetric({ key: addressKey, aad, plaintext });
      const object = concat(magic, i2osp(sealed.length, 4), sealed);
      return readStoredRecord({ source: streamOf([object]), addressKey });
    };
    assert.equal((await read(good)).capsules.length, 2);
    const others = {
      header: ["text", null],
      capsules: [null, bytes(2), [bytes(1), "text"], ["text", bytes(1)]],
    };
    for (const [what, value] of otherForms(good, others))
      await assert.rejects(read(value), { code: "E_FORMAT" }, what);
    for (const other of ["MRSP", "XRSO"])
      await assert.rejects(read(good, concat(utf8(other), Uint8Array.of(1))), { code: "E_FORMAT" });
    await assert.rejects(read(good, concat(utf8("MRSO"), Uint8Array.of(9))), { code: "E_FORMAT" });
    await assert.rejects(read({ ...good, capsules: [bytes(1)] }), { code: "E_DECRYPT" });
    // A head of more than 64 KiB is refused by its length, before it is read.
    const long = concat(utf8("MRSO"), Uint8Array.of(1), i2osp((1 << 16) + 1, 4));
    await assert.rejects(readStoredRecord({ source: streamOf([long]), addressKey }), {
      code: "E_FORMAT",
    });
    const none = { code: "E_FORMAT", message: /want version 1 of MRSO/ };
    for (const short of [bytes(0), utf8("MRSO"), long.subarray(0, 8)])
      await assert.rejects(readStoredRecord({ source: streamOf([short]), addressKey }), none);
    const foreign = concat(utf8("%PDF-1.7 and more"), bytes(200));
    await assert.rejects(readStoredRecord({ source: streamOf([foreign]), addressKey }), none);
    // One of 64 KiB is read.
    const most = { ...good, capsules: [bytes(1), bytes(1 << 15)] };
    const excess = encodeCanonical(most).length + 28 - (1 << 16);
    assert.equal(
      (await read({ ...most, capsules: [bytes(1), bytes((1 << 15) - excess)] })).capsules.length,
      2,
    );
  });

  test("a label", async () => {
    const binding = { secret: bytes(32), tag: bytes(16), ctx: bytes(32) };
    const { tag, ctx, secret } = binding;
    const seal = (data: Uint8Array) =>
      gcmSeal({ key: kdf(secret, "label", enc(tag, ctx), 32), nonce: ZERO_NONCE, aad: ctx, data });
    const padded = (value: CborValue, length: number = BYTES.label) => {
      const encoded = encodeCanonical(value);
      return concat(i2osp(encoded.length, 2), encoded, bytes(length - 2 - encoded.length));
    };
    const good = { ...honestLabel, sensitivity: ["R", "PSY"] };
    const asFields = good as unknown as Fields;
    assert.deepEqual(await openSealedLabel(await sealLabel(good, binding), binding), good);
    assert.deepEqual(await openSealedLabel(await seal(padded(asFields)), binding), good);
    const refused = async (data: Uint8Array, what: string) =>
      assert.rejects(openSealedLabel(await seal(data), binding), { code: "E_DECRYPT" }, what);
    for (const value of noMaps) await refused(padded(value), inspect(value));
    const text = [1, bytes(1)];
    const others = {
      title: [...text, null],
      start: text,
      end: text,
      type: text,
      series: text,
      sensitivity: [null, "R", bytes(1), ["R", 1], [1, "R"]],
    };
    for (const [what, value] of otherForms(asFields, others)) await refused(padded(value), what);
    await refused(padded(asFields, BYTES.label + 1), "a byte more");
    await refused(padded(asFields, BYTES.label - 1), "a byte less");
    await refused(padded(asFields).with(BYTES.label - 1, 1), "padding that is not zero");
    await refused(concat(i2osp(BYTES.label, 2), bytes(BYTES.label - 2)), "a length beyond its end");
    // A label that fills all there is, which says that it goes on.
    const room = BYTES.label - 2;
    const short = encodeCanonical({ ...asFields, title: "x".repeat(300) }).length;
    const full = encodeCanonical({ ...asFields, title: "x".repeat(300 + room - short) });
    assert.equal(full.length, room);
    await openSealedLabel(await seal(concat(i2osp(room, 2), full)), binding);
    await refused(concat(i2osp(room + 1, 2), full), "a length one beyond its end");
  });

  test("a length: padmeLength() is Padme's, from the smallest on", () => {
    const rows = [0, 1, 2, 3, 4, 5, 8, 9, 17, 100, 1_000, 70_000].map((n) => padmeLength(n));
    assert.deepEqual(rows, [0, 1, 2, 3, 4, 5, 8, 10, 18, 104, 1_024, 71_680]);
    assert.equal(META_BYTES_MAX, 262_144);
  });
});
