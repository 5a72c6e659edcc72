import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import fc from "fast-check";
import { openObjectId, sealObjectId } from "../kem/addressKey.ts";
import { i2osp, utf8 } from "../encoding/bytes.ts";
import { encodeCanonical } from "../encoding/cbor.ts";
import { streamOf } from "../encoding/streams.ts";
import { randomBytes } from "../primitives/derive.ts";
import { CryptoError } from "../errors.ts";
import {
  flipBit,
  makeParties,
  makeTarget,
  readFixture,
  replaceAt,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { SealedFixture } from "@anamnesis/testing/cryptoParties";
import { decodeHeader, encodeHeader } from "./header.ts";
import { readStoredRecord, sealHead } from "./objectHead.ts";
import { padmeLength } from "./plaintext.ts";
import type { VisitTarget } from "./sealRecord.ts";

let target: VisitTarget;
let long: SealedFixture;

before(async () => {
  const parties = await makeParties();
  target = makeTarget(parties, "record");
  long = await sealContent(parties, target, randomBytes(250_000));
});

suite("header and head", () => {
  test("decodeHeader() undoes encodeHeader() and refuses the rest", async () => {
    const { header } = await readFixture(long);
    assert.deepEqual(decodeHeader(encodeHeader(header)), header);
    const full = { ...header, v: 1, suite: "MRS-V1", chunk: 65536 };
    for (const change of [
      { v: 2 },
      { suite: "MRS-V2" },
      { chunk: 1 },
      { pid: randomBytes(31) },
      { time: -1 },
      { contentEncoding: "gzip" },

      { extra: 1 },
    ]) {
      assert.throws(() => decodeHeader(encodeCanonical({ ...full, ...change })), {
        code: "E_FORMAT",
      });
    }
    assert.throws(() => decodeHeader(encodeCanonical([1])), { code: "E_FORMAT" });
    assert.throws(() => decodeHeader(utf8("not a header")), CryptoError);
  });

  test("readStoredRecord() refuses other files and a head that misstates its capsules", async () => {
    const read = (bytes: Uint8Array): Promise<unknown> =>
      readStoredRecord({ source: streamOf([bytes]), addressKey: target.addressKey });
    for (const bytes of [
      new Uint8Array(0),
      utf8("MRSO"),
      utf8("%PDF-1.7 and more"),
      long.object.subarray(0, 8),
    ]) {
      await assert.rejects(read(bytes), { code: "E_FORMAT" });
    }
    await assert.rejects(read(long.object.subarray(0, 100)), { code: "E_DECRYPT" });
    const huge = replaceAt(long.object, 5, i2osp(0xffffffff, 4));
    await assert.rejects(read(huge), { code: "E_FORMAT" });
    const { header, capsules } = await readFixture(long);
    const head = { header: encodeHeader(header), capsules: capsules.slice(1) };
    const forged = await sealHead(head, target.addressKey, randomBytes);
    await assert.rejects(read(forged), { code: "E_DECRYPT" });
  });

  test("readStoredRecord() cancels the source of a head that it refuses", async () => {
    let isEnded = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield flipBit(long.object, 8 * 50);
      } finally {
        isEnded = true;
      }
    }
    const { addressKey } = target;
    await assert.rejects(readStoredRecord({ source: streamOf(source()), addressKey }), {
      code: "E_DECRYPT",
    });
    assert.equal(isEnded, true);
  });

  test("openObjectId() undoes sealObjectId() and refuses a head in its place", async () => {
    const place = { objectId: randomBytes(32), bodyHash: randomBytes(32) };
    const sealed = await sealObjectId({ addressKey: target.addressKey, ...place });
    assert.equal(sealed.length, 92);
    assert.deepEqual(await openObjectId({ addressKey: target.addressKey, sealed }), place);
    await assert.rejects(
      openObjectId({ addressKey: target.addressKey, sealed: flipBit(sealed, 100) }),
      {
        code: "E_DECRYPT",
      },
    );
    await assert.rejects(
      openObjectId({ addressKey: target.addressKey, sealed: long.object.subarray(9, 101) }),
      {
        code: "E_DECRYPT",
      },
    );
  });

  test("padmeLength() never shrinks, adds at most 12 %, and is idempotent", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 40 }), (length) => {
        const padded = padmeLength(length);
        assert.ok(padded >= length && padded <= length * 1.12 + 1);
        assert.equal(padmeLength(padded), padded);
      }),
      { seed: 5 },
    );
    assert.deepEqual([9, 100, 1000, 1 << 20, (1 << 20) + 1].map(padmeLength), [
      10,
      104,
      1024,
      1 << 20,
      1081344,
    ]);
  });
});
