/**
 * Attack 3: a certified doctor who is not the reader, but came by the grant's reader and salt, posts 13,000 intents under it:
 * none stands on the chain, and the reader's openings and the patient's log take as long as they did.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { collect } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { Session } from "@anamnesis/client";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import {
  consortiumOf,
  intentCommitment,
  limits,
  memberOf,
  nodeRoutes,
  parseInstitutionId,
} from "@anamnesis/protocol";
import { signedSlip } from "../../packages/client/src/submit.ts";
import { heldGrants } from "../../packages/client/src/doctor/grants.ts";
import { proxyIndices } from "./attackTools.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const INTENTS = 13_000;
const A_BATCH = 1_000;
const TRIES = 5;

let people: People;
let alice: Session;
let reader: Session;
let stranger: Session;
let record = "";
let gid = "";

before(async () => {
  people = await startPeople();
  alice = await people.enrol("alice", "patient", "general-hospital");
  const author = await people.enrol("dr-author", "doctor", "general-hospital");
  reader = await people.enrol("dr-reader", "doctor", "city-hospital");
  stranger = await people.enrol("dr-stranger", "doctor", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "dr-author" });
  await doctor.receive(author);
  const content = new TextEncoder().encode("a letter of several words");
  const how = { content, fileName: "a.txt", for: "alice" };
  const [written] = await doctor.importFile(author, how);
  record = written?.id ?? "";
  await patient.receive(alice);
  const until = Date.now() + 3_600_000;
  gid = (await patient.grant(alice, { to: "dr-reader", until })).id;
  await doctor.receive(reader);
});
after(() => people.close());

/** Intents under the reader's grant, each of its own. */
async function intents(by: Session, count: number): Promise<Uint8Array[]> {
  const held = (await heldGrants(reader)).find((each) => each.gid === gid);
  assert.ok(held);
  const { chain } = consortiumOf(by.trust);
  const cert = fromHex((await by.device.certificate()).fingerprint);
  const { secretKey } = (await by.device.keys()).signing;
  const intended = { action: "read", purpose: "TREAT", digests: [randomBytes(32)] } as const;
  return Array.from({ length: count }, () => {
    const fields = {
      gid: fromHex(gid),
      cert,
      reader: held.grant.reader,
      salt: held.grant.salt,
      action: "read",
      proxies: proxyIndices(reader),
      commitment: intentCommitment({ ...intended, salt: randomBytes(32) }),
    };
    return signedSlip(by, { chain, kind: "usage.intent", fields, secretKey }).bytes;
  });
}

/** How often each code was the answer to slips that somebody's own node was given. */
async function flood(by: Session, slips: readonly Uint8Array[]): Promise<Map<string, number>> {
  const { institution } = by.device;
  const genesis = consortiumOf(by.trust);
  const { address } = memberOf(genesis, parseInstitutionId(institution));
  const node = new Part(`node of ${institution}`, address);
  const params = { chain: genesis.chain };
  const codes = new Map<string, number>();
  for (let start = 0; start < slips.length; start += A_BATCH) {
    const body = slips.slice(start, start + A_BATCH);
    const { results } = await node.call(nodeRoutes.postBatch, { params, body });
    for (const { code } of results) codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  return codes;
}

/** Of several, the fastest: what a busy neighbour adds is not the attack's. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const since = performance.now();
    await work();
    ms = Math.min(ms, performance.now() - since);
  }
  return ms;
}

const open = async () => collect(await doctor.openRecord(reader, record));
const log = () => patient.accessLog(alice);

test("attack 3: 13,000 intents by a doctor who is not the reader stand nowhere and slow nobody down", async () => {
  const slips = await intents(stranger, INTENTS);
  const earlier = { opening: await fastest(open), log: await fastest(log) };
  let ended = false;
  const flooding = flood(stranger, slips).finally(() => (ended = true));
  let opened = 0;
  while (!ended) {
    await open();
    await log();
    opened += 1;
  }
  assert.deepEqual([...(await flooding)], [["NOT_THE_READER", INTENTS]]);
  assert.ok(opened > 0, "nothing opened meanwhile");
  const later = { opening: await fastest(open), log: await fastest(log) };
  const { fingerprint } = await stranger.device.certificate();
  const strangers = (await log()).filter(({ who }) => who?.fingerprint === fingerprint);
  assert.deepEqual(strangers, []);
  for (const what of ["opening", "log"] as const)
    assert.ok(
      later[what] < 2 * earlier[what] + 500,
      `${what} took ${earlier[what]} ms before and ${later[what]} ms since`,
    );
});

test("attack 3: the reader's own intents end at so many a minute", async () => {
  const twoMinutes = 2 * limits.intentsPerMinute;
  const codes = await flood(reader, await intents(reader, twoMinutes + 1));
  assert.ok((codes.get("OK") ?? 0) <= twoMinutes, "of at most two minutes, if it took so long");
  assert.ok((codes.get("TOO_MANY_INTENTS") ?? 0) > 0);
});
