/** A member of staff whose device is lost gets another certificate in place of the one they had. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { fingerprintOf } from "@anamnesis/protocol";
import type { Attestation } from "@anamnesis/protocol";
import { otherHospital } from "@anamnesis/testing/federation";
import {
  attested,
  enrolled,
  newDevice,
  post,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import type { Device } from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await startFederation();
after(() => federation.stop());

let count = 0;
const newDoctor = () =>
  ({ role: "doctor", name: "Dr. Ada", identifier: `ID-${(count += 1)}` }) as const;
const ask = async (change: Partial<Attestation>, device?: Device, by = federation.registrar) =>
  codeOf(
    await post(
      federation,
      "/enrolments",
      await attested(federation, device ?? (await newDevice()), change, by.keys),
    ),
  );
const slipsOf = (kind: string, fingerprint: string) =>
  federation.node.slips.filter(
    (slip) =>
      slip.kind === kind &&
      "fingerprint" in slip.fields &&
      toHex(slip.fields.fingerprint) === fingerprint,
  );

test("R-30: a new attestation puts another certificate in the place of a lost one, on both chains", async () => {
  const doctor = newDoctor();
  const lost = fingerprintOf(await enrolled(federation, await newDevice(), doctor));
  const anew = await enrolled(federation, await newDevice(), {
    ...doctor,
    replaces: fromHex(lost),
  });
  const rotations = slipsOf("identity.rotate", fingerprintOf(anew));
  assert.deepEqual(
    rotations.map(({ chain, fields }) => [chain, "replaces" in fields && toHex(fields.replaces)]),
    [
      ["test-general-hospital", lost],
      ["test-consortium", lost],
    ],
  );
  assert.equal(await ask({ ...doctor, replaces: fromHex(lost) }), "ALREADY_ENROLLED", "twice");
});

test("R-30: nobody's certificate is replaced by another registrar, for another identity, role or patient", async () => {
  const ada = newDoctor();
  const replaces = fromHex(fingerprintOf(await enrolled(federation, await newDevice(), ada)));
  const patient = { ...newDoctor(), role: "patient", name: "" } as const;
  const hers = fromHex(fingerprintOf(await enrolled(federation, await newDevice(), patient)));
  const { der } = federation.otherRegistrar;
  const elsewhere = { registrar: fromHex(fingerprintOf(der)), institution: otherHospital };
  const rows = [
    [{ ...ada, replaces, identifier: "ID-9" }, "ALREADY_ENROLLED"],
    [{ ...ada, replaces, role: "officer" }, "ALREADY_ENROLLED"],
    [{ ...patient, replaces: hers }, "NOT_FOR_THIS_ROLE"],
  ] as const;
  for (const [change, want] of rows) assert.equal(await ask(change), want);
  assert.equal(
    await ask({ ...ada, ...elsewhere, replaces }, undefined, federation.otherRegistrar),
    "ALREADY_ENROLLED",
  );
});

test("R-30: a replacement that a chain refuses leaves the identity with a certificate that ended", async () => {
  const ada = newDoctor();
  const lost = fingerprintOf(await enrolled(federation, await newDevice(), ada));
  federation.node.answer = "INSTITUTION_SUSPENDED";
  assert.equal(await ask({ ...ada, replaces: fromHex(lost) }), "UNAVAILABLE");
  federation.node.answer = "OK";
  await until(() => slipsOf("identity.revoke", lost).length === 2);
  const again = await enrolled(federation, await newDevice(), { ...ada, replaces: fromHex(lost) });
  assert.equal(slipsOf("identity.certify", fingerprintOf(again)).length, 2);
});

async function until(done: () => boolean): Promise<void> {
  for (let left = 250; !done(); left -= 1) {
    assert.ok(left > 0, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
