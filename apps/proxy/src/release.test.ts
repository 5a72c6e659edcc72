import assert from "node:assert/strict";
import { after, test } from "node:test";
import { blameShares, checkedGrant, openAsReader, replyKey } from "@anamnesis/crypto/open";
import { openSymmetric, openWith } from "@anamnesis/crypto/box";
import { at, enc, fromHex, grantContext, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId, evidence, grantSecret, hpkeInfo, reencryptRequest } from "@anamnesis/protocol";
import type { AskedFor, Evidence, ReencryptRequest } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { answerItems } from "@anamnesis/testing/proxy/calls";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { forwarded } from "@anamnesis/testing/forwarded";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import type { Reader } from "@anamnesis/testing/proxy/federation";
import type { MadeRecord } from "@anamnesis/testing/proxy/records";

const federation = await ProxyFederation.start([1, 2, 3, 4]);
after(() => federation.stop());
const { nodes } = federation.parties;
const reader = await federation.newReader("Dr. Reader");
let count = 0;
const [record, sibling] = [await federation.newRecord(), await federation.newRecord()];
const grant = await federation.granted(reader, [record, sibling]);

const sealedHead = ({ header, headerHash, capsules }: MadeRecord) => ({
  header,
  ctx: headerHash,
  capsules,
});

async function openedGrant(made: MadeGrant, who: Reader) {
  const { X, tags } = grantSecret.decode(
    await openWith({
      secretKey: who.box.secretKey,
      info: hpkeInfo.grant,
      aad: grantContext(made.bytes),
      sealed: made.sealed,
    }),
  );
  return checkedGrant({
    grant: made.bytes,
    gid: fromHex(made.gid),
    k: 3,
    indices: [1, 2, 3, 4],
    X,
    tags: made.grant.tags.map(({ tag, pid }, t) => ({ tag, pid, ...at(tags, t) })),
    commitments: made.dealt.commitments,
  });
}

async function answers(
  askedFor: AskedFor,
  records: readonly MadeRecord[],
  indices: readonly number[],
) {
  const intent = federation.intent(
    reader,
    grant,
    records.map(({ digest }) => digest),
  );
  const request = federation.request(grant.gid, intent, records);
  const given = await Promise.all(
    indices.map(async (index) => {
      const path = askedFor === "shares" ? "/reencrypt" : "/proofs";
      const answer = await federation.ask(index, path, request, reader);
      assert.equal(answer.status, 200);
      const sealed = new Uint8Array(await answer.arrayBuffer());
      const items = await answerItems(index, askedFor, request, reader, sealed);
      return { index, items, sealed };
    }),
  );
  return { intent, request, given };
}

async function evidenceOf(index: number, { gid, keys }: MadeGrant): Promise<Evidence> {
  const answer = await federation.send(
    index,
    { method: "GET", path: `/grants/${gid}/evidence` },
    bareKeyId(keys.publicKey),
    keys.secretKey,
  );
  assert.equal(answer.status, 200);
  return evidence.decode(new Uint8Array(await answer.arrayBuffer()));
}

test("any three of four proxies open each record asked for, two open none", async () => {
  const opened = await openedGrant(grant, reader);
  const { given } = await answers("shares", [record, sibling], [1, 2, 3, 4]);
  for (const [at, target] of [record, sibling].entries()) {
    const replies = given.map(({ index, items }) => ({ index, reply: items[at]! }));
    const keys = new Set<string>();
    for (const left of [1, 2, 3, 4]) {
      const three = replies.filter(({ index }) => index !== left);
      keys.add(
        toHex(await openAsReader({ grant: opened, record: sealedHead(target), replies: three })),
      );
    }
    assert.equal(keys.size, 1);
    await assert.rejects(
      openAsReader({ grant: opened, record: sealedHead(target), replies: replies.slice(2) }),
      { code: "E_DECRYPT" },
    );
  }
});

test("shares leave under the reader's reply key only, bound to grant, tag and capsule", async () => {
  const { given } = await answers("shares", [record, sibling], [1, 2, 3]);
  const opened = await openedGrant(grant, reader);
  const swapped = given.map(({ index, items }) => ({ index, reply: items[1]! }));
  await assert.rejects(
    openAsReader({ grant: opened, record: sealedHead(record), replies: swapped }),
    { code: "E_DECRYPT" },
  );
});

test("an answer opens for the intent's certificate alone, and as what it is: X and the reply key are not enough", async () => {
  const { given, request } = await answers("shares", [record], [1]);
  const [{ sealed, items } = assert.fail()] = given;
  const colleague = await federation.newReader(`Dr. Colleague ${(count += 1)}`);
  const open = (
    change: Partial<ReencryptRequest> = {},
    { who = reader, index = 1, askedFor = "shares" as AskedFor } = {},
  ) => answerItems(index, askedFor, { ...request, ...change }, who, sealed);
  assert.deepEqual(await open(), items);
  // What a colleague who held X lacks is this box key: with it the reply key would open the share.
  const X = await openedGrant(grant, reader);
  const reply = { key: replyKey(X, 1), aad: new Uint8Array(0), sealed };
  await assert.rejects(openSymmetric(reply), { code: "E_DECRYPT" });
  for (const other of [
    () => open({}, { who: colleague }),
    () => open({ intent: randomBytes(32) }),
    () => open({ gid: randomBytes(32) }),
    () => open({}, { index: 2 }),
    () => open({}, { askedFor: "proofs" }),
  ])
    await assert.rejects(other(), { code: "E_DECRYPT" });
});

test("a certificate without a key to seal to is answered nothing", async () => {
  const keyless = await federation.newReader(`Dr. Keyless ${(count += 1)}`, {
    boxKey: new Uint8Array(1216).fill(255),
  });
  const made = await federation.granted(keyless, [record]);
  assert.equal(
    await codeOf(await federation.open(1, keyless, made, [record])),
    "CERTIFICATE_INVALID",
  );
  assert.deepEqual((await evidenceOf(1, made)).intents, []);
});

test("proofs name the proxy that lied", async () => {
  const opened = await openedGrant(grant, reader);
  const shares = await answers("shares", [record], [1, 2, 3]);
  const proofs = await answers("proofs", [record], [1, 2, 3]);
  const given = await Promise.all(
    shares.given.map(async ({ index, items }, at) => {
      const proof = await openSymmetric({
        key: replyKey(opened, index),
        aad: enc("proof", fromHex(proofs.intent.id), record.digest),
        sealed: proofs.given[at]!.items[0]!,
      });
      assert.equal(proof.length, 80);
      return { index, reply: items[0]!, proof };
    }),
  );
  assert.deepEqual(
    await blameShares({ grant: opened, record: sealedHead(record), answers: given }),
    [],
  );
  const [honest, ...rest] = given;
  const lying = [honest!, { ...rest[0]!, proof: rest[1]!.proof }, rest[1]!];
  assert.deepEqual(
    await blameShares({ grant: opened, record: sealedHead(record), answers: lying }),
    [2],
  );
});

test("I8: an answer is in the evidence that the grant's owner reads, a refusal is not", async () => {
  const made = await federation.granted(reader, [record]);
  const intent = federation.intent(reader, made, [record.digest]);
  const request = federation.request(made.gid, intent, [record]);
  assert.equal(
    await codeOf(await federation.ask(1, "/reencrypt", { ...request, purpose: "HRESCH" }, reader)),
    "PURPOSE_NOT_GRANTED",
  );
  assert.deepEqual((await evidenceOf(1, made)).intents, []);

  assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), "OK");
  const time = federation.now;
  nodes.clock.now += 1_000;
  assert.equal(
    await codeOf(await federation.ask(1, "/reencrypt", request, reader)),
    "OK",
    "a retry of the same intent",
  );
  const { intents, receipt } = await evidenceOf(1, made);
  assert.deepEqual(intents, [
    {
      intent: fromHex(intent.id),
      reader: reader.fingerprint,
      salt: intent.salt,
      action: "read",
      purpose: "TREAT",
      digests: [record.digest],
      time,
    },
  ]);
  assert.equal(receipt, null);
  assert.deepEqual((await evidenceOf(2, made)).intents, [], "another proxy answered nothing");
});

test("evidence is for the grant's own key only", async () => {
  const path = `/grants/${grant.gid}/evidence`;
  const get = (keyId: string, secretKey: Uint8Array) =>
    federation.send(1, { method: "GET", path }, keyId, secretKey);
  const stranger = keyOf("somebody");
  assert.equal(
    await codeOf(await get(bareKeyId(stranger.publicKey), stranger.secretKey)),
    "FORBIDDEN",
  );
  assert.equal(
    await codeOf(await get(bareKeyId(grant.keys.publicKey), stranger.secretKey)),
    "SIGNATURE_INVALID",
  );
  assert.equal(
    await codeOf(await get(toHex(reader.fingerprint), keyOf(reader.name).secretKey)),
    "FORBIDDEN",
  );
  assert.equal(
    await codeOf(await fetch(federation.addresses.get(1)! + path)),
    "SIGNATURE_REQUIRED",
  );
});

test("a request that is sent again as it was is refused", async () => {
  const intent = federation.intent(reader, grant, [record.digest]);
  const body = reencryptRequest.encode(federation.request(grant.gid, intent, [record]));
  const request = { method: "POST", path: `/grants/${grant.gid}/reencrypt`, body };
  const { secretKey } = keyOf(reader.name);
  const { init } = federation.signed(1, request, toHex(reader.fingerprint), secretKey);
  const send = async (index: number, path: string) =>
    codeOf(await fetch(`${federation.addresses.get(index)!}/grants/${grant.gid}${path}`, init));
  assert.equal(await send(1, "/reencrypt"), "OK");
  assert.equal(await send(1, "/reencrypt"), "NONCE_REUSED");
  assert.equal(await send(1, "/proofs"), "READER_SIGNATURE", "it was signed for another path");
  assert.equal(await send(2, "/reencrypt"), "READER_SIGNATURE", "it was signed for another proxy");
});

test("a proxy's request is refused by another that gets it under the first one's name", async () => {
  const intent = federation.intent(reader, grant, [record.digest]);
  const body = reencryptRequest.encode(federation.request(grant.gid, intent, [record]));
  const request = { method: "POST", path: `/grants/${grant.gid}/reencrypt`, body };
  const { secretKey } = keyOf(reader.name);
  const { init } = federation.signed(1, request, toHex(reader.fingerprint), secretKey);
  const { host } = new URL(federation.addresses.get(1)!);
  const sendTo = (index: number) =>
    forwarded(`${federation.addresses.get(index)}${request.path}`, host, init);
  assert.equal(await sendTo(2), "READER_SIGNATURE");
  assert.equal(await sendTo(1), "OK", "what proxy 2 refused was good at proxy 1");
});

test("a request that was answered is refused after a restart", async (t) => {
  const alone = await ProxyFederation.start([]);
  t.after(() => alone.stop());
  const stop = await alone.run(1);
  const port = Number(new URL(alone.addresses.get(1)!).port);
  const who = await alone.newReader("Dr. Again");
  const records = [await alone.newRecord()];
  const made = await alone.granted(who, records);
  const intent = alone.intent(who, made, [records[0]!.digest]);
  const body = reencryptRequest.encode(alone.request(made.gid, intent, records));
  const request = { method: "POST", path: `/grants/${made.gid}/reencrypt`, body };
  const { secretKey } = keyOf(who.name);
  const { init } = alone.signed(1, request, toHex(who.fingerprint), secretKey);
  const send = async () => codeOf(await fetch(alone.addresses.get(1)! + request.path, init));
  assert.equal(await send(), "OK");
  await stop();
  await alone.run(1, { port });
  assert.equal(await send(), "NONCE_REUSED");
});

test("a reader gets so many capsules a minute, and more the next", async (t) => {
  const slow = await ProxyFederation.start([1], { capsulesPerMinute: 3 });
  t.after(() => slow.stop());
  const who = await slow.newReader("Dr. Hasty");
  const records = [await slow.newRecord(), await slow.newRecord()];
  const made = await slow.granted(who, records);
  assert.equal(await codeOf(await slow.open(1, who, made, records)), "OK");
  const second = await slow.open(1, who, made, records);
  assert.equal(second.status, 429);
  assert.equal(await codeOf(second), "RATE_LIMITED");
  assert.equal(await codeOf(await slow.open(1, who, made, records.slice(1))), "OK");
  slow.parties.nodes.clock.now += 60_000;
  assert.equal(await codeOf(await slow.open(1, who, made, records)), "OK");
});
