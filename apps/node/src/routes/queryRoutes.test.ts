import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fromHex, sha256, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  decodeHead,
  decodeSlipProof,
  decodeStateProof,
  encodeSlipProof,
  gidOf,
  grantState,
  nodeRoutes,
  pageHash,
  pidOf,
  verifyHead,
  verifyPageSignature,
  verifySlipProof,
  verifyStateProof,
} from "@anamnesis/protocol";
import type { Genesis, Head, ResponseOf, SlipProof } from "@anamnesis/protocol";
import { holderOf, intentFields, publishFields, revokeFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { authority, hospital, province } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { signedHeaders } from "@anamnesis/testing/requests";
import { until } from "@anamnesis/testing/until";

let federation: NodeFederation;
let care: Genesis;
let consortium: Genesis;
let doctor: Uint8Array;
let reader: Uint8Array;
let pid: Uint8Array;

before(async () => {
  federation = await NodeFederation.make({ params: { pageSlips: 4, pageSeconds: 3_600 } });
  ({ care, consortium } = federation);
  for (const member of [hospital, authority, province]) await federation.start(member);
  doctor = await federation.certify(care, "doctor");
  reader = await federation.certify(consortium, "reader");
  pid = await federation.openVisit("visit");
});
after(() => federation.remove());

const read = async (chain: Genesis, path: string, at: string = chain.writer) => {
  const { json } = await federation.get(at, chain, path);
  return json;
};
const codeAt = async (chain: Genesis, path: string): Promise<string | undefined> =>
  (await read(chain, path)).error?.code;
const record = (label: string): MadeSlip =>
  federation.record({ pid, doctor: "doctor", cert: doctor, label });
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** A second member's head of the height that a proof was made at. */
async function headOf(chain: Genesis, institution: string, height: number): Promise<Head> {
  const { bytes } = await federation.get(institution, chain, `heads/${height}`);
  return decodeHead(bytes);
}

async function slipProof(chain: Genesis, id: string): Promise<SlipProof> {
  const { status, bytes } = await federation.get(chain.writer, chain, `slips/${id}/proof`);
  assert.equal(status, 200);
  const proof = decodeSlipProof(bytes);
  return { ...proof, heads: [...proof.heads, await headOf(chain, province, proof.height)] };
}

const isRefused = (chain: Genesis, proof: SlipProof): void =>
  assert.throws(
    () => verifySlipProof(chain, proof),
    (error) => error instanceof AnamnesisError && error.code === "PROOF_INVALID",
  );

test("H-9: a slip is proved in the open page and, later, in its sealed page, by heads of two members", async () => {
  const slip = record("proved");
  await federation.accepted(hospital, care, slip);
  const open = await slipProof(care, slip.id);
  const first = verifySlipProof(care, open);
  assert.equal(first.slip.id, slip.id);
  assert.deepEqual(first.signers.toSorted(), [hospital, province]);
  for (let i = 0; i < 4; i++) await federation.accepted(hospital, care, record(`filler ${i}`));
  const sealed = await slipProof(care, slip.id);
  assert.equal(sealed.place.in, "page");
  const { countersigned } = verifySlipProof(care, sealed);
  assert.deepEqual(countersigned, [hospital]);
});

test("H-9: a proof with one head, two of one member, or of another slip or chain proves nothing", async () => {
  const slip = record("attacked");
  await federation.accepted(hospital, care, slip);
  const proof = await slipProof(care, slip.id);
  const [own, other] = proof.heads as [Head, Head];
  isRefused(care, { ...proof, heads: [own] });
  isRefused(care, { ...proof, heads: [own, own] });
  isRefused(care, { ...proof, heads: [own, { ...other, institution: own.institution }] });
  isRefused(care, { ...proof, heads: [own, { ...other, appHash: bytesOf("another state") }] });
  isRefused(care, { ...proof, slip: record("never posted").bytes });
  isRefused(care, { ...proof, carrier: care.members[1]!.id });
  isRefused(consortium, proof);
});

test("I7: no flipped bit of a slip proof goes unnoticed", async () => {
  const slip = record("flipped");
  await federation.accepted(hospital, care, slip);
  const bytes = encodeSlipProof(await slipProof(care, slip.id));
  for (let at = 0; at < bytes.length; at += 7) {
    const flipped = Uint8Array.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    assert.throws(() => verifySlipProof(care, decodeSlipProof(flipped)), `byte ${at}`);
  }
});

test("H-9: a slip that is not there has no proof", async () => {
  assert.equal(await codeAt(care, `slips/${toHex(bytesOf("none"))}/proof`), "NOT_FOUND");
  assert.equal(await codeAt(care, `slips/${toHex(bytesOf("none"))}`), "NOT_FOUND");
  assert.equal(await codeAt(care, "slips/xyz"), "BAD_REQUEST");
});

test("H-8, H-11: a slip and the record it began are found by id, tag and visit", async () => {
  const slip = record("found");
  await federation.accepted(hospital, care, slip);
  const view = await read(care, `slips/${slip.id}`);
  assert.equal(view["carrier"], hospital);
  assert.equal(view["slip"], base64url(slip.bytes));
  const tag = toHex(bytesOf("tag found", 16));
  const { records } = (await read(care, `records?tag=${tag}`)) as { records?: object[] };
  assert.equal(records?.length, 1);
  const [found] = records as { record: string; pid: string; versions: object[] }[];
  assert.deepEqual([found!.record, found!.pid], [slip.id, toHex(pid)]);
  assert.equal(found!.versions.length, 1);
  const ofVisit = (await read(care, `records?pid=${toHex(pid)}`)) as { records?: object[] };
  assert.ok(ofVisit.records!.length > 1);
  assert.equal(await codeAt(care, "records"), "BAD_REQUEST");
  assert.equal(await codeAt(care, `records?tag=${tag}&pid=${toHex(pid)}`), "BAD_REQUEST");
  assert.equal(await codeAt(care, "records?tag=xyz"), "BAD_REQUEST");
});

async function pageAt(
  no: number,
  institution?: string,
): Promise<ResponseOf<typeof nodeRoutes.getPage>> {
  const json = await read(care, `pages/${no}`, institution);
  return nodeRoutes.getPage.response.decode(Buffer.from(JSON.stringify(json)));
}

test("H-7: a sealed page is countersigned by each member that executed it", async () => {
  for (const institution of [hospital, authority, province]) {
    await until(
      `page 0 is sealed at ${institution}`,
      async () => (await federation.get(institution, care, "pages/0")).status === 200,
    );
    const { header: page, signature: bytes } = await pageAt(0, institution);
    const { nodeKey } = care.members.find(({ id }) => id === institution)!;
    assert.equal(verifyPageSignature(care.chain, page, bytes, nodeKey), true);
    const another = { ...page, merkleRoot: bytesOf("another root") };
    assert.equal(verifyPageSignature(care.chain, another, bytes, nodeKey), false);
  }
  const [first, second] = [await pageAt(0), await pageAt(1)];
  assert.deepEqual(second.header.prevHash, pageHash(first.header));
  assert.equal(await codeAt(care, "pages/100000"), "NOT_YET");
  assert.equal(await codeAt(care, "pages/-1"), "BAD_REQUEST");
});

test("H-10, H-12, H-12a: a grant's life, with proofs of its absence, presence and revocation", async () => {
  const grant = keyOf("a grant");
  const gid = gidOf(grant.publicKey);
  const proved = async () => {
    const { bytes } = await federation.get(authority, consortium, `state/grants/${gid}/proof`);
    const proof = decodeStateProof(bytes);
    const heads = [...proof.heads, await headOf(consortium, province, proof.height)];
    return verifyStateProof(consortium, { ...proof, heads }).value;
  };
  assert.equal(await proved(), undefined);
  assert.equal(await codeAt(consortium, `grants/${gid}`), "NOT_FOUND");

  const expiresAt = Date.now() + 3_600_000;
  const fields = publishFields("a grant", { expiresAt, reader: holderOf(reader) });
  const publish = federation.slip(consortium, "grant.publish", fields, grant);
  const url = federation.url(hospital, consortium, "slips");
  const headers = signedHeaders(url, keyOf("visit"), { method: "POST", body: publish.bytes });
  assert.equal((await federation.post(hospital, consortium, publish.bytes, headers)).status, 200);
  assert.equal(grantState.decode((await proved())!).revokedAt, 0);

  const intent = federation.slip(
    consortium,
    "usage.intent",
    intentFields("a grant", reader),
    keyOf("reader"),
  );
  await federation.accepted(authority, consortium, intent);
  const done = { cert: reader, intent: fromHex(intent.id), proxies: [1, 2, 3] };
  await federation.accepted(
    authority,
    consortium,
    federation.slip(consortium, "usage.done", done, keyOf("reader")),
  );
  const revoke = revokeFields("a grant");
  await federation.accepted(
    authority,
    consortium,
    federation.slip(consortium, "grant.revoke", revoke, grant),
  );
  const view = await read(consortium, `grants/${gid}`);
  assert.ok(Number(view["revokedAt"]) > 0 && !("usage" in view));
  const used = async (query: string) =>
    (await federation.getSigned(authority, consortium, `grants/${gid}/usage?${query}`, grant)).json;
  const first = await used("limit=1");
  const rest = await used(`after=${String(first["next"])}`);
  assert.ok(!("next" in rest));
  const usage = [first, rest].flatMap((page) => page["usage"]) as {
    kind: string;
    reader: string;
  }[];
  assert.deepEqual(
    usage.map(({ kind }) => kind),
    ["usage.intent", "usage.done"],
  );
  assert.equal(usage[0]!.reader, toHex(reader));
  assert.ok(Number(view["revokedAt"]) > 0);
  assert.ok(grantState.decode((await proved())!).revokedAt > 0);
  const late = federation.slip(
    consortium,
    "usage.intent",
    intentFields("a grant", reader, { commitment: bytesOf("too late") }),
    keyOf("reader"),
  );
  const refused = await federation.post(authority, consortium, late.bytes);
  assert.deepEqual([refused.status, refused.json.error?.code], [409, "GRANT_REVOKED"]);
  assert.equal(await codeAt(consortium, "state/records/x/proof"), "BAD_REQUEST");
  assert.equal(await codeAt(consortium, `state/grants/${"x".repeat(65)}/proof`), "BAD_REQUEST");
});

test("H-12: a visit names its institution; one that is not open is NOT_FOUND", async () => {
  const view = await read(care, `sessions/${pidOf(keyOf("visit").publicKey)}`);
  assert.equal(view["institution"], hospital);
  assert.equal(await codeAt(care, `sessions/${toHex(bytesOf("no visit"))}`), "NOT_FOUND");
});

test("H-13, H-2: a request and its refusal, which wants an open visit and the secret", async () => {
  const r = bytesOf("secret");
  const fields = { cert: reader, body: bytesOf("body"), refusal: sha256(r) };
  const request = federation.slip(consortium, "access.request", fields, keyOf("reader"));
  await federation.accepted(authority, consortium, request);
  const refuse = async (secret: Uint8Array, signAs?: string): Promise<string | undefined> => {
    const once = keyOf(`once ${toHex(secret)}`);
    const about = { key: once.publicKey, request: fromHex(request.id), r: secret };
    const slip = federation.slip(consortium, "access.refuse", about, once);
    const url = federation.url(hospital, consortium, "slips");
    const headers =
      signAs === undefined
        ? {}
        : signedHeaders(url, keyOf(signAs), { method: "POST", body: slip.bytes });
    return (await federation.post(hospital, consortium, slip.bytes, headers)).json.error?.code;
  };
  assert.equal(await refuse(r), "SIGNATURE_REQUIRED");
  assert.equal(await refuse(r, "mallory"), "FORBIDDEN");
  assert.equal(await refuse(bytesOf("guess"), "visit"), "REFUSAL_SECRET_WRONG");
  assert.equal((await read(consortium, `requests/${request.id}`))["refused"], undefined);
  assert.equal(await refuse(r, "visit"), undefined);
  assert.ok(Number((await read(consortium, `requests/${request.id}`))["refused"]) > 0);
  const byBody = await read(consortium, `requests?body=${toHex(bytesOf("body"))}`);
  assert.equal((byBody["requests"] as object[]).length, 1);
});

test("H-14: certificates by name, institution and fingerprint", async () => {
  const one = await read(consortium, `certificates/${toHex(reader)}`);
  assert.deepEqual([one["name"], one["institution"], one["revokedAt"]], ["reader", hospital, 0]);
  const named = await read(consortium, `certificates?name=reader&institution=${hospital}`);
  assert.equal((named["certificates"] as object[]).length, 1);
  const elsewhere = await read(consortium, `certificates?name=reader&institution=${authority}`);
  assert.deepEqual(elsewhere["certificates"], []);
  await federation.certify(consortium, "another");
  const names = (page: Record<string, unknown>) =>
    (page["certificates"] as { name: string }[]).map(({ name }) => name);
  const all = names(await read(consortium, `certificates?institution=${hospital}`));
  const paged: string[] = [];
  for (let after = ""; ;) {
    const page = await read(consortium, `certificates?institution=${hospital}&limit=1${after}`);
    assert.ok(names(page).length <= (after === "" ? 2 : 1));
    paged.push(...names(page));
    if (page["next"] === undefined) break;
    after = `&after=${Number(page["next"])}`;
  }
  assert.deepEqual(paged, all);
  assert.ok(all.length > 2 && all.includes("reader"));
  assert.equal(await codeAt(consortium, "certificates"), "BAD_REQUEST");
  assert.equal(await codeAt(consortium, `certificates/${toHex(bytesOf("x"))}`), "NOT_FOUND");
});

test("H-6: a head is fresh although nothing happens, and no key but its member's made it", async () => {
  const { nodeKey } = care.members.find(({ id }) => id === hospital)!;
  const ask = async (): Promise<Head> =>
    decodeHead((await federation.get(hospital, care, "head")).bytes);
  const first = await ask();
  assert.ok(Math.abs(Date.now() - first.time) < 5_000);
  assert.equal(verifyHead(first, nodeKey), true);
  assert.equal(verifyHead({ ...first, time: first.time + 1 }, nodeKey), false);
  assert.equal(verifyHead(first, keyOf("mallory").publicKey), false);
  await until("the head is signed anew", async () => (await ask()).time > first.time);
});
