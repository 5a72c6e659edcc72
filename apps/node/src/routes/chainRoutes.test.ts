import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeCanonical, encodeCanonical, randomBytes } from "@anamnesis/crypto/verify";
import { decodeCertified, decodeHead, decodeSlip, limits } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import { publishFields, revokeFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { authority, hospital, province } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call, signedHeaders } from "@anamnesis/testing/requests";

let federation: NodeFederation;
let care: Genesis;
let consortium: Genesis;
let doctor: Uint8Array;
let pid: Uint8Array;

before(async () => {
  federation = await NodeFederation.make();
  ({ care, consortium } = federation);
  await federation.start(hospital);
  await federation.start(authority);
  doctor = await federation.certify(care, "doctor");
  pid = await federation.openVisit("visit");
});
after(() => federation.remove());

const record = (
  label: string,
  change: { readonly doctor?: string; readonly aheadMs?: number } = {},
): MadeSlip => federation.record({ pid, doctor: "doctor", cert: doctor, label, ...change });
const codeOf = async (slip: Uint8Array, chain = care, institution = hospital): Promise<string> => {
  const { status, json } = await federation.post(institution, chain, slip);
  if (json.error === undefined) return String(json["code"]);
  assert.ok(status >= 400);
  assert.doesNotMatch(json.error.message, /\bat .*:\d+|Error:/);
  return json.error.code;
};

/** A slip's bytes with another payload under the same signature. */
function withPayload(slip: MadeSlip, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  const { payload, signature } = decodeSlip(slip.bytes);
  return encodeCanonical([change(payload), signature]);
}

test("H-2: a slip is answered with its id and height, and stands there", async () => {
  const slip = record("first");
  const { status, json } = await federation.post(hospital, care, slip.bytes);
  assert.equal(status, 200);
  assert.deepEqual({ id: json["id"], code: json["code"] }, { id: slip.id, code: "OK" });
  const found = await call(`${federation.address(hospital)}/chains/${care.chain}/slips/${slip.id}`);
  assert.equal(found.json["slip"], Buffer.from(slip.bytes).toString("base64url"));
  assert.equal(found.json["height"], json["height"]);
});

test("POST slips gives bad input its code", async (t) => {
  const once = record("once");
  assert.equal(await codeOf(once.bytes), "OK");
  const nested = Uint8Array.from([...Array.from({ length: 500 }, () => 0x81), 0xf6]);
  const padded = Uint8Array.from([0x98, 0x02, ...record("padded").bytes.slice(1)]);
  const unknownKind = withPayload(record("kind"), (payload) =>
    Buffer.from(
      Buffer.from(payload).toString("latin1").replace("record.submit", "record.sbumit"),
      "latin1",
    ),
  );
  const visit = keyOf("visit");
  const strangerRecord = federation.record({
    pid: bytesOf("no visit"),
    doctor: "doctor",
    cert: doctor,
    label: "x",
  });
  const visitor = keyOf("visitor");
  const openVisit = federation.slip(
    care,
    "session.open",
    { institution: hospital, key: visitor.publicKey },
    visitor,
  );
  const confirmEarly = federation.slip(
    care,
    "record.confirm",
    { key: visit.publicKey, record: bytesOf("no record"), digest: bytesOf("digest") },
    visit,
  );
  const rows: { when: string; slip: Uint8Array; want: string }[] = [
    { when: "not CBOR", slip: Buffer.from("hello"), want: "SLIP_MALFORMED" },
    { when: "nothing", slip: new Uint8Array(0), want: "SLIP_MALFORMED" },
    { when: "not canonical", slip: padded, want: "SLIP_MALFORMED" },
    { when: "nested", slip: nested, want: "SLIP_MALFORMED" },
    { when: "oversized", slip: new Uint8Array(limits.slipBytes + 1), want: "TOO_LARGE" },
    { when: "unknown kind", slip: unknownKind, want: "UNKNOWN_KIND" },
    { when: "replayed", slip: once.bytes, want: "REPLAYED" },
    { when: "past notAfter", slip: record("late", { aheadMs: -1 }).bytes, want: "EXPIRED" },
    {
      when: "too distant notAfter",
      slip: record("far", { aheadMs: limits.notAfterAheadMs + 5_000 }).bytes,
      want: "NOT_AFTER_TOO_FAR",
    },
    {
      when: "another's signature",
      slip: record("forged", { doctor: "mallory" }).bytes,
      want: "SLIP_SIGNATURE",
    },
    {
      when: "a flipped bit",
      slip: withPayload(record("flipped"), (payload) => {
        const flipped = Uint8Array.from(payload);
        flipped[Buffer.from(payload).indexOf(bytesOf("digest flipped"))]! ^= 1;
        return flipped;
      }),
      want: "SLIP_SIGNATURE",
    },
    {
      when: "another chain",
      slip: federation.slip(consortium, "grant.revoke", revokeFields("visit"), visit).bytes,
      want: "WRONG_CHAIN",
    },
    {
      when: "a kind of the other sort of chain",
      slip: federation.slip(care, "grant.revoke", revokeFields("grant"), keyOf("grant")).bytes,
      want: "WRONG_KIND_OF_CHAIN",
    },
    {
      when: "unknown certificate",
      slip: federation.record({ pid, doctor: "doctor", cert: bytesOf("nobody"), label: "nobody" })
        .bytes,
      want: "UNKNOWN_KEY",
    },
    { when: "a visit without its intake", slip: openVisit.bytes, want: "FORBIDDEN" },
    { when: "a record before its visit", slip: strangerRecord.bytes, want: "SESSION_UNKNOWN" },
    { when: "confirm before submit", slip: confirmEarly.bytes, want: "RECORD_UNKNOWN" },
  ];
  for (const { when, slip, want } of rows)
    await t.test(when, async () => assert.equal(await codeOf(slip), want));
  const batch = await federation.batch(hospital, care, [record("beside").bytes, openVisit.bytes]);
  assert.equal(batch.json.error?.code, "FORBIDDEN");
});

test("POST slips refuses revoked, expired and future certificates, and who may not write", async () => {
  const now = Date.now();
  const rows = [
    {
      name: "expired",
      options: { validFrom: now - 10_000, validTo: now - 5_000 },
      want: "CERTIFICATE_EXPIRED",
    },
    { name: "future", options: { validFrom: now + 60_000 }, want: "CERTIFICATE_NOT_YET_VALID" },
    { name: "officer", options: { role: "officer" as const }, want: "NOT_AUTHORISED" },
  ];
  for (const { name, options, want } of rows) {
    const cert = await federation.certify(care, name, options);
    assert.equal(
      await codeOf(federation.record({ pid, doctor: name, cert, label: name }).bytes),
      want,
    );
  }
  const cert = await federation.certify(care, "revoked");
  assert.equal(
    await codeOf(federation.record({ pid, doctor: "revoked", cert, label: "a" }).bytes),
    "OK",
  );
  const revoke = federation.slip(
    care,
    "identity.revoke",
    { by: "care", fingerprint: cert },
    keyOf("care"),
  );
  assert.equal(await codeOf(revoke.bytes), "OK");
  assert.equal(
    await codeOf(federation.record({ pid, doctor: "revoked", cert, label: "b" }).bytes),
    "CERTIFICATE_REVOKED",
  );
});

test("POST slips on the consortium refuses a usage.done before its intent", async () => {
  const cert = await federation.certify(consortium, "reader");
  const done = federation.slip(
    consortium,
    "usage.done",
    { cert, intent: bytesOf("no intent"), proxies: [1] },
    keyOf("reader"),
  );
  assert.equal(await codeOf(done.bytes, consortium, authority), "INTENT_UNKNOWN");
});

test("H-3: one refused slip of a batch leaves the others", async () => {
  const slips = [record("batch 1"), record("batch 2"), record("batch 3")];
  const bad = Uint8Array.from(slips[1]!.bytes);
  bad[bad.length - 1]! ^= 1;
  const { json } = await federation.batch(hospital, care, [
    slips[0]!.bytes,
    bad,
    slips[2]!.bytes,
    Buffer.from("x"),
  ]);
  const codes = (json["results"] as { code: string }[]).map(({ code }) => code);
  assert.deepEqual(codes, ["OK", "SLIP_SIGNATURE", "OK", "SLIP_MALFORMED"]);
  const many = await federation.batch(
    hospital,
    care,
    Array.from({ length: limits.batchSlips + 1 }, () => bad),
  );
  assert.equal(many.json.error?.code, "MALFORMED");
});

test("H-3: a forged copy of a slip does not refuse the slip beside it", async () => {
  const slip = record("copied");
  const forged = Uint8Array.from(slip.bytes);
  forged[forged.length - 1]! ^= 1;
  const { json } = await federation.batch(hospital, care, [forged, slip.bytes, slip.bytes]);
  const results = json["results"] as { code: string }[];
  assert.equal(results[0]!.code, "SLIP_SIGNATURE");
  // Which of two equal slips is first is the carrier's dice; one is, and the other is told so after it is durable.
  assert.deepEqual(
    results
      .slice(1)
      .map(({ code }) => code)
      .toSorted(),
    ["OK", "REPLAYED"],
  );
});

test("H-3: a batch with one unknown key among many is answered slip by slip", async () => {
  const good = Array.from({ length: 70 }, (_, i) => record(`mixed ${i}`));
  const stranger = federation.record({
    pid,
    doctor: "doctor",
    cert: bytesOf("nobody"),
    label: "s",
  });
  const slips = [...good.slice(0, 33), stranger, ...good.slice(33)].map(({ bytes }) => bytes);
  const { json } = await federation.batch(hospital, care, slips);
  const codes = (json["results"] as { code: string }[]).map(({ code }) => code);
  assert.equal(codes[33], "UNKNOWN_KEY");
  assert.equal(codes.filter((code) => code === "OK").length, 70);
});

test("H-2: grant.publish and access.refuse want the signature of a visit that is open here", async () => {
  const grant = keyOf("some grant");
  const publish = federation.slip(
    consortium,
    "grant.publish",
    publishFields("some grant", { expiresAt: Date.now() + 3_600_000 }),
    grant,
  );
  await federation.start(province);
  const url = `${federation.address(hospital)}/chains/${consortium.chain}/slips`;
  const post = (headers: Record<string, string>) => call(url, { body: publish.bytes, headers });
  const sign = (name: string) =>
    signedHeaders(url, keyOf(name), { method: "POST", body: publish.bytes });
  assert.equal((await post({})).json.error?.code, "SIGNATURE_REQUIRED");
  assert.equal((await post(sign("no visit"))).json.error?.code, "FORBIDDEN");
  const headers = sign("visit");
  assert.equal(
    (await post({ ...headers, signature: sign("mallory")["signature"]! })).json.error?.code,
    "SIGNATURE_INVALID",
  );
  // The hospital carries it as a follower of the consortium.
  const { json } = await post(headers);
  assert.equal(json["code"], "OK");
  assert.equal((await post(headers)).json.error?.code, "NONCE_REUSED");
  const batch = await federation.batch(hospital, consortium, [publish.bytes]);
  assert.equal(batch.json.error?.code, "SIGNATURE_REQUIRED");
});

test("H-5, H-6: blocks and heads are given and verify; a height to come is NOT_YET", async () => {
  const base = `${federation.address(hospital)}/chains/${care.chain}`;
  const { bytes } = await call(`${base}/head`);
  const head = decodeHead(bytes);
  assert.equal(head.institution, hospital);
  const { bytes: list } = await federation.getSigned(hospital, care, "blocks?after=0&limit=2");
  const blocks = (decodeCanonical(list) as Uint8Array[]).map(decodeCertified);
  assert.deepEqual(
    blocks.map(({ entry }) => entry.height),
    [1, 2],
  );
  const past = decodeHead((await call(`${base}/heads/1`)).bytes);
  assert.deepEqual(past.appHash, blocks[0]!.certificate.appHash);
  const next = await call(`${base}/heads/${head.height + 1_000}`);
  assert.equal(next.json.error?.code, "NOT_YET");
  assert.equal((await call(`${base}/heads/x`)).json.error?.code, "BAD_REQUEST");
  const before = await federation.getSigned(hospital, care, "blocks?after=-1");
  assert.equal(before.json.error?.code, "BAD_REQUEST");
  const nowhere = await call(`${federation.address(hospital)}/chains/nowhere/head`);
  assert.equal(nowhere.json.error?.code, "NOT_FOUND");
});

test("H-16: an intake that is not sealed to this node is refused", async () => {
  const url = `${federation.address(hospital)}/chains/${care.chain}/sessions`;
  assert.equal((await call(url, { body: randomBytes(2_000) })).json.error?.code, "BAD_REQUEST");
});

test("a compressed body is refused, and every server answers /health and /openapi.json", async () => {
  const base = federation.address(hospital);
  const { json } = await call(`${base}/chains/${care.chain}/slips`, {
    body: record("zip").bytes,
    headers: { "content-encoding": "gzip" },
  });
  assert.equal(json.error?.code, "BAD_REQUEST");
  assert.deepEqual((await call(`${base}/health`)).json, { status: "ok" });
  const { json: description } = await call(`${base}/openapi.json`);
  assert.equal(description["openapi"], "3.1.0");
  assert.ok(Object.hasOwn(description["paths"] as object, "/chains/{chain}/slips"));
});
