import assert from "node:assert/strict";
import test from "node:test";
import { BYTES, randomBytes } from "@anamnesis/crypto/verify";
import { decodeSlip, makeSlip } from "@anamnesis/protocol";
import type { ChainId, DenialCode, Slip } from "@anamnesis/protocol";
import { linksBetween } from "./linkability.ts";
import type { Unit } from "./linkability.ts";

const header = { chain: "demo-care" as ChainId, time: 1, notAfter: 2 };
const sign = () => randomBytes(64);

interface Plant {
  readonly pid?: Uint8Array;
  readonly tag?: Uint8Array;
  readonly sealedId?: Uint8Array;
  readonly digest?: Uint8Array;
}
const submit = (author: Uint8Array, plant: Plant = {}): Slip =>
  decodeSlip(
    makeSlip(
      "record.submit",
      header,
      {
        institution: "general-hospital",
        cert: author,
        pid: randomBytes(32),
        tag: randomBytes(16),
        digest: randomBytes(32),
        sealedId: randomBytes(BYTES.sealedId),
        ...plant,
      },
      sign,
    ).bytes,
  );
const confirm = (plant: { record?: Uint8Array } = {}): Slip =>
  decodeSlip(
    makeSlip(
      "record.confirm",
      header,
      { key: randomBytes(32), record: randomBytes(32), digest: randomBytes(32), ...plant },
      sign,
    ).bytes,
  );
const claim = (plant: { newKey?: Uint8Array } = {}): Slip =>
  decodeSlip(
    makeSlip(
      "session.claim",
      header,
      { key: randomBytes(32), pid: randomBytes(32), newKey: randomBytes(32), ...plant },
      sign,
    ).bytes,
  );
/** An amendment under a permit that ends at `notAfter`. */
const foreign = (author: Uint8Array, notAfter: number): Slip =>
  decodeSlip(
    makeSlip(
      "record.amendForeign",
      header,
      {
        key: randomBytes(32),
        record: randomBytes(32),
        before: randomBytes(32),
        digest: randomBytes(32),
        sealedId: randomBytes(BYTES.sealedId),
        author,
        authorKey: author,
        authorSignature: randomBytes(64),
        permit: { of: randomBytes(16), notAfter, signature: randomBytes(64) },
      },
      sign,
    ).bytes,
  );
const denied = (code: DenialCode): Slip =>
  decodeSlip(
    makeSlip(
      "usage.denied",
      header,
      { proxy: 1, gid: randomBytes(32), cert: randomBytes(32), code, evidence: randomBytes(32) },
      sign,
    ).bytes,
  );

test("linksBetween() finds nothing among honest visits of one doctor", () => {
  const author = randomBytes(32);
  const units: Unit[] = Array.from({ length: 20 }, (_, i) => ({
    patient: `p${i % 4}`,
    slips: [submit(author), confirm()],
  }));
  assert.deepEqual(linksBetween(units), []);
});

test("linksBetween() allows what other patients have too", () => {
  const units: Unit[] = ["a", "a", "b"].map((patient) => ({
    patient,
    slips: [denied("GRANT_NOT_LIVE")],
  }));
  assert.deepEqual(linksBetween(units), []);
});

test("linksBetween() finds a planted link of each kind", async (t) => {
  const author = randomBytes(32);
  for (const [field, length] of [
    ["pid", 32],
    ["tag", 16],
    ["sealedId", BYTES.sealedId],
    ["digest", 32],
  ] as const) {
    await t.test(field, () => {
      const shared = randomBytes(length);
      const links = linksBetween([
        { patient: "a", slips: [submit(author, { [field]: shared })] },
        { patient: "a", slips: [submit(author, { [field]: shared })] },
        { patient: "b", slips: [submit(author)] },
      ]);
      assert.deepEqual(links, [{ patient: "a", places: [`record.submit.${field}`] }]);
    });
  }
  await t.test("one value under two names", () => {
    const shared = randomBytes(32);
    const links = linksBetween([
      { patient: "a", slips: [submit(author, { digest: shared })] },
      { patient: "a", slips: [confirm({ record: shared })] },
    ]);
    assert.deepEqual(links, [
      { patient: "a", places: ["record.confirm.record", "record.submit.digest"] },
    ]);
  });
  await t.test("one key for two claims", () => {
    const shared = randomBytes(32);
    const links = linksBetween(
      [shared, shared].map((newKey) => ({ patient: "a", slips: [claim({ newKey })] })),
    );
    assert.deepEqual(links, [{ patient: "a", places: ["session.claim.newKey"] }]);
  });
  await t.test("one end of two permits, but not their author", () => {
    const links = (ends: readonly number[]) =>
      linksBetween(ends.map((end) => ({ patient: "a", slips: [foreign(author, end)] })));
    assert.deepEqual(links([5, 6]), []);
    assert.deepEqual(links([5, 5]), [
      { patient: "a", places: ["record.amendForeign.permit.notAfter"] },
    ]);
  });
  await t.test("a text", () => {
    assert.equal(
      linksBetween([
        { patient: "a", slips: [denied("CAPSULE_INVALID")] },
        { patient: "a", slips: [denied("CAPSULE_INVALID")] },
        { patient: "b", slips: [denied("GRANT_NOT_LIVE")] },
      ]).some((link) => link.places.includes("usage.denied.code")),
      true,
    );
  });
});
