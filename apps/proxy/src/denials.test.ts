import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  askedPaths,
  bareKeyId,
  evidenceOf,
  fingerprintFrom,
  isAskedAs,
  limits,
  parseGid,
  reencryptRequest,
  signedRequest,
} from "@anamnesis/protocol";
import type { SignedRequest } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { unsignedRequest } from "@anamnesis/testing/unsignedRequest";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { codeOf } from "@anamnesis/testing/requests";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { KeptRequests } from "./keptRequests.ts";

const federation = await ProxyFederation.start([1, 2]);
after(() => federation.stop());
const { nodes } = federation.parties;
const reader = await federation.newReader("Dr. Reader");
let count = 0;
/** Somebody who was not here before. */
const newReader = () => federation.newReader(`Dr. ${(count += 1)}`);
const record = await federation.newRecord();

test("usage.denied tells the patient of vain tries, once a minute for one reader, with the hash of what was asked", async () => {
  const thief = await newReader();
  const denied = () =>
    nodes.posted
      .filter((slip) => slip.kind === "usage.denied")
      .filter(({ fields }) => toHex(fields.cert) === toHex(thief.fingerprint));
  const made = await federation.granted(reader, [record]);
  const intent = federation.intent(reader, made, [record.digest]);
  const request = federation.request(made.gid, intent, [record]);
  const ask = async () => codeOf(await federation.ask(1, "/reencrypt", request, thief));
  assert.equal(await ask(), "GRANT_NOT_HELD");
  await until(() => denied().length === 1);
  const { fields } = denied()[0]!;
  assert.deepEqual([toHex(fields.gid), fields.proxy, fields.code], [made.gid, 1, "GRANT_NOT_HELD"]);

  assert.equal(await ask(), "GRANT_NOT_HELD");
  nodes.clock.now += 61_000;
  assert.equal(await ask(), "GRANT_NOT_HELD");
  await until(() => denied().length === 2);

  const unknown = { ...request, gid: fromHex("77".repeat(32)) };
  assert.equal(
    await codeOf(await federation.ask(2, "/reencrypt", unknown, thief)),
    "GRANT_NOT_HELD",
  );
  assert.equal(
    await codeOf(await federation.ask(2, "/reencrypt", request, { ...thief, name: "forger" })),
    "READER_SIGNATURE",
  );
  const last = await newReader();
  assert.equal(
    await codeOf(
      await federation.ask(
        2,
        "/reencrypt",
        federation.request(made.gid, federation.intent(reader, made, [record.digest]), [record]),
        last,
      ),
    ),
    "GRANT_NOT_HELD",
  );
  await until(() =>
    nodes.posted.some(
      (slip) => slip.kind === "usage.denied" && toHex(slip.fields.cert) === toHex(last.fingerprint),
    ),
  );
  assert.equal(denied().length, 2, "neither an unknown grant nor a forged signature is posted");
});

/** Turns a thief away. @returns the hash that stands on the chain. */
async function turnedAway(made: MadeGrant) {
  const thief = await newReader();
  const intent = federation.intent(reader, made, [record.digest]);
  const request = federation.request(made.gid, intent, [record]);
  assert.equal(
    await codeOf(await federation.ask(1, "/reencrypt", request, thief)),
    "GRANT_NOT_HELD",
  );
  const denials = () =>
    nodes.posted.flatMap((slip) =>
      slip.kind === "usage.denied" && toHex(slip.fields.cert) === toHex(thief.fingerprint)
        ? [slip]
        : [],
    );
  await until(() => denials().length === 1);
  return { thief, denial: denials()[0]! };
}

const read = (path: string, keyId: string, secretKey: Uint8Array): Promise<Response> =>
  federation.send(1, { method: "GET", path }, keyId, secretKey);

test("the request that was turned away is kept for the grant's own key, and proves who asked", async () => {
  const made = await federation.granted(reader, [record]);
  const other = await federation.granted(reader, [record]);
  const { thief, denial } = await turnedAway(made);
  const hash = toHex(denial.fields.evidence);
  const path = `/grants/${made.gid}/denied/${hash}`;
  const { publicKey, secretKey } = made.keys;
  const answer = await read(path, bareKeyId(publicKey), secretKey);
  assert.equal(answer.status, 200);
  const request = signedRequest.decode(new Uint8Array(await answer.arrayBuffer()));
  assert.equal(toHex(evidenceOf(request)), hash);
  assert.ok(
    isAskedAs(request, {
      reader: fingerprintFrom(thief.fingerprint),
      signingKey: keyOf(thief.name).publicKey,
      authority: new URL(federation.addresses.get(1)!).host,
      paths: askedPaths(parseGid(made.gid)),
      time: denial.time,
    }),
  );

  const stranger = keyOf("somebody");
  const refusals = [
    read(path, bareKeyId(stranger.publicKey), stranger.secretKey),
    read(path, bareKeyId(other.keys.publicKey), other.keys.secretKey),
    read(path, toHex(thief.fingerprint), keyOf(thief.name).secretKey),
    read(
      `/grants/${other.gid}/denied/${hash}`,
      bareKeyId(other.keys.publicKey),
      other.keys.secretKey,
    ),
    read(`/grants/${made.gid}/denied/${"0".repeat(64)}`, bareKeyId(publicKey), secretKey),
  ];
  assert.deepEqual(await Promise.all(refusals.map(async (each) => codeOf(await each))), [
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "NOT_FOUND",
    "NOT_FOUND",
  ]);
});

test("a request whose signed path names the grant otherwise than its body is refused", async () => {
  const made = await federation.granted(reader, [record]);
  const intent = federation.intent(reader, made, [record.digest]);
  const body = reencryptRequest.encode(federation.request(made.gid, intent, [record]));
  const send = async (path: string): Promise<string> => {
    const request = { method: "POST", path, body };
    const { secretKey } = keyOf(reader.name);
    return codeOf(await federation.send(1, request, toHex(reader.fingerprint), secretKey));
  };
  const escaped = `%${made.gid.charCodeAt(0).toString(16)}${made.gid.slice(1)}`;
  assert.equal(await send(`/grants/${"7".repeat(64)}/reencrypt`), "BAD_REQUEST");
  assert.equal(await send(`/grants/${escaped}/reencrypt`), "BAD_REQUEST");
  assert.equal(await send(`/grants/${made.gid}/reencrypt`), "OK");
});

test("KeptRequests keeps so many of a grant, the newest, and none for longer than limits say", async (t) => {
  const kept = new KeptRequests(await temporaryFolder("anamnesis-kept-"), 2);
  t.after(() => kept.close());
  const [gid, other] = ["ab".repeat(32), "cd".repeat(32)];
  const request = (): SignedRequest => ({ ...unsignedRequest, input: toHex(randomBytes(16)) });
  const hashes: string[] = [];
  for (const time of [1_000, 2_000, 3_000])
    hashes.push(toHex(await kept.keep(gid, request(), time)));
  const elsewhere = toHex(await kept.keep(other, request(), 1_000));
  const held = () =>
    [...hashes, elsewhere].map((hash, i) => kept.find(i < 3 ? gid : other, hash) !== undefined);
  assert.deepEqual(held(), [false, true, true, true]);
  assert.equal(kept.find(other, hashes[1]!), undefined, "another grant's");
  await kept.forget(limits.deniedKeptMs + 2_000);
  assert.deepEqual(held(), [false, true, true, false]);
  await kept.forget(limits.deniedKeptMs + 2_001);
  assert.deepEqual(held(), [false, false, true, false]);
});

async function until(done: () => boolean): Promise<void> {
  for (let left = 250; !done(); left -= 1) {
    assert.ok(left > 0, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
