/**
 * D15: two vaults of different institutions hold each record. Each vault in turn is frozen, and killed; writing, opening and
 * confirming go on, or the error names who is away. Real processes, sessions in this one.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { collect, httpNetwork } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { consortiumOf } from "@anamnesis/protocol";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { objectFiles } from "./attackTools.ts";
import { run } from "./anamnesis.ts";
import { passphrase, startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

/** What a workflow may take beyond its own time when a vault does not answer: docs/spec/vault.md V-15. */
const SLACK_MS = 4_000;
let letters = 15;
/** What was written, by the record's id. */
const written = new Map<string, Uint8Array>();

let people: People;
let alice: Session;
let author: Session;
let reader: Session;
const vaults = (): readonly string[] =>
  consortiumOf(people.trust).consortium.vaults.map(({ id }) => id);

before(async () => {
  people = await startPeople();
  alice = await people.enrol("alice", "patient", "general-hospital");
  author = await people.enrol("dr-author", "doctor", "general-hospital");
  reader = await people.enrol("dr-reader", "doctor", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "dr-author" });
  await doctor.receive(author);
});
after(() => people.close());

/** As if the program had just been started: nothing is known of who is away. */
const fresh = (session: Session): Session => ({ ...session, network: httpNetwork(people.trust) });

async function pidOf(name: string): Promise<number> {
  const { run } = JSON.parse(await readFile(join(people.dir, "federation.json"), "utf8")) as {
    run: { children: Record<string, number> };
  };
  return run.children[name] ?? assert.fail(`no child is called ${name}`);
}

/** Freezes children until the test ends. */
async function freeze(t: TestContext, ...names: readonly string[]): Promise<() => void> {
  const pids = await Promise.all(names.map(pidOf));
  const thaw = (): void => pids.forEach((pid) => process.kill(pid, "SIGCONT"));
  t.after(thaw);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  return thaw;
}

async function write(session = fresh(author)): Promise<string> {
  letters += 1;
  const pdf = syntheticPdf(letters);
  const [record] = await doctor.importFile(session, {
    content: pdf,
    fileName: "letter.pdf",
    for: "alice",
    whole: true,
  });
  if (record === undefined) assert.fail("nothing was written");
  written.set(record.id, pdf);
  return record.id;
}

/** Patient, author and granted reader open it, the patient confirms it. @returns how long each took. */
async function useAll(record: string): Promise<number[]> {
  await patient.grant(alice, { to: "dr-reader", records: [record] });
  await doctor.receive(reader);
  const steps: (() => Promise<Uint8Array>)[] = [
    async () => (await collect(await patient.openRecord(fresh(alice), record))).content,
    async () => (await collect(await doctor.openOwn(fresh(author), record))).content,
    async () => (await collect(await doctor.openGranted(fresh(reader), record))).content,
  ];
  const times = [];
  for (const step of steps) {
    const since = Date.now();
    assert.deepEqual(Buffer.from(await step()), Buffer.from(written.get(record)!));
    times.push(Date.now() - since);
  }
  return times;
}

async function confirm(record: string): Promise<void> {
  await patient.receive(alice);
  const { failed } = await patient.confirm(fresh(alice), { ids: [record] });
  assert.deepEqual(failed, []);
}

test("each record lies in the vaults of two institutions, one of them its author's", async () => {
  const before = new Set(objectFiles(join(people.dir, "vaults")));
  await write();
  const files = objectFiles(join(people.dir, "vaults")).filter((file) => !before.has(file));
  assert.equal(files.length, 2);
  assert.ok(files.some((file) => file.includes("general-hospital-vault")));
  const [one, other] = await Promise.all(files.map((file) => readFile(file)));
  assert.deepEqual(one, other);
});

test("with each vault frozen in turn, records of before and of now are written, opened and confirmed", async (t) => {
  const older = await write();
  const usual = Math.max(...(await useAll(older)));
  for (const vault of vaults()) {
    await t.test(vault, async (each) => {
      await freeze(each, vault);
      const since = Date.now();
      const newer = await write();
      const writing = Date.now() - since;
      assert.ok(writing < 2 * SLACK_MS + usual, `writing took ${writing} ms`);
      const times = [...(await useAll(older)), ...(await useAll(newer))];
      await confirm(newer);
      assert.ok(Math.max(...times) < usual * 1.5 + SLACK_MS, `${times.join(", ")} ms`);
      each.diagnostic(`written in ${writing} ms, opened in ${times.join(", ")} ms`);
    });
  }
});

test("with two vaults frozen nothing is submitted: TOO_FEW_VAULTS names both, and what is held opens", async (t) => {
  const record = await write();
  const [own = "", ...others] = vaults();
  const thaw = await freeze(t, ...others);
  const files = objectFiles(join(people.dir, "vaults")).length;
  const known = (await patient.listRecords(alice)).length;
  const since = Date.now();
  await assert.rejects(write(), (error: { code: string; message: string }) => {
    assert.equal(error.code, "TOO_FEW_VAULTS");
    assert.match(error.message, /city-hospital: UNAVAILABLE/);
    assert.match(error.message, /online-clinic: UNAVAILABLE/);
    return true;
  });
  t.diagnostic(`refused after ${Date.now() - since} ms`);
  assert.ok(Date.now() - since < 10_000);
  assert.equal((await patient.listRecords(alice)).length, known);
  assert.equal(objectFiles(join(people.dir, "vaults")).length, files + 1, `an orphan at ${own}`);
  await useAll(record);
  thaw();
  await confirm(await write());
});

test("`record open` says on standard error which vault did not give the record", async (t) => {
  const record = await write();
  const [own = ""] = vaults();
  await freeze(t, own);
  const args = ["record", "open", record, "--as", "alice", "--dir", people.dir];
  const opened = await run(args, { ANAMNESIS_PASSPHRASE: passphrase });
  assert.equal(opened.code, 0, opened.stderr);
  assert.equal(opened.stdout, Buffer.from(written.get(record)!).toString("latin1"));
  assert.match(opened.stderr, /^WARNING: The vault of general-hospital .* \(UNAVAILABLE\)/m);
});

test("a vault that is killed in each role runs again with all that it held", async (t) => {
  const record = await write();
  for (const vault of vaults()) {
    process.kill(await pidOf(vault), "SIGKILL");
    await useAll(record);
    await useAll(await write());
    const runsAgain = (): boolean => people.federation.said().includes(`${vault} runs again`);
    for (let waitedMs = 0; !runsAgain(); waitedMs += 100) {
      assert.ok(waitedMs < 30_000, people.federation.said());
      await sleep(100);
    }
  }
  const others = vaults().slice(1);
  await freeze(t, ...others);
  await useAll(record);
});
