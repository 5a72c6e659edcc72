import assert from "node:assert/strict";
import { after, test } from "node:test";
import { boxKeypairFromSeed, openWith } from "@anamnesis/crypto/box";
import { encodeCanonical, randomBytes, toHex, utf8Decode } from "@anamnesis/crypto/verify";
import {
  bareKeyId,
  checkIdentifier,
  contactAnswer,
  contactLookup,
  decodeMessage,
  fingerprintOf,
  hpkeInfo,
  verifyPostProof,
} from "@anamnesis/protocol";
import type { ContactCard } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import {
  enrolled,
  newDevice,
  post,
  sealedFor,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import type { Device } from "@anamnesis/testing/registryFederation";
import { readLookups } from "./operator.ts";

const federation = await startFederation({ lookupsPerMinute: 5 });
after(() => federation.stop());
const noAad = new Uint8Array(0);

interface Person extends Device {
  readonly der: Uint8Array;
}

async function person(change: Parameters<typeof enrolled>[2]): Promise<Person> {
  const device = await newDevice();
  return { ...device, der: await enrolled(federation, device, change) };
}

let count = 0;
const newIdentifier = (): string => `ID-${(count += 1)}`;
const newDoctor = (): Promise<Person> =>
  person({ role: "doctor", name: "Dr. Ada", identifier: newIdentifier() });
const contactBox = { id: randomBytes(32), ...(await boxKeypairFromSeed(randomBytes(32))) };
const card: ContactCard = {
  node: hospital,
  box: contactBox.id,
  boxKey: contactBox.publicKey,
  postKey: randomBytes(32),
  certificate: noAad,
};
const patient = await person({ identifier: "GRACE-1" });
const doctor = await newDoctor();

async function leave(caller: Person, what: unknown, method = "PUT"): Promise<Response> {
  const body = await sealedFor(federation, hpkeInfo.contact, encodeCanonical(what as never));
  const headers = signedHeaders(
    federation,
    { method, path: "/contacts", body },
    fingerprintOf(caller.der),
    caller.keys.secretKey,
  );
  return post(federation, "/contacts", body, headers, method);
}

async function lookUp(caller: Person, identifier: string): Promise<Response> {
  const body = await sealedFor(
    federation,
    hpkeInfo.lookUp,
    contactLookup.encode({ v: 1, identifier }),
  );
  const headers = signedHeaders(
    federation,
    { method: "POST", path: "/lookups", body },
    fingerprintOf(caller.der),
    caller.keys.secretKey,
  );
  return post(federation, "/lookups", body, headers);
}

test("a doctor who knows the identifier gets the card, and the patient is told who asked", async () => {
  assert.equal((await leave(patient, card)).status, 200);
  const before = federation.node.messages.length;
  const answer = await lookUp(doctor, "GRACE-1");
  assert.equal(answer.headers.get("content-type"), "application/octet-stream");
  const sealed = new Uint8Array(await answer.arrayBuffer());
  const opened = await openWith({
    secretKey: doctor.box.secretKey,
    info: hpkeInfo.card,
    aad: noAad,
    sealed,
  });
  const told = contactAnswer.decode(opened);
  assert.deepEqual(told.card, card);
  checkIdentifier(told.registration, told.salt, "GRACE-1");
  assert.throws(() => checkIdentifier(told.registration, told.salt, "GRACE-2"), {
    code: "REGISTRATION_INVALID",
  });

  await until(() => federation.node.messages.length === before + 1);
  const { box, sealed: message, proof } = federation.node.messages[before]!;
  // Room in the box is kept for it.
  const posted = { box: contactBox.id, sealed: message };
  assert.ok(proof !== null && verifyPostProof(proof, card.postKey, posted));
  assert.equal(box, toHex(contactBox.id));
  assert.equal(message.length % 4096, 0);
  const notice = decodeMessage(
    await openWith({
      secretKey: contactBox.secretKey,
      info: hpkeInfo.message,
      aad: contactBox.id,
      sealed: message,
    }),
  );
  assert.equal(notice.type, "lookup.notice");
  assert.equal(utf8Decode(notice.body), `Dr. Ada, ${hospital}`);
});

test("nobody enrolled and enrolled without a card answer alike, and both are logged", async () => {
  const identifier = newIdentifier();
  await person({ identifier });
  const asking = await newDoctor();
  const [absent, cardless] = [await lookUp(asking, "NOBODY"), await lookUp(asking, identifier)];
  assert.equal(absent.status, 404);
  const [left, right] = [await absent.text(), await cardless.text()];
  assert.equal(left, right);
  assert.equal((JSON.parse(left) as { error: { code: string } }).error.code, "NOT_FOUND");
  const log = (await readLookups(federation.config)).filter(
    (entry) => entry.doctor === fingerprintOf(asking.der),
  );
  assert.deepEqual(
    log.map(({ found, patient: who }) => [found, who === ""]),
    [
      [false, true],
      [false, false],
    ],
  );
});

test("every look-up is logged with doctor, patient and time", async () => {
  const asking = await newDoctor();
  await lookUp(asking, "GRACE-1");
  const [entry] = (await readLookups(federation.config)).filter(
    ({ doctor: who }) => who === fingerprintOf(asking.der),
  );
  assert.deepEqual(entry, {
    time: federation.clock.now,
    doctor: fingerprintOf(asking.der),
    patient: fingerprintOf(patient.der),
    found: true,
  });
});

test("a notice that a node does not take waits until it does", async () => {
  const away = await newDoctor();
  const unknownBox = { ...card, box: randomBytes(32) };
  const identifier = newIdentifier();
  const second = await person({ identifier });
  await leave(second, unknownBox);
  const before = federation.node.messages.length;
  await lookUp(away, identifier);
  await until(() => federation.node.messages.length === before + 1);
});

test("a doctor may not try identifiers without bound", async () => {
  const asking = await newDoctor();
  for (let i = 0; i < 5; i += 1)
    assert.equal(await codeOf(await lookUp(asking, `GUESS-${i}`)), "NOT_FOUND");
  const sixth = await lookUp(asking, "GUESS-6");
  assert.equal(sixth.status, 429);
  assert.equal(await codeOf(sixth), "RATE_LIMITED");
  federation.clock.now += 59_999;
  assert.equal(await codeOf(await lookUp(asking, "GUESS-6")), "RATE_LIMITED");
  federation.clock.now += 1;
  assert.equal(await codeOf(await lookUp(asking, "GUESS-7")), "NOT_FOUND");
});

test("only doctors look up, only patients leave cards", async () => {
  assert.equal(await codeOf(await lookUp(patient, "GRACE-1")), "NOT_FOR_THIS_ROLE");
  assert.equal(await codeOf(await leave(doctor, card)), "NOT_FOR_THIS_ROLE");
});

test("a card may name its own certificate, and its node by its address", async () => {
  const { address } = federation.trust.chains[0]!.members.find(({ id }) => id === hospital)!;
  const own = { ...card, node: address, certificate: patient.der };
  assert.equal((await leave(patient, own)).status, 200);
  assert.equal((await leave(patient, card)).status, 200);
});

test("cards that lead elsewhere or are malformed are refused", async () => {
  assert.equal(
    await codeOf(await leave(patient, { ...card, node: "http://10.0.0.1:80" })),
    "BAD_REQUEST",
  );
  assert.equal(
    await codeOf(await leave(patient, { ...card, certificate: doctor.der })),
    "BAD_REQUEST",
  );
  assert.equal(await codeOf(await leave(patient, { ...card, box: randomBytes(31) })), "MALFORMED");
  assert.equal(await codeOf(await leave(patient, { ...card, more: 1 })), "MALFORMED");
});

test("requests that are unsigned, forged, replayed or by strangers are refused", async () => {
  const asking = await newDoctor();
  const body = await sealedFor(
    federation,
    hpkeInfo.lookUp,
    contactLookup.encode({ v: 1, identifier: "GRACE-1" }),
  );
  const request = { method: "POST", path: "/lookups", body };
  const keyId = fingerprintOf(asking.der);
  assert.equal(await codeOf(await post(federation, "/lookups", body)), "SIGNATURE_REQUIRED");
  const forged = signedHeaders(federation, request, keyId, (await newDevice()).keys.secretKey);
  assert.equal(await codeOf(await post(federation, "/lookups", body, forged)), "SIGNATURE_INVALID");
  const stranger = await newDevice();
  const unknown = signedHeaders(
    federation,
    request,
    toHex(randomBytes(32)),
    stranger.keys.secretKey,
  );
  assert.equal(
    await codeOf(await post(federation, "/lookups", body, unknown)),
    "SIGNATURE_INVALID",
  );
  const bare = signedHeaders(
    federation,
    request,
    bareKeyId(asking.keys.publicKey),
    asking.keys.secretKey,
  );
  assert.equal(await codeOf(await post(federation, "/lookups", body, bare)), "FORBIDDEN");
  const good = signedHeaders(federation, request, keyId, asking.keys.secretKey);
  assert.equal((await post(federation, "/lookups", body, good)).status, 200);
  assert.equal(await codeOf(await post(federation, "/lookups", body, good)), "NONCE_REUSED");
  const elsewhere = signedHeaders(
    federation,
    { ...request, path: "/contacts" },
    keyId,
    asking.keys.secretKey,
  );
  assert.equal(
    await codeOf(await post(federation, "/lookups", body, elsewhere)),
    "SIGNATURE_INVALID",
  );
});

test("an expired certificate may not look up", async () => {
  const own = await newDoctor();
  const before = federation.clock.now;
  federation.clock.now += 3 * 365 * 24 * 3_600_000;
  assert.equal(await codeOf(await lookUp(own, "GRACE-1")), "CERTIFICATE_NOT_LIVE");
  federation.clock.now = before;
});

async function until(done: () => boolean): Promise<void> {
  for (let left = 250; !done(); left -= 1) {
    assert.ok(left > 0, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
