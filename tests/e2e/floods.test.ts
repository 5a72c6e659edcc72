/** Attacks 5, 6 and 9: few requests that fill a disk, a memory or a processor. What is honest goes on meanwhile. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { Session } from "@anamnesis/client";
import { readFederation } from "@anamnesis/client/folder";
import { consortiumOf, limits, memberOf } from "@anamnesis/protocol";
import { anonymousMegabytes, cpuSeconds } from "../bench/processTime.ts";
import {
  SlowBodies,
  flood,
  sendBatch,
  sendIntake,
  staffBox,
  stuff,
  throwAwayBox,
  vainBatch,
} from "./floods.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const hospital = "general-hospital";
let people: People;
let alice: Session;
let author: Session;
/** The process of the hospital's node. */
let node: number;

before(async () => {
  people = await startPeople();
  alice = await people.enrol("alice", "patient", hospital);
  author = await people.enrol("dr-author", "doctor", hospital);
  node = (await readFederation(people.dir))!.run!.children[hospital]!;
});
after(() => people.close());

/** How long an honest question takes, milliseconds. */
async function honestly(): Promise<number> {
  const since = performance.now();
  await alice.network.node(hospital).head(consortiumOf(people.trust).chain);
  return performance.now() - since;
}

test("attack 5: seven throw-away boxes take what strangers may have of seven boxes, and no more", async () => {
  const boxes = await Promise.all(
    Array.from({ length: 7 }, () => throwAwayBox(people.trust, hospital)),
  );
  let next = 0;
  const { codes, bytes } = await flood(
    () => stuff(boxes[next++ % boxes.length]!, limits.messageBytes),
    { most: 35, atOnce: 4 },
  );
  const each = (limits.boxBytes - limits.boxReservedBytes) / limits.messageBytes;
  assert.deepEqual(codes, { OK: 7 * each, BOX_FULL: 35 - 7 * each });
  assert.ok(bytes > 250e6);
});

test("attack 5: strangers do not fill a doctor's box for those whom the doctor expects", async () => {
  const { fingerprint } = await author.device.certificate();
  const box = staffBox(people.trust, hospital, fingerprint);
  const { codes } = await flood(() => stuff(box, limits.messageBytes), { most: 8, atOnce: 4 });
  assert.deepEqual(codes, { OK: 4, BOX_FULL: 4 });
  await patient.openVisit(alice, { institution: hospital, doctor: "dr-author" });
  for (let received = await doctor.receive(author); ; received = await doctor.receive(author)) {
    assert.ok(received.length > 0, "the box was emptied without a token");
    if (received.some(({ what }) => what === "token")) break;
  }
});

test("attack 6: fifty bodies that do not end hold no more memory than one origin may", async (t) => {
  const before = await anonymousMegabytes(node);
  const slow = new SlowBodies();
  t.after(() => slow.end());
  const { address } = memberOf(consortiumOf(people.trust), hospital);
  const url = `${address}/chains/${consortiumOf(people.trust).chain}/batch`;
  await slow.begin(url, { count: 50, size: limits.batchSlips * limits.slipBytes - 1 });
  const held = (await anonymousMegabytes(node)) - before;
  assert.ok((slow.codes["BUSY"] ?? 0) >= 40, JSON.stringify(slow.codes));
  // What is counted, and as much again and more of what was refused and is not collected yet.
  assert.ok(held < 3 * (limits.waitingBytesPerOrigin / 1e6), `${held.toFixed(0)} MB`);
  assert.ok((await honestly()) < 2_000);
});

test("attack 9: calls that cost the node and are good for nothing are soon refused for nothing", async () => {
  const batch = vainBatch(people.trust, hospital);
  const { codes } = await flood(() => sendBatch(batch), {
    most: 60,
    atOnce: 2,
    until: "RATE_LIMITED",
  });
  assert.ok(codes["OK"]! <= limits.vainWork / limits.batchSlips, JSON.stringify(codes));
  assert.ok(codes["RATE_LIMITED"]! >= 1);
  const before = await cpuSeconds(node);
  const more = 100;
  const care = people.trust.chains.find(({ institution }) => institution === hospital)!.chain;
  const vain = await flood(() => sendIntake(people.trust, hospital, care), {
    most: more,
    atOnce: 4,
  });
  const spent = (await cpuSeconds(node)) - before;
  // What is left of the minute's units may do for one.
  assert.ok((vain.codes["RATE_LIMITED"] ?? 0) >= more - 1, JSON.stringify(vain.codes));
  assert.ok(spent / more < 0.005, `${((spent / more) * 1_000).toFixed(1)} ms each`);
  assert.ok((await honestly()) < 2_000, "another origin is served");
});
