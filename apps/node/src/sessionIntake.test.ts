import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openWith, sealTo } from "@anamnesis/crypto/box";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, toBase64url, toHex, utf8 } from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  memberOf,
  pidOf,
  readCertificate,
  sessionIntake,
  traceDocument,
  verifyTrace,
  vouched,
} from "@anamnesis/protocol";
import type { Pid, Role } from "@anamnesis/protocol";
import { CertificateOffice, startListServer } from "@anamnesis/testing/certificateOffice";
import type { ListServer } from "@anamnesis/testing/certificateOffice";
import { boxOf, keyOf } from "@anamnesis/testing/keys";
import { hospital } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call } from "@anamnesis/testing/requests";
import { tracesFolder } from "./dataDirectory.ts";
import { Traces } from "./traces.ts";

let office: CertificateOffice;
let registry: ListServer;
let federation: NodeFederation;
let now = Date.now();

before(async () => {
  office = await CertificateOffice.make();
  registry = await startListServer(() => office.lists({ time: now }));
  federation = await NodeFederation.make({
    members: [hospital],
    cas: office.cas,
    registry: registry.address,
  });
  await federation.start(hospital, { now: () => now });
});
after(async () => {
  await federation.remove();
  await registry.stop();
});

/** Visits that anybody tried to open. */
const pids = new Map<string, Pid>();

const certificateOf = async (name: string, role: Role = "patient") =>
  (await office.issue(name, { role })).der;

/** Opens a visit as a patient's device does; `changes` make it fail. @returns OK or the code. */
async function openVisit(
  visit: string,
  input: {
    certificate: Uint8Array;
    certified?: Uint8Array;
    slip?: Uint8Array;
    signer?: string;
    aad?: string;
  },
): Promise<string> {
  const { care } = federation;
  const key = keyOf(visit);
  const made = federation.slip(
    care,
    "session.open",
    { institution: hospital, key: key.publicKey },
    keyOf(input.signer ?? visit),
    { time: now },
  );
  pids.set(visit, pidOf(key.publicKey));
  const intake = sessionIntake.encode({
    v: 1,
    certificate: input.certificate,
    certified: input.certified ?? certified("patient", visit),
    slip: input.slip ?? made.bytes,
  });
  const sealed = await sealTo({
    publicKey: memberOf(care, hospital).boxKey,
    info: hpkeInfo.session,
    aad: utf8(input.aad ?? care.chain),
    plaintext: intake,
  });
  const { json } = await call(`${federation.address(hospital)}/chains/${care.chain}/sessions`, {
    body: sealed,
  });
  return json.error?.code ?? String(json["code"]);
}

const certified = (patient: string, visit: string): Uint8Array =>
  sign({
    type: "PATIENT-VISIT",
    message: vouched(pidOf(keyOf(visit).publicKey)),
    secretKey: keyOf(patient).secretKey,
  });

test("H-16: without a revocation list that was ever had, nobody is let in", async () => {
  const certificate = await certificateOf("patient");
  registry.lists = undefined;
  assert.equal(await openVisit("fail closed", { certificate }), "UNAVAILABLE");
  const stranger = await CertificateOffice.make("stranger ");
  registry.lists = () => office.lists({ signedBy: stranger });
  assert.equal(await openVisit("fail closed", { certificate }), "UNAVAILABLE");
  registry.lists = () => office.lists({ time: now });
  assert.equal(await openVisit("fail closed", { certificate }), "OK");
});

test("H-16: a patient opens a visit; the list is kept for a minute, and serves on while the registry is away", async () => {
  const certificate = await certificateOf("patient");
  const { asked } = registry;
  assert.equal(await openVisit("cached", { certificate }), "OK");
  assert.equal(registry.asked, asked);
  assert.equal(await openVisit("cached", { certificate }), "REPLAYED");
  registry.lists = undefined;
  now += 61_000;
  assert.equal(await openVisit("registry away", { certificate }), "OK");
  assert.equal(registry.asked, asked + 1);
  registry.lists = () => office.lists({ time: now });
});

test("H-16: a revoked certificate is refused at most a minute later", async () => {
  const issued = await office.issue("patient");
  office.revoke(issued);
  now += 61_000;
  assert.equal(await openVisit("revoked", { certificate: issued.der }), "CERTIFICATE_NOT_LIVE");
});

test("H-16: certificates that are none of the federation's patients' are refused", async () => {
  const stranger = await CertificateOffice.make("stranger ");
  const forged = await office.issue("patient", { issuer: stranger.care });
  assert.equal(await openVisit("forged", { certificate: forged.der }), "CERTIFICATE_INVALID");
  const doctor = await certificateOf("patient", "doctor");
  assert.equal(await openVisit("doctor", { certificate: doctor }), "CERTIFICATE_INVALID");
  const broken = Uint8Array.from(await certificateOf("patient"));
  broken[broken.length - 1]! ^= 1;
  assert.equal(await openVisit("broken", { certificate: broken }), "CERTIFICATE_INVALID");
  assert.equal(
    await openVisit("no DER", { certificate: utf8("certificate") }),
    "CERTIFICATE_INVALID",
  );
  const root = office.cas.find(({ id }) => id === "root")!.der;
  assert.equal(await openVisit("the root itself", { certificate: root }), "CERTIFICATE_INVALID");
  const year = 365 * 24 * 3_600_000;
  const old = await office.issue("patient", { time: now - 6 * year });
  assert.equal(await openVisit("expired", { certificate: old.der }), "CERTIFICATE_NOT_LIVE");
});

test("H-16: the certified signature must be this patient's over this visit", async () => {
  const certificate = await certificateOf("patient");
  const rows = [
    { when: "another patient's", signature: certified("mallory", "swapped") },
    { when: "over another visit", signature: certified("patient", "another") },
    { when: "none", signature: new Uint8Array(64) },
  ];
  for (const { when, signature } of rows)
    assert.equal(
      await openVisit("swapped", { certificate, certified: signature }),
      "SIGNATURE_INVALID",
      when,
    );
});

test("H-16: only a session.open, sealed to this node for this chain", async () => {
  const certificate = await certificateOf("patient");
  const { care } = federation;
  const other = federation.slip(
    care,
    "record.confirm",
    { key: keyOf("x").publicKey, record: new Uint8Array(32), digest: new Uint8Array(32) },
    keyOf("x"),
  );
  assert.equal(await openVisit("other kind", { certificate, slip: other.bytes }), "BAD_REQUEST");
  assert.equal(
    await openVisit("other chain", { certificate, aad: "another-chain" }),
    "BAD_REQUEST",
  );
  assert.equal(await openVisit("garbage", { certificate, slip: utf8("slip") }), "SLIP_MALFORMED");
});

test("H-16a: whose visit it was is kept sealed to the registry, once, and for those alone who were let in", async () => {
  const certificate = await certificateOf("patient");
  assert.equal(await openVisit("traced", { certificate }), "OK");
  // A pid is public once its visit is open: a patient who names it with a certificate of their own changes nothing.
  const mallory = await certificateOf("mallory");
  const theirs = { certificate: mallory, certified: certified("mallory", "traced") };
  assert.equal(await openVisit("traced", theirs), "REPLAYED");
  assert.equal(await openVisit("to be", { ...theirs, signer: "mallory" }), "SLIP_SIGNATURE");
  assert.equal(await openVisit("to be", theirs), "SIGNATURE_INVALID");

  const { secretKey } = await boxOf("traces");
  const [traced, refused] = [pids.get("traced")!, pids.get("to be")!];
  await federation.stop(hospital);
  await withTraces(async (traces) => {
    assert.equal(traces.find(refused), undefined);
    const sealed = traces.find(traced)!;
    const aad = fromHex(traced);
    const opened = traceDocument.decode(
      await openWith({ secretKey, info: hpkeInfo.trace, aad, sealed }),
    );
    const found = verifyTrace(opened, traced, federation.care.cas);
    assert.deepEqual(opened.certificate, certificate);
    assert.deepEqual(found.signingKey, keyOf("patient").publicKey);
    assert.throws(() => verifyTrace(opened, refused, federation.care.cas), {
      code: "SIGNATURE_INVALID",
    });
    const own = federation.keys.get(hospital)!.box.secretKey;
    await assert.rejects(openWith({ secretKey: own, info: hpkeInfo.trace, aad, sealed }));
    const elsewhere = { secretKey, info: hpkeInfo.trace, aad: fromHex(refused), sealed };
    await assert.rejects(openWith(elsewhere), { code: "E_DECRYPT" });
  });
  await federation.start(hospital, { now: () => now });
});

test("I4: no file of the node holds anything of a certificate that was shown to it", async () => {
  const der = await certificateOf("patient");
  assert.equal(await openVisit("searched", { certificate: der }), "OK");
  const { serial, name, signingKey } = readCertificate(der, federation.care.cas);
  // What stands in a certificate, and what may be told apart of it: its number, its random name, its key.
  const needles = [serial, utf8(name), signingKey, certified("patient", "searched")]
    .flatMap((part) => [toHex(part), Buffer.from(part).toString("base64"), toBase64url(part), part])
    .map((needle) => Buffer.from(needle));
  let files = 0;
  const folder = join(federation.dir, hospital);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    assert.ok(!needles.some((needle) => content.includes(needle)), entry.name);
    files += 1;
  }
  assert.ok(files > 4, "the node wrote too little for this test to mean anything");
});

test("H-53: a node that has no room for the trace lets nobody in", async () => {
  const certificate = await certificateOf("patient");
  await federation.stop(hospital);
  const kept = await withTraces(async (traces) => traces.count());
  await federation.start(hospital, { now: () => now, traces: kept + 1 });
  assert.equal(await openVisit("the last", { certificate }), "OK");
  assert.equal(await openVisit("one too many", { certificate }), "STORAGE_FULL");
  const { care } = federation;
  const { status } = await federation.get(hospital, care, `sessions/${pids.get("one too many")}`);
  assert.equal(status, 404);
  assert.equal(await openVisit("the last", { certificate }), "REPLAYED");
});

/** The traces of the hospital's node, which is not running. */
async function withTraces<T>(look: (traces: Traces) => Promise<T>): Promise<T> {
  const { publicKey: traceKey } = await boxOf("traces");
  const traces = new Traces(tracesFolder(join(federation.dir, hospital)), { traceKey });
  try {
    return await look(traces);
  } finally {
    await traces.close();
  }
}
