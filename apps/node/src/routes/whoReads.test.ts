/** D18: who may read a chain's blocks, and of a grant's use what. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { toHex } from "@anamnesis/crypto/verify";
import { gidOf } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import { authority, hospital, province } from "@anamnesis/testing/federation";
import { holderOf, intentFields, publishFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { signedHeaders } from "@anamnesis/testing/requests";

const grant = keyOf("a grant");
const gid = gidOf(grant.publicKey);
let federation: NodeFederation;
let consortium: Genesis;
let care: Genesis;
const certificates = new Map<string, string>();

before(async () => {
  federation = await NodeFederation.make();
  ({ care, consortium } = federation);
  for (const member of [hospital, authority, province]) await federation.start(member);
  for (const [name, role] of [
    ["reader", "doctor"],
    ["stranger", "doctor"],
    ["auditor", "auditor"],
  ] as const) {
    const fingerprint = await federation.certify(consortium, name, { role });
    certificates.set(name, toHex(fingerprint));
  }
  await federation.openVisit("visit");
  const reader = Buffer.from(certificates.get("reader")!, "hex");
  const fields = publishFields("a grant", {
    expiresAt: Date.now() + 3_600_000,
    reader: holderOf(reader),
  });
  const { bytes } = federation.slip(consortium, "grant.publish", fields, grant);
  const url = federation.url(hospital, consortium, "slips");
  const headers = signedHeaders(url, keyOf("visit"), { method: "POST", body: bytes });
  assert.equal((await federation.post(hospital, consortium, bytes, headers)).status, 200);
  const intent = intentFields("a grant", reader);
  const slip = federation.slip(consortium, "usage.intent", intent, keyOf("reader"));
  await federation.accepted(authority, consortium, slip);
});
after(() => federation.remove());

/** The code of a refusal, or how many entries were given. */
async function usage(key: SigningKeypair, keyId?: string): Promise<string | number> {
  const path = `grants/${gid}/usage`;
  const { json } = await federation.getSigned(authority, consortium, path, key, keyId);
  return json.error?.code ?? (json["usage"] as unknown[]).length;
}

test("attack 8: who used a grant is for its own key, its reader, members and auditors", async () => {
  const { json } = await federation.get(authority, consortium, `grants/${gid}/usage`);
  assert.equal(json.error?.code, "SIGNATURE_REQUIRED");
  assert.equal(await usage(grant), 1);
  assert.equal(await usage(federation.keys.get(province)!.signing), 1, "a member");
  assert.equal(await usage(keyOf("reader"), certificates.get("reader")), 1);
  assert.equal(await usage(keyOf("auditor"), certificates.get("auditor")), 1);
  assert.equal(await usage(keyOf("stranger"), certificates.get("stranger")), 0, "own entries");
  assert.equal(await usage(keyOf("stranger")), "FORBIDDEN");
  assert.equal(await usage(keyOf("visit")), "FORBIDDEN", "another key of the patient's");
});

test("attack 8: blocks are for the nodes of members", async () => {
  for (const chain of [care, consortium]) {
    const blocks = async (key: SigningKeypair, keyId?: string): Promise<string | undefined> =>
      (await federation.getSigned(authority, chain, "blocks", key, keyId)).json.error?.code;
    const { json } = await federation.get(authority, chain, "blocks");
    assert.equal(json.error?.code, "SIGNATURE_REQUIRED");
    assert.equal(await blocks(keyOf("stranger")), "FORBIDDEN");
    assert.equal(await blocks(grant), "FORBIDDEN");
    assert.equal(await blocks(keyOf("reader"), certificates.get("reader")), "FORBIDDEN");
    assert.equal(await blocks(federation.keys.get(province)!.signing), undefined);
  }
});

test("attack 8: a list comes in pages, however often somebody repeats what it is sorted by", async () => {
  const body = bytesOf("a body that somebody repeats");
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const who = i === 0 ? "reader" : "stranger";
    const cert = Buffer.from(certificates.get(who)!, "hex");
    const fields = { cert, body, refusal: bytesOf(`refusal ${i}`) };
    const slip = federation.slip(consortium, "access.request", fields, keyOf(who));
    await federation.accepted(authority, consortium, slip);
    ids.push(slip.id);
  }
  const page = async (query: string) =>
    (await federation.get(authority, consortium, `requests?body=${toHex(body)}${query}`))
      .json as unknown as { requests: { request: string }[]; next?: number };
  const [first, rest] = [await page("&limit=2"), await page("")];
  assert.deepEqual(
    first.requests.map(({ request }) => request),
    ids.slice(0, 2),
  );
  assert.equal(rest.next, undefined);
  const second = await page(`&limit=2&after=${first.next}`);
  const third = await page(`&limit=2&after=${second.next}`);
  assert.equal(third.next, undefined);
  const paged = [first, second, third].flatMap(({ requests }) => requests);
  assert.deepEqual(paged, rest.requests);
  const { json } = await federation.get(
    authority,
    consortium,
    `requests?body=${toHex(body)}&limit=501`,
  );
  assert.equal(json.error?.code, "BAD_REQUEST", "no page is longer");
});
