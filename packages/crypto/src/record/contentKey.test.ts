/** What a reader is told when a capsule does not open: one error for all that comes from outside, its own mistakes by name. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  EPOCH,
  INSTITUTION,
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { Parties } from "@anamnesis/testing/cryptoParties";
import { concat, utf8 } from "../encoding/bytes.ts";
import { CryptoError } from "../errors.ts";
import type { CryptoErrorCode } from "../errors.ts";
import { BYTES } from "../suite.ts";
import { asDecryption, openAsAuthor, openAsPatient, patientCapsule } from "./contentKey.ts";
import type { StoredRecord } from "./objectHead.ts";

const refused = { code: "E_DECRYPT" };

let parties: Parties;
let record: StoredRecord;
before(async () => {
  parties = await makeParties();
  const target = makeTarget(parties, "content key");
  record = await readFixture(await sealContent(parties, target, utf8("content")));
});

suite("opening a capsule", () => {
  test("says E_DECRYPT where a capsule is missing", async () => {
    const keys = { seed: parties.seed, institution: INSTITUTION, epoch: EPOCH };
    const boxSecretKey = parties.authorBox.secretKey;
    const [patients] = record.capsules;
    const asPatient = (capsules: readonly Uint8Array[]) =>
      openAsPatient({ ...keys, record: { ...record, capsules } });
    assert.deepEqual(await asPatient([patients!]), await openAsAuthor({ boxSecretKey, record }));
    await assert.rejects(asPatient([]), refused);
    for (const capsules of [[], [patients!]])
      await assert.rejects(
        openAsAuthor({ boxSecretKey, record: { ...record, capsules } }),
        refused,
      );
  });

  test("names what the caller did wrong, even so", async () => {
    const keys = { seed: parties.seed.subarray(1), institution: INSTITUTION, epoch: EPOCH };
    const mistake = { code: "E_ARGUMENT", message: /seed of 31 / };
    await assert.rejects(openAsPatient({ ...keys, record }), mistake);
  });
});

test("patientCapsule() says E_DECRYPT for a capsule of another length", () => {
  const of = (...capsules: Uint8Array[]) => patientCapsule({ ...record, capsules });
  const right = new Uint8Array(BYTES.capsule);
  assert.equal(of(right).w.length, 48);
  for (const wrong of [right.subarray(1), concat(right, right), new Uint8Array(0)])
    assert.throws(() => of(wrong), refused);
  assert.throws(() => of(), refused);
});

test("asDecryption() hides what hostile bytes provoke, and nothing else", async () => {
  const seen = async (error: unknown): Promise<unknown> =>
    asDecryption(() => Promise.reject(error)).catch((thrown: unknown) => thrown);
  const hidden: readonly CryptoErrorCode[] = [
    "E_FORMAT",
    "E_SUBGROUP",
    "E_CAPSULE",
    "E_SHARE_INVALID",
    "E_DECRYPT",
    "NOT_CANONICAL",
    "TOO_DEEP",
    "TOO_LARGE",
    "MALFORMED",
  ];
  const messages = new Set<string>();
  for (const code of hidden) {
    const error = await seen(new CryptoError(code, code));
    assert.ok(error instanceof CryptoError && error.code === "E_DECRYPT");
    messages.add(error.message);
  }
  assert.equal(messages.size, 1);
  const stated = [
    new CryptoError("E_ARGUMENT", "a caller's mistake"),
    new CryptoError("E_ENGINE", "no engine"),
    new TypeError("a bug"),
    Object.assign(new Error("a source that fails"), { code: "E_FORMAT" }),
  ];
  for (const error of stated) assert.equal(await seen(error), error);
});
