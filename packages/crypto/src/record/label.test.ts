import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  LABEL,
  makeGrant,
  makeParties,
  makeTarget,
  openWhole,
  readFixture,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { utf8 } from "../encoding/bytes.ts";
import { at } from "../encoding/at.ts";
import { tagSecret } from "../kem/seedKeys.ts";
import { randomBytes } from "../primitives/derive.ts";
import { openAsPatient } from "./contentKey.ts";
import { mlKemDecapsulate, mlKemKeys } from "../kem/mlKem.ts";
import { capsulesDigest, recordDigest } from "./digest.ts";
import { openLabel, sameLabel, sealLabel } from "./label.ts";
import type { StoredRecord } from "./objectHead.ts";

let parties: Parties;
let fixture: SealedFixture;

before(async () => {
  parties = await makeParties();
  fixture = await sealContent(parties, makeTarget(parties, "labelled"), utf8("content"));
});

const ss64 = (): Uint8Array => tagSecret({ seed: parties.seed, tag: fixture.target.tag });

suite("the label of a sealed record", () => {
  test("opens for the patient and for a granted reader, without the record", async () => {
    const record = await readFixture(fixture);
    assert.equal(record.capsules.length, 3);
    assert.equal(record.header.nCaps, 3);
    assert.deepEqual(await openLabel({ ss64: ss64(), record }), LABEL);
    const { readerGrant } = makeGrant(parties, [fixture.target]);
    assert.deepEqual(await openLabel({ ss64: at(readerGrant.tags, 0).ss64, record }), LABEL);
  });

  test("does not open for the holder of the address key alone, for another tag, or changed", async () => {
    const record = await readFixture(fixture);
    const refused = { code: "E_DECRYPT" };
    await assert.rejects(openLabel({ ss64: randomBytes(64), record }), refused);
    const other = tagSecret({ seed: parties.seed, tag: randomBytes(16) });
    await assert.rejects(openLabel({ ss64: other, record }), refused);
    const [patients, authors, label] = record.capsules;
    assert.ok(patients !== undefined && authors !== undefined && label !== undefined);
    for (const capsules of [
      [patients, authors, flipBit(label, 77)],
      [patients, authors],
      [flipBit(patients, 8 * 200), authors, label],
    ])
      await assert.rejects(openLabel({ ss64: ss64(), record: { ...record, capsules } }), refused);
  });

  test("another label in its place is refused with the record, though its digest stood on the chain", async () => {
    const record = await readFixture(fixture);
    const { header, ctx } = record;
    // Whoever holds ss64 can seal a label that opens; the author's signature inside does not cover it.
    const patients = at(record.capsules, 0);
    const secret = mlKemDecapsulate(mlKemKeys(ss64()).dk, patients.subarray(176, 1264));
    const forged = await sealLabel(
      { ...LABEL, title: "Nothing" },
      { secret, tag: header.tag, ctx },
    );
    const capsules = [patients, at(record.capsules, 1), forged];
    const swapped: StoredRecord = { ...record, capsules, capsulesHash: capsulesDigest(capsules) };
    assert.equal((await openLabel({ ss64: ss64(), record: swapped })).title, "Nothing");
    const contentKey = await openAsPatient({
      seed: parties.seed,
      institution: INSTITUTION,
      epoch: EPOCH,
      record: swapped,
    });
    const { capsulesHash } = swapped;
    const { bodyHash } = fixture.sealed;
    const opening = openWhole({
      record: swapped,
      contentKey,
      authorPublicKey: parties.author.publicKey,
      expectedDigest: recordDigest({ headerHash: ctx, capsulesHash, bodyHash }),
    });
    await assert.rejects(opening, { code: "E_DECRYPT" });
  });

  test("sameLabel() compares every field", () => {
    assert.equal(sameLabel(LABEL, { ...LABEL }), true);
    for (const change of [
      { title: "" },
      { start: null },
      { end: "2026" },
      { type: null },
      { series: "s" },
      { sensitivity: ["R"] },
    ])
      assert.equal(sameLabel(LABEL, { ...LABEL, ...change }), false);
  });
});
