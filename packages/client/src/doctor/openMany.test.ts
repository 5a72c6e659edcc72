/** Several records at once: what fails for one keeps nobody from the others. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { collect } from "@anamnesis/client";
import type { ProxyApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const RECORDS = 5;

let federation: ClientFederation;
let alice: Session;
let author: Session;
let reader: Session;
const records: string[] = [];

before(async () => {
  federation = await ClientFederation.make();
  alice = await federation.join("patient", "alice");
  author = await federation.join("doctor", "Dr Li");
  reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
  await doctor.receive(author);
  for (let i = 0; i < RECORDS; i += 1) records.push(await write(author, "alice", `letter ${i}`));
  await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + 24 * 3_600_000 });
  await doctor.receive(reader);
});

async function write(by: Session, to: string, text: string): Promise<string> {
  const content = new TextEncoder().encode(text);
  const [written] = await doctor.importFile(by, { content, fileName: "a.txt", for: to });
  return written!.id;
}

/** What came of each: its text, or the code of what was wrong. */
async function outcomes(session: Session, names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const one of doctor.openMany(session, names)) {
    assert.ok(!found.has(one.name), "each is told once");
    found.set(
      one.name,
      "error" in one
        ? one.error.code
        : new TextDecoder().decode((await collect(one.opened)).content),
    );
  }
  return found;
}

const letters = (...left: readonly number[]): [string, string][] =>
  records.flatMap((id, i) => (left.includes(i) ? [] : [[id, `letter ${i}`] as [string, string]]));

const intents = (): number =>
  federation.chains.posted.filter(({ kind }) => kind === "usage.intent").length;

test("openMany() names what no grant opens, what is no name and what no vault holds, and opens the others under one intent", async (t) => {
  const stored = federation.vaults.stored();
  t.after(() => {
    for (const [id, bytes] of stored) federation.vaults.change(id, bytes);
  });
  const [first] = stored.keys();
  federation.vaults.change(first!, new Uint8Array(stored.get(first!)!.length));
  const before = intents();
  const found = await outcomes(reader, ["f".repeat(64), "no name", ...records]);
  assert.equal(intents(), before + 1);
  assert.equal(found.get("f".repeat(64)), "NO_ACCESS");
  assert.equal(found.get("no name"), "BAD_REQUEST");
  assert.equal(found.size, RECORDS + 2);
  const lost = records.filter((id, i) => found.get(id) !== `letter ${i}`);
  assert.deepEqual(lost, [records[0]]);
});

test("openMany() opens the others when proxies refuse for the sake of one", async () => {
  const session = federation.session(reader.device);
  const [spoiled] = [...(await doctor.listReadable(session))].filter(({ id }) => id === records[3]);
  const digest = spoiled!.versions[0]!.digest;
  const refusing = (proxy: ProxyApi): ProxyApi => ({
    ...proxy,
    reencrypt: (request, caller) =>
      request.digests.some((each) => toHex(each) === digest)
        ? Promise.reject(new AnamnesisError("CAPSULE_INVALID", "Refused"))
        : proxy.reencrypt(request, caller),
  });
  const { network } = session;
  const spoiling: Session["network"] = {
    node: (id) => network.node(id),
    mailbox: (id) => network.mailbox(id),
    vault: (id) => network.vault(id),
    proxy: (index) => refusing(network.proxy(index)),
    registry: () => network.registry(),
  };
  const found = await outcomes({ ...session, network: spoiling }, records);
  assert.deepEqual(found, new Map([...letters(3), [records[3]!, "CAPSULE_INVALID"]]));
});

test("openMany() asks nobody again when it is not one record for whose sake nothing opens", async (t) => {
  const session = federation.session(reader.device);
  t.after(() => federation.proxies.refuse.clear());
  for (const index of [1, 2, 3, 4]) federation.proxies.refuse.set(index, "STALE_CHAIN");
  const before = intents();
  const found = await outcomes(session, records);
  assert.deepEqual([...new Set(found.values())], ["TOO_FEW_PROXIES"]);
  assert.equal(found.size, RECORDS);
  assert.equal(intents(), before + 1);
});

test("openMany() takes what the doctor wrote and what grants open in one list", async () => {
  const bob = await federation.join("patient", "bob");
  await patient.openVisit(bob, { institution: "city-hospital", doctor: "Dr Chen" });
  await doctor.receive(reader);
  const own = await write(reader, "bob", "my own");
  const found = await outcomes(reader, [own, ...records]);
  assert.deepEqual(found, new Map([...letters(), [own, "my own"]]));
  assert.equal(federation.chains.posted.at(-1)?.kind, "usage.author");
});
