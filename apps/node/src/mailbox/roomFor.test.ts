/** M-18: half of a box is kept for writers who are expected. Strangers have filled the other half of each box here. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { boxPost, limits, makeReply, proveByCard, proveByReply } from "@anamnesis/protocol";
import type { PostProof } from "@anamnesis/protocol";
import { openingBox, postToBox } from "@anamnesis/testing/boxes";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { authority, hospital } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call, signedHeaders } from "@anamnesis/testing/requests";
import type { Reply as Answer } from "@anamnesis/testing/requests";
import { until } from "@anamnesis/testing/until";

let federation: NodeFederation;
/** A doctor's box, and one that a patient opened. */
let staff: Uint8Array;
let colleague: Uint8Array;
const own = bytesOf("a patient's box");
const postKey = bytesOf("postKey");

before(async () => {
  federation = await NodeFederation.make();
  await federation.start(hospital);
  await federation.start(authority);
  staff = await certified("doctor");
  colleague = await certified("colleague");
  assert.equal(await say(staff, "doctor", { keyId: toHex(staff), postKey }), "OK");
  assert.equal(await say(own, "owner", { postKey }), "OK");
  await federation.openVisit("visit");
  for (const box of [staff, own]) await flood(box);
});
after(() => federation.remove());

async function certified(name: string): Promise<Uint8Array> {
  const { consortium } = federation;
  const fingerprint = await federation.certify(consortium, name);
  await until("the hospital has the certificate", async () => {
    const path = `certificates/${toHex(fingerprint)}`;
    return (await federation.get(hospital, consortium, path)).status === 200;
  });
  return fingerprint;
}

const url = (box: Uint8Array): string => `${federation.address(hospital)}/boxes/${toHex(box)}`;
const codeOf = ({ status, json }: Answer): string => (status === 200 ? "OK" : json.error!.code);
const message = (): Uint8Array => randomBytes(limits.messageBucketBytes);

/** Opens a box, or says its postKey. */
const say = async (
  box: Uint8Array,
  owner: string,
  options: Parameters<typeof openingBox>[2],
): Promise<string> => codeOf(await call(url(box), openingBox(url(box), keyOf(owner), options)));

const post = async (
  box: Uint8Array,
  sealed: Uint8Array,
  options: Parameters<typeof postToBox>[2] = {},
): Promise<string> => codeOf(await postToBox(url(box), sealed, options));

/** Strangers send what they can; it fills only the part that is not reserved. */
async function flood(box: Uint8Array): Promise<void> {
  const large = new Uint8Array(limits.messageBytes);
  const room = (limits.boxBytes - limits.boxReservedBytes) / limits.messageBytes;
  for (let sent = 0; sent < room; sent += 1) assert.equal(await post(box, large), "OK");
  assert.equal(await post(box, large), "BOX_FULL");
  assert.equal(await post(box, message()), "BOX_FULL");
}

const day = 24 * 3_600_000;
const nonce = (label: string): Uint8Array => bytesOf(label, 16);
const replyUntil = (label: string, notAfter: number, key = postKey) =>
  makeReply(key, { nonce: nonce(label), notAfter });

interface Row {
  readonly who: string;
  readonly want: "OK" | "BOX_FULL";
  proof(box: Uint8Array, sealed: Uint8Array): PostProof;
}
const rows: readonly Row[] = [
  {
    who: "has the contact card",
    want: "OK",
    proof: (box, sealed) => proveByCard(postKey, { box, sealed }),
  },
  {
    who: "has another card",
    want: "BOX_FULL",
    proof: (box, sealed) => proveByCard(bytesOf("another"), { box, sealed }),
  },
  {
    who: "replays a proof with another message",
    want: "BOX_FULL",
    proof: (box) => proveByCard(postKey, { box, sealed: message() }),
  },
  {
    who: "replays a proof at another box",
    want: "BOX_FULL",
    proof: (_, sealed) => proveByCard(postKey, { box: bytesOf("another box"), sealed }),
  },
  {
    who: "answers a request",
    want: "OK",
    proof: (box, sealed) =>
      proveByReply(replyUntil(`a ${toHex(box)}`, Date.now() + day), { box, sealed }),
  },
  {
    who: "answers a request of somebody else",
    want: "BOX_FULL",
    proof: (box, sealed) =>
      proveByReply(replyUntil("b", Date.now() + day, bytesOf("another")), { box, sealed }),
  },
  {
    who: "answers too late",
    want: "BOX_FULL",
    proof: (box, sealed) => proveByReply(replyUntil("c", Date.now() - 1), { box, sealed }),
  },
  {
    who: "answers too late and says another time",
    want: "BOX_FULL",
    proof: (box, sealed) => {
      const reply = replyUntil("d", Date.now() - 1);
      return proveByReply({ ...reply, notAfter: Date.now() + day }, { box, sealed });
    },
  },
  {
    who: "has a reply that would have to be remembered for years",
    want: "BOX_FULL",
    proof: (box, sealed) => proveByReply(replyUntil("e", Date.now() + 400 * day), { box, sealed }),
  },
  {
    who: "shows a reply's key as the card's",
    want: "BOX_FULL",
    proof: (box, sealed) => proveByCard(replyUntil("f", Date.now() + day).key, { box, sealed }),
  },
];
for (const { who, want, proof } of rows) {
  test(`who ${who} ${want === "OK" ? "still gets in" : "counts as a stranger"}`, async () => {
    for (const box of [staff, own]) {
      const sealed = message();
      assert.equal(await post(box, sealed, { proof: proof(box, sealed) }), want);
    }
  });
}

test("a reply serves once, also after a restart", async () => {
  const reply = replyUntil("once", Date.now() + day);
  const answer = async (): Promise<string> => {
    const sealed = message();
    return post(staff, sealed, { proof: proveByReply(reply, { box: staff, sealed }) });
  };
  const both = await Promise.all([answer(), answer()]);
  assert.deepEqual(both.toSorted(), ["BOX_FULL", "OK"]);
  await federation.stop(hospital);
  await federation.start(hospital);
  assert.equal(await answer(), "BOX_FULL");
  const sealed = message();
  const byCard = { proof: proveByCard(postKey, { box: staff, sealed }) };
  assert.equal(await post(staff, sealed, byCard), "OK", "the postKey outlives a restart, too");
});

test("a visit that is open gets into the box of staff, no other visit, and no other box", async () => {
  assert.equal(await post(staff, message(), { signed: keyOf("visit") }), "OK");
  assert.equal(await post(staff, message(), { signed: keyOf("no visit") }), "BOX_FULL");
  assert.equal(await post(own, message(), { signed: keyOf("visit") }), "BOX_FULL");
});

test("a certificate opens no room: it would join visits", async () => {
  const sealed = message();
  const to = `${url(staff)}/messages`;
  const body = boxPost.encode({ v: 1, sealed, proof: null });
  const keyId = toHex(colleague);
  const headers = signedHeaders(to, keyOf("colleague"), { method: "POST", body, keyId });
  assert.equal(codeOf(await call(to, { body, headers })), "FORBIDDEN");
});

test("only its owner says a box's postKey, and may change it", async () => {
  const theirs = bytesOf("mallory's");
  const refused = [
    await say(own, "mallory", { postKey: theirs }),
    await say(staff, "mallory", { postKey: theirs }),
    await say(staff, "colleague", { postKey: theirs, keyId: toHex(colleague) }),
    await say(own, "colleague", { postKey: theirs, keyId: toHex(colleague) }),
    await say(staff, "mallory", { postKey: theirs, keyId: toHex(staff) }),
  ];
  assert.deepEqual(refused, [...Array<string>(4).fill("FORBIDDEN"), "SIGNATURE_INVALID"]);
  const writes = async (box: Uint8Array, key: Uint8Array): Promise<string> => {
    const sealed = message();
    return post(box, sealed, { proof: proveByCard(key, { box, sealed }) });
  };
  for (const box of [staff, own])
    assert.deepEqual([await writes(box, theirs), await writes(box, postKey)], ["BOX_FULL", "OK"]);
  const next = bytesOf("the next");
  assert.equal(await say(own, "owner", { postKey: next }), "OK");
  assert.deepEqual([await writes(own, postKey), await writes(own, next)], ["BOX_FULL", "OK"]);
});

test("expected writers fill a box to its end, and no further", async () => {
  const box = bytesOf("another patient's box");
  assert.equal(await say(box, "owner", { postKey }), "OK");
  const sealed = new Uint8Array(limits.messageBytes);
  const proof = proveByCard(postKey, { box, sealed });
  for (let sent = 0; sent < limits.boxBytes / limits.messageBytes; sent += 1)
    assert.equal(await post(box, sealed, { proof }), "OK");
  assert.equal(await post(box, sealed, { proof }), "BOX_FULL");
});
