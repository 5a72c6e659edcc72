import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { limits, messagesDocument, ticketDocument } from "@anamnesis/protocol";
import { openingBox, postToBox } from "@anamnesis/testing/boxes";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { authority, hospital } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call, signedHeaders } from "@anamnesis/testing/requests";
import { certificateFields } from "@anamnesis/testing/testChain";
import { until } from "@anamnesis/testing/until";
import type { Reply } from "@anamnesis/testing/requests";

let federation: NodeFederation;
let now = Date.now();
let staff: string;

before(async () => {
  // No page falls due while a test moves the clock: its block would take the chain into that future for good.
  federation = await NodeFederation.make({ params: { pageSeconds: 24 * 3_600 } });
  const clock = { now: () => now };
  await federation.start(hospital, clock);
  await federation.start(authority, clock);
  staff = await certified("doctor");
});
after(() => federation.remove());

/** A certificate that the hospital's node has too. @returns its fingerprint. */
async function certified(
  name: string,
  options: Parameters<NodeFederation["certify"]>[2] = {},
): Promise<string> {
  const { consortium } = federation;
  const fingerprint = toHex(await federation.certify(consortium, name, options));
  await until("the hospital has the certificate", async () => {
    const path = `certificates/${fingerprint}`;
    return (await federation.get(hospital, consortium, path)).status === 200;
  });
  return fingerprint;
}

const bucket = (fill: number, count = 1): Uint8Array =>
  new Uint8Array(count * limits.messageBucketBytes).fill(fill);
const boxUrl = (box: string): string => `${federation.address(hospital)}/boxes/${box}`;
const boxOf = (name: string): string => toHex(bytesOf(`box ${name}`));

const open = (box: string, owner: string): Promise<Reply> =>
  call(boxUrl(box), openingBox(boxUrl(box), keyOf(owner), { created: now }));
const put = (box: string, sealed: Uint8Array): Promise<Reply> => postToBox(boxUrl(box), sealed);
function read(box: string, owner: string, query = "", keyId?: string): Promise<Reply> {
  const url = `${boxUrl(box)}/messages`;
  const id = keyId === undefined ? {} : { keyId };
  const headers = signedHeaders(url, keyOf(owner), { created: now, ...id });
  return call(url + query, { headers });
}
const letters = ({ bytes }: Reply): [string, Uint8Array][] =>
  messagesDocument.decode(bytes).map(({ id, sealed }) => [id, sealed]);
const codeOf = ({ json }: Reply): string | undefined => json.error?.code;

test("H-17: a box is opened once, filled by anybody, read and emptied by its owner alone", async () => {
  const box = boxOf("life");
  assert.equal(codeOf(await put(box, bucket(1))), "NOT_FOUND");
  assert.equal((await open(box, "owner")).status, 200);
  assert.equal((await open(box, "owner")).status, 200);
  assert.equal(codeOf(await open(box, "mallory")), "FORBIDDEN");
  const first = (await put(box, bucket(1))).json["message"] as string;
  const second = (await put(box, bucket(2, 2))).json["message"] as string;
  const found = letters(await read(box, "owner"));
  assert.deepEqual(
    found.map(([id]) => id),
    [first, second],
  );
  assert.deepEqual(found[1]![1], bucket(2, 2));
  assert.deepEqual(
    letters(await read(box, "owner", `?after=${first}`)).map(([id]) => id),
    [second],
  );
  assert.equal(codeOf(await read(box, "mallory")), "FORBIDDEN");
  assert.equal(codeOf(await call(`${boxUrl(box)}/messages`)), "SIGNATURE_REQUIRED");
  const url = `${boxUrl(box)}/messages/${first}`;
  const remove = (owner: string) =>
    call(url, {
      method: "DELETE",
      headers: signedHeaders(url, keyOf(owner), { method: "DELETE", created: now }),
    });
  assert.equal(codeOf(await remove("mallory")), "FORBIDDEN");
  assert.equal((await remove("owner")).status, 200);
  assert.deepEqual(
    letters(await read(box, "owner")).map(([id]) => id),
    [second],
  );
});

test("H-17: only whole buckets, and none too large", async () => {
  const box = boxOf("form");
  await open(box, "owner");
  assert.equal(codeOf(await put(box, new Uint8Array(100))), "BAD_REQUEST");
  assert.equal(codeOf(await put(box, new Uint8Array(0))), "BAD_REQUEST");
  assert.equal(
    codeOf(await put(box, new Uint8Array(limits.messageBytes + limits.messageBucketBytes))),
    "TOO_LARGE",
  );
  assert.equal(codeOf(await put("../keys", bucket(1))), "NOT_FOUND");
  assert.equal(codeOf(await put("xyz", bucket(1))), "BAD_REQUEST");
});

test("H-17: a full box refuses, until messages are removed or expire", async () => {
  const box = boxOf("full");
  await open(box, "owner");
  const large = bucket(3, limits.messageBytes / limits.messageBucketBytes);
  const answers = await Promise.all(Array.from({ length: 10 }, () => put(box, large)));
  const room = (limits.boxBytes - limits.boxReservedBytes) / limits.messageBytes;
  assert.equal(answers.filter(({ status }) => status === 200).length, room);
  assert.equal(answers.filter((answer) => codeOf(answer) === "BOX_FULL").length, 10 - room);
  const before = now;
  now += limits.messageLifetimeMs + 60_000;
  assert.deepEqual(letters(await read(box, "owner")), []);
  assert.equal((await put(box, bucket(4))).status, 200);
  now = before;
});

test("H-17: a waiting reader is answered when a message comes", async () => {
  const box = boxOf("wait");
  await open(box, "owner");
  const waiting = read(box, "owner", "?wait=10000");
  await put(box, bucket(5));
  assert.equal(letters(await waiting).length, 1);
});

test("H-17: staff have a box under their certificate, which nobody else can open or read", async () => {
  assert.equal((await put(staff, bucket(6))).status, 200);
  assert.equal(letters(await read(staff, "doctor", "", staff)).length, 1);
  assert.equal(codeOf(await open(staff, "mallory")), "FORBIDDEN");
  assert.equal(codeOf(await read(staff, "mallory")), "FORBIDDEN");
  assert.equal(codeOf(await read(staff, "mallory", "", staff)), "SIGNATURE_INVALID");
  const stranger = toHex(bytesOf("no certificate"));
  assert.equal(codeOf(await read(stranger, "mallory", "", stranger)), "CERTIFICATE_NOT_LIVE");
});

test("H-17: who opened a box before a certificate of its name came up reads nothing that is meant for the holder", async () => {
  const validity = { validFrom: now - 60_000, validTo: now + 3_600_000 };
  const box = toHex(certificateFields("newcomer", validity).fingerprint);
  assert.equal((await open(box, "mallory")).status, 200);
  assert.equal((await read(box, "mallory")).status, 200);
  assert.equal(await certified("newcomer", validity), box);
  assert.equal((await put(box, bucket(7))).status, 200);
  assert.equal(codeOf(await read(box, "mallory")), "FORBIDDEN");
  assert.equal(letters(await read(box, "newcomer", "", box)).length, 1);
});

test("a nonce serves once, and an old or a future signature not at all", async () => {
  const box = boxOf("nonce");
  await open(box, "owner");
  const url = `${boxUrl(box)}/messages`;
  const headers = signedHeaders(url, keyOf("owner"), { created: now });
  assert.equal((await call(url, { headers })).status, 200);
  assert.equal(codeOf(await call(url, { headers })), "NONCE_REUSED");
  for (const created of [now - 2 * limits.requestSkewMs, now + 2 * limits.requestSkewMs]) {
    const stale = signedHeaders(url, keyOf("owner"), { created });
    assert.equal(codeOf(await call(url, { headers: stale })), "SIGNATURE_INVALID");
  }
});

test("H-15: anybody gets a get ticket for an id, only this institution's doctors a put ticket, for its own chain", async () => {
  const url = `${federation.address(hospital)}/tickets`;
  const object = Buffer.from(bytesOf("object")).toString("base64url");
  const ask = (
    action: string,
    signAs?: { key: string; keyId?: string },
    wish: object = {},
  ): Promise<Reply> => {
    const { chain } = federation.care;
    const body = Buffer.from(JSON.stringify({ vault: "vault", chain, action, object, ...wish }));
    const { key, keyId } = signAs ?? {};
    const headers =
      key === undefined
        ? {}
        : signedHeaders(url, keyOf(key), {
            method: "POST",
            body,
            created: now,
            ...(keyId === undefined ? {} : { keyId }),
          });
    return call(url, { body, headers });
  };
  const ticket = ticketDocument.decode((await ask("get")).bytes);
  const { vault, chain, institution } = ticket;
  assert.deepEqual(
    { vault, chain, institution, action: ticket.action },
    {
      vault: "vault",
      chain: federation.care.chain,
      institution: hospital,
      action: "get",
    },
  );
  assert.equal(codeOf(await ask("get", undefined, { vault: "another" })), "NOT_FOUND");
  assert.equal(codeOf(await ask("get", undefined, { chain: "city-hospital" })), "NOT_FOUND");
  assert.equal(codeOf(await ask("get", undefined, { vault: undefined })), "MALFORMED");
  const consortium = { chain: federation.consortium.chain };
  assert.equal(codeOf(await ask("put", { key: "doctor", keyId: staff }, consortium)), "FORBIDDEN");
  assert.equal(codeOf(await ask("put")), "SIGNATURE_REQUIRED");
  assert.equal(codeOf(await ask("put", { key: "doctor" })), "FORBIDDEN");
  assert.equal((await ask("put", { key: "doctor", keyId: staff })).status, 200);
  assert.equal(codeOf(await ask("put", { key: "mallory", keyId: staff })), "SIGNATURE_INVALID");
  for (const role of ["registrar", "officer"] as const) {
    const keyId = await certified(role, { role });
    assert.equal(codeOf(await ask("put", { key: role, keyId })), "NOT_FOR_THIS_ROLE");
  }
  const elsewhere = await certified("colleague", { institution: authority });
  assert.equal(
    codeOf(await ask("put", { key: "colleague", keyId: elsewhere })),
    "CERTIFICATE_NOT_LIVE",
  );
  assert.equal(codeOf(await ask("delete")), "MALFORMED");
});

test("H-53: so many boxes are opened from one origin in an hour, and so many in all", async () => {
  const small = await NodeFederation.make();
  const clock = { now: Date.now() };
  const options = { now: () => clock.now, boxesPerHour: 2, mailboxBoxes: 3 };
  await small.start(hospital, options);
  const openAt = async (name: string, owner = "owner"): Promise<string | undefined> => {
    const url = `${small.address(hospital)}/boxes/${boxOf(name)}`;
    const reply = await call(url, openingBox(url, keyOf(owner), { created: clock.now }));
    return reply.status === 200 ? "OK" : `${reply.status} ${codeOf(reply)}`;
  };
  assert.deepEqual([await openAt("a"), await openAt("b")], ["OK", "OK"]);
  assert.equal(await openAt("c"), "429 RATE_LIMITED");
  assert.equal(await openAt("c", "another key"), "429 RATE_LIMITED");
  assert.equal(await openAt("a"), "OK", "a box that is open already costs nothing");
  clock.now += 3_600_000;
  assert.equal(await openAt("c"), "OK");
  assert.equal(await openAt("d"), "507 STORAGE_FULL");
  await small.stop(hospital);
  await small.start(hospital, options);
  assert.equal(await openAt("d"), "507 STORAGE_FULL", "the number outlives a restart");
  assert.equal(await openAt("c"), "OK");
  await small.remove();
});

test("H-17: of two who open one box at once, one has it", async () => {
  for (let round = 0; round < 5; round++) {
    const box = boxOf(`race ${round}`);
    const replies = await Promise.all([open(box, "first"), open(box, "second")]);
    assert.deepEqual(replies.map(({ status }) => String(status)).toSorted(), ["200", "403"]);
    const winner = replies[0]!.status === 200 ? "first" : "second";
    assert.equal((await read(box, winner)).status, 200);
  }
});
