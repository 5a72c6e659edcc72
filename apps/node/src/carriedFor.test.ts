import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BYTES, fromHex, sha256 } from "@anamnesis/crypto/verify";
import { parseInstitutionId, slipKinds } from "@anamnesis/protocol";
import type { Genesis, SlipFields, SlipKind } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import {
  intentFields,
  publishFields,
  revokeFields,
  revokerOf,
} from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certificateFields } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { authority, hospital, makeGenesis } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { signedHeaders } from "@anamnesis/testing/requests";
import {
  claimFields,
  foreignFields,
  ownFields,
  permitFor,
  rewrapFields,
} from "@anamnesis/testing/visitSlips";
import { assertCarried } from "./carriedFor.ts";
import type { Chain, Snapshot } from "./chain.ts";

let federation: NodeFederation;
let doctor: Uint8Array;
/** The same person's certificate on the consortium. */
let onConsortium: Uint8Array;
let record: MadeSlip;
let pid: Uint8Array;
let request: MadeSlip;
const r = bytesOf("secret of the request");

before(async () => {
  federation = await NodeFederation.make();
  await federation.start(hospital);
  await federation.start(authority);
  doctor = await federation.certify(federation.care, "doctor");
  onConsortium = await federation.certify(federation.consortium, "doctor");
  pid = await federation.openVisit("visit");
  record = federation.record({ pid, doctor: "doctor", cert: doctor, label: "record" });
  await federation.accepted(hospital, federation.care, record);
  const asked = { cert: onConsortium, body: bytesOf("body"), refusal: sha256(r) };
  request = federation.slip(federation.consortium, "access.request", asked, keyOf("doctor"));
  await federation.accepted(hospital, federation.consortium, request);
});
after(() => federation.remove());

/** Of every kind the slip that a stranger would send: all that can be seen on the chains is right, only nobody knows the key. */
const strangers: { readonly [K in SlipKind]: (name: string) => SlipFields<K> } = {
  "institution.enrol": (name) => ({ ...enrolmentOf(name), cosigned: [] }),
  "institution.level": () => ({ id: hospital, level: "community", power: 1, cosigned: [] }),
  "institution.suspend": () => ({ id: hospital, suspended: true, cosigned: [] }),
  "institution.rotateKey": (name) => ({
    id: hospital,
    nodeKey: keyOf(name).publicKey,
    possession: new Uint8Array(64),
    by: hospital,
    cosigned: [],
  }),
  "chain.register": (name) => ({
    registered: name,
    institution: hospital,
    genesis: bytesOf(name),
    voters: [{ id: parseInstitutionId(name), nodeKey: keyOf(name).publicKey, power: 1 }],
    cosigned: [],
  }),
  "identity.certify": (name) => certificateFields(name),
  "identity.rotate": (name) => ({ ...certificateFields(name), replaces: doctor }),
  "identity.revoke": () => ({ fingerprint: doctor, by: "care" }),
  "identity.suspend": () => ({ fingerprint: doctor, until: 0, by: hospital, cosigned: [] }),
  "identity.trace": (name) => ({
    cert: onConsortium,
    case: name,
    subject: bytesOf(name),
    second: onConsortium,
    agreed: new Uint8Array(64),
  }),
  "session.open": (name) => ({ institution: hospital, key: keyOf(name).publicKey }),
  "session.claim": (name) => claimFields("visit", name, `${name} new`),
  "record.submit": (name) => ({ institution: hospital, cert: doctor, pid, ...written(name) }),
  "record.amend": (name) => ({
    institution: hospital,
    cert: doctor,
    pid,
    record: fromHex(record.id),
    before: bytesOf("digest record"),
    ...written(name),
    tag: bytesOf("tag record", 16),
  }),
  "record.confirm": (name) => judged(name),
  "record.dispute": (name) => ({ ...judged(name), reason: bytesOf(name) }),
  "record.own": (name) => ownFields("visit", name, name),
  "record.amendForeign": (name) => {
    const until = { of: fromHex(record.id), notAfter: Date.now() + 3_600_000 };
    const permit = permitFor(name, name, until);
    return foreignFields(federation.care.chain, { visit: name, author: name, permit }, next(name));
  },
  "record.rewrap": (name) => rewrapFields(name, next(name)),
  "grant.publish": (name) => publishFields(name, { expiresAt: Date.now() + 3_600_000 }),
  "grant.revoke": (name) => revokeFields(name),
  "access.request": (name) => ({ cert: onConsortium, body: bytesOf(name), refusal: bytesOf(name) }),
  "access.refuse": (name) => ({ key: keyOf(name).publicKey, request: fromHex(request.id), r }),
  "usage.intent": (name) => intentFields(name, onConsortium),
  "usage.done": (name) => ({ cert: onConsortium, intent: bytesOf(name), proxies: [1] }),
  "usage.denied": (name) => ({
    proxy: 1,
    gid: bytesOf(name),
    cert: onConsortium,
    code: "GRANT_NOT_HELD",
    evidence: bytesOf(`${name} request`),
  }),
  "usage.author": () => ({
    institution: hospital,
    cert: doctor,
    pid,
    record: fromHex(record.id),
    digest: bytesOf("digest record"),
  }),
};
const written = (name: string) => ({
  tag: bytesOf(name, 16),
  digest: bytesOf(name),
  sealedId: new Uint8Array(BYTES.sealedId),
});
const next = (name: string) => ({
  record: fromHex(record.id),
  before: bytesOf("digest record"),
  digest: bytesOf(name),
});
const judged = (name: string) => ({
  key: keyOf(name).publicKey,
  record: fromHex(record.id),
  digest: bytesOf("digest record"),
});

const strangerSlip = <K extends SlipKind>(chain: Genesis, kind: K, name: string): Uint8Array =>
  federation.slip(chain, kind, strangers[kind](name), keyOf(name)).bytes;

for (const kind of Object.keys(slipKinds) as SlipKind[]) {
  test(`20 of 20 slips ${kind} by keys that nobody knows are refused, one by one and in a batch`, async () => {
    for (const chain of [federation.care, federation.consortium]) {
      if (!(slipKinds[kind].chains as readonly string[]).includes(chain.kind)) continue;
      const names = Array.from({ length: 20 }, (_, i) => `stranger-${i}`);
      const slips = names.map((name) => strangerSlip(chain, kind, name));
      for (const slip of slips.slice(0, 3)) {
        const { status, json } = await federation.post(hospital, chain, slip);
        assert.ok(status >= 400, JSON.stringify(json));
      }
      const { status, json } = await federation.batch(hospital, chain, slips);
      const results = (json["results"] ?? []) as { code: string }[];
      if (status === 200) assert.equal(results.length, slips.length);
      assert.deepEqual(
        results.filter(({ code }) => code === "OK"),
        [],
      );
    }
  });
}

test("what a stranger signs the request for is refused as what nobody signs it for; a visit's own key is let through", async () => {
  const { consortium } = federation;
  const publish = strangerSlip(consortium, "grant.publish", "grant");
  const url = federation.url(hospital, consortium, "slips");
  const signedBy = async (name: string): Promise<string> => {
    const { json } = await federation.post(
      hospital,
      consortium,
      publish,
      signedHeaders(url, keyOf(name), { method: "POST", body: publish }),
    );
    return String(json.error?.code ?? json["code"]);
  };
  assert.equal(await signedBy("nobody"), "FORBIDDEN");
  assert.equal(await signedBy("visit"), "OK");
});

test("a grant that stands is revoked for whoever holds its key or its revoker's, and for nobody else", async () => {
  const { consortium } = federation;
  const url = federation.url(hospital, consortium, "slips");
  const publish = async (name: string): Promise<unknown> => {
    const body = strangerSlip(consortium, "grant.publish", name);
    const headers = signedHeaders(url, keyOf("visit"), { method: "POST", body });
    return (await federation.post(hospital, consortium, body, headers)).json["code"];
  };
  const revoke = async (name: string, by: string): Promise<string> => {
    const slip = federation.slip(consortium, "grant.revoke", revokeFields(name, by), keyOf(by));
    const { json } = await federation.post(hospital, consortium, slip.bytes);
    return String(json.error?.code ?? json["code"]);
  };
  assert.deepEqual([await publish("mine"), await publish("theirs")], ["OK", "OK"]);
  assert.equal(await revoke("nothing", "nothing"), "GRANT_UNKNOWN");
  assert.equal(await revoke("mine", "mallory"), "NOT_THE_REVOKER");
  assert.equal(await revoke("mine", "theirs"), "NOT_THE_REVOKER");
  assert.equal(await revoke("mine", "mine"), "OK");
  assert.equal(await revoke("theirs", revokerOf("theirs")), "OK");
});

test("assertCarried() stops a revocation by a key that the grant does not name before it waits for a block", async () => {
  const chain = new TestChain(makeGenesis("consortium"));
  const publish = publishFields("mine", { expiresAt: chain.time + 3_600_000 });
  assert.equal(chain.submit(chain.slip("grant.publish", publish, keyOf("mine"))), "OK");
  const kept = {
    genesis: chain.genesis,
    snapshot: <T>(read: (snapshot: Snapshot) => T): T =>
      read({ state: chain.state } as unknown as Snapshot),
  } as unknown as Chain;
  const carried = (by: string): Promise<void> => {
    const { bytes } = chain.slip("grant.revoke", revokeFields("mine", by), keyOf(by));
    const signedBy = () => Promise.reject(new Error("Nobody has to sign the request"));
    return assertCarried({ chain: kept, chains: [kept], slips: [bytes], signedBy });
  };
  await carried("mine");
  await carried(revokerOf("mine"));
  await assert.rejects(carried("mallory"), { code: "NOT_THE_REVOKER" });
});

test("an author amends under the permit of a visit that is open here, and under nobody else's", async () => {
  const until = { of: bytesOf("tag record", 16), notAfter: Date.now() + 3_600_000 };
  const attempt = async (signedBy: string): Promise<string> => {
    const permit = permitFor(signedBy, "dr-chen", until);
    const names = { visit: "visit", author: "dr-chen", permit };
    const fields = foreignFields(federation.care.chain, names, next(`foreign ${signedBy}`));
    const slip = federation.slip(federation.care, "record.amendForeign", fields, keyOf("dr-chen"));
    const { json } = await federation.post(hospital, federation.care, slip.bytes);
    return String(json.error?.code ?? json["code"]);
  };
  assert.equal(await attempt("stranger"), "SLIP_SIGNATURE");
  assert.equal(await attempt("visit"), "OK");
});

test("after a claim the new key of a visit is carried, the old one is not", async () => {
  const { care, consortium } = federation;
  await federation.openVisit("desk");
  const claim = federation.slip(
    care,
    "session.claim",
    claimFields("desk", "desk", "patient"),
    keyOf("desk"),
  );
  await federation.accepted(hospital, care, claim);
  const url = federation.url(hospital, consortium, "slips");
  const carried = async (name: string): Promise<readonly string[]> => {
    const own = federation.slip(care, "record.own", ownFields("desk", name, name), keyOf(name));
    const publish = strangerSlip(consortium, "grant.publish", `grant of ${name}`);
    const headers = signedHeaders(url, keyOf(name), { method: "POST", body: publish });
    const answers = [
      await federation.post(hospital, care, own.bytes),
      await federation.post(hospital, consortium, publish, headers),
    ];
    return answers.map(({ json }) => String(json.error?.code ?? json["code"]));
  };
  assert.deepEqual(await carried("desk"), ["FORBIDDEN", "FORBIDDEN"]);
  assert.deepEqual(await carried("patient"), ["OK", "OK"]);
});

test("the patient confirms under the key of the visit, without signing the request", async () => {
  const confirm = federation.slip(
    federation.care,
    "record.confirm",
    judged("visit"),
    keyOf("visit"),
  );
  await federation.accepted(hospital, federation.care, confirm);
});

test("S-9: a revocation of a grant that nobody published is refused before anything of it is verified", async () => {
  const chain = new TestChain(makeGenesis("consortium"));
  const name = "never published";
  const { bytes } = chain.slip("grant.revoke", revokeFields(name), keyOf(name));
  const kept = {
    genesis: chain.genesis,
    snapshot: <T>(read: (snapshot: Snapshot) => T): T =>
      read({ state: chain.state, height: 0, head: () => assert.fail("No head is asked for") }),
  } as Chain;
  const asked = { chain: kept, chains: [kept], slips: [bytes], signedBy: () => assert.fail() };
  await assert.rejects(assertCarried(asked), { code: "GRANT_UNKNOWN" });
});
