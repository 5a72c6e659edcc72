/** What an enrolment leaves behind: who is told and who is not, what waits, what the same keys get twice. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId, fingerprintOf, limits } from "@anamnesis/protocol";
import type { Attestation } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import {
  attested,
  enrolled,
  jsonBytes,
  newDevice,
  post,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import type { Device, Federation } from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { openRegistry } from "./registry.ts";

const federation = await startFederation();
after(() => federation.stop());
let count = 0;
const newPatient = () => ({ identifier: `ID-${(count += 1)}` }) as const;
const newDoctor = () => ({ ...newPatient(), role: "doctor", name: "Dr. Ada" }) as const;

const ask = async (
  change: Partial<Attestation>,
  device?: Device,
  of: Federation = federation,
): Promise<string> =>
  codeOf(await post(of, "/enrolments", await attested(of, device ?? (await newDevice()), change)));

/** A registry that tries again what waits only when it is asked to. */
async function startQuiet(t: TestContext): Promise<Federation> {
  const own = await startFederation({ retryEveryMs: 1_000_000_000 });
  t.after(() => own.stop());
  return own;
}
/** How much waits for the chains. */
async function waiting({ config }: Federation): Promise<number> {
  const { store } = await openRegistry(config);
  try {
    return store.values("slip").length;
  } finally {
    await store.close();
  }
}

async function revoked(of: Federation, der: Uint8Array): Promise<string> {
  const body = jsonBytes({ fingerprint: fingerprintOf(der) });
  const { publicKey, secretKey } = keyOf(hospital);
  const request = { method: "POST", path: "/revocations", body };
  const headers = signedHeaders(of, request, bareKeyId(publicKey), secretKey);
  return codeOf(await post(of, "/revocations", body, headers));
}

test("nothing of a patient waits for a chain, and their enrolment and its end wait for none", async (t) => {
  const own = await startQuiet(t);
  const before = await waiting(own);
  const der = await enrolled(own, await newDevice(), newPatient());
  assert.equal(await revoked(own, der), "OK");
  assert.equal(await waiting(own), before);
  assert.equal(own.node.asked, 0);
});

test("a chain hears of a registrar before it hears of those whom they attested", async (t) => {
  const own = await startQuiet(t);
  const der = await enrolled(own, await newDevice(), newDoctor());
  const [registrar, doctor] = [fingerprintOf(own.registrar.der), fingerprintOf(der)];
  assert.deepEqual(
    own.node.slips.map(({ fields }) => toHex((fields as { fingerprint: Uint8Array }).fingerprint)),
    [registrar, registrar, doctor, doctor],
  );
});

test("nothing waits of an enrolment that a chain refused, and the person may come with other keys", async (t) => {
  const own = await startQuiet(t);
  await enrolled(own, await newDevice(), newDoctor()); // Their registrar is on the chains.
  const before = await waiting(own);
  const doctor = newDoctor();
  own.node.answer = "CARRIER_SUSPENDED";
  assert.equal(await ask(doctor, undefined, own), "UNAVAILABLE");
  assert.equal(await waiting(own), before);
  own.node.answer = "OK";
  assert.equal(await ask(doctor, undefined, own), "OK");
});

test("a revocation that is asked for again tells no chain again", async (t) => {
  const own = await startQuiet(t);
  const der = await enrolled(own, await newDevice(), newDoctor());
  assert.equal(await revoked(own, der), "OK");
  const { asked } = own.node;
  assert.equal(await revoked(own, der), "OK");
  assert.equal(own.node.asked, asked);
});

test("an attestation may be a day old and a minute ahead, to the millisecond", async () => {
  const { now } = federation.clock;
  const [oldest, latest] = [now - 24 * 3_600_000, now + limits.requestSkewMs];
  for (const time of [oldest, latest]) assert.equal(await ask({ ...newPatient(), time }), "OK");
  for (const time of [oldest - 1, latest + 1])
    assert.equal(await ask({ ...newPatient(), time }), "BAD_REQUEST");
});

test("a name has one spelling (NFC)", async () => {
  assert.equal(await ask({ ...newDoctor(), name: "Dr. Zu\u0308rich" }), "BAD_REQUEST");
  assert.equal(await ask({ ...newDoctor(), name: "Dr. Z\u00fcrich" }), "OK");
});

test("the same keys, both of them, get the same certificate again until it is revoked", async () => {
  for (const person of [newPatient(), newDoctor()]) {
    const device = await newDevice();
    const der = await enrolled(federation, device, person);
    assert.deepEqual(await enrolled(federation, device, person), der);
    const { keys, request, box } = await newDevice();
    assert.equal(await ask(person, { ...device, box }), "ALREADY_ENROLLED");
    assert.equal(await ask(person, { ...device, keys, request }), "ALREADY_ENROLLED");
    assert.equal(await revoked(federation, der), "OK");
    assert.equal(await ask(person, device), "ALREADY_ENROLLED");
  }
});

test("who names another's certificate replaces none", async () => {
  const others = fromHex(fingerprintOf(await enrolled(federation, await newDevice(), newDoctor())));
  assert.equal(await ask({ ...newDoctor(), replaces: others }), "ALREADY_ENROLLED");
});
