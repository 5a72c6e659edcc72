/**
 * I4: nothing that servers write holds a name, birth date, code, keyword or text of the records.
 * I5: no value on the chains links two visits of a patient.
 *
 * Twenty patients with ten visits each at three institutions, amendments, disputes, requests, refusals, grants, openings
 * and revocations among them; then everything written on disk is searched, and every slip is decoded.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { opened } from "@anamnesis/testing/client/opened";
import * as patient from "@anamnesis/client/patient";
import { fromHex, toBase64url, toHex } from "@anamnesis/crypto/verify";
import { consortiumOf, readCertificate } from "@anamnesis/protocol";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import { allSlips, unitsOf } from "./chainSlips.ts";
import type { GroundTruth } from "./chainSlips.ts";
import { LeakScanner } from "./leakScan.ts";
import { linksBetween } from "./linkability.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const institutions = ["general-hospital", "city-hospital", "online-clinic"] as const;
const PATIENTS = 20;
const VISITS = 10;
/** Shorter texts stand in ciphertext by chance, or are words of the protocols. */
const SHORTEST_SECRET = 8;

let people: People;
const doctors = new Map<string, Session>();
const owners: Session[] = [];
const secrets = new Set<string>();
const truth: GroundTruth & {
  visits: Map<string, string>;
  grants: Map<string, string>;
  requests: Map<string, string>;
} = { visits: new Map(), grants: new Map(), requests: new Map() };

before(async () => {
  people = await startPeople();
  for (const institution of institutions)
    doctors.set(institution, await people.enrol(`dr-${institution}`, "doctor", institution));
  for (let i = 0; i < PATIENTS; i++) await live(i);
});
after(() => people.close());

/** One patient's ten visits and what came of them. */
async function live(i: number): Promise<void> {
  const name = `patientname-${i}-of-the-test`;
  secrets.add(name);
  const owner = await people.enrol(name, "patient", institutions[i % 3]!);
  owners.push(owner);
  const { bundles } = syntheticPatient(1_000 + i, {
    institutions: [...institutions],
    visits: VISITS,
  });
  for (const [v, { bytes }] of bundles.slice(0, VISITS).entries()) {
    const institution = institutions[v % 3]!;
    const author = doctors.get(institution)!;
    collectSecrets(bytes);
    // Trap 4 of the field: the hash of a chart on the ledger.
    secrets.add(new TextDecoder().decode(bytes));
    await patient.openVisit(owner, {
      institution,
      doctor: `dr-${institution}`,
      categories: ["encounter-note", "laboratory"],
    });
    await doctor.receive(author);
    const [written] = await doctor.importFile(author, {
      content: bytes,
      fileName: `visit-${v}.json`,
      for: name,
      whole: true,
    });
    assert.ok(written);
    if (v === 1)
      await doctor.amendRecord(author, {
        record: written.id,
        content: syntheticPdf(i),
        fileName: `visit-${v}-corrected.pdf`,
      });
    if (v === 2)
      await patient.dispute(owner, { id: written.id, reason: "this was somebody else's blood" });
    if (v === 3) await collect(await doctor.openOwn(author, written.id));
  }
  await patient.receive(owner);
  await patient.confirm(owner, { all: true });
  await share(owner, name, i);
  for (const { pid } of await owner.device.items.all("visit")) truth.visits.set(pid, name);
  for (const { id } of await patient.listRequests(owner)) truth.requests.set(id, name);
  for (const { id } of await patient.listGrants(owner)) truth.grants.set(id, name);
}

async function share(owner: Session, name: string, i: number): Promise<void> {
  const asking = doctors.get(institutions[(i + 1) % 3]!)!;
  const until = Date.now() + 3_600_000;
  await doctor.requestAccess(asking, { for: name, purpose: "TREAT", until });
  await doctor.requestAccess(asking, {
    for: name,
    purpose: "TREAT",
    until,
    categories: ["laboratory"],
  });
  await patient.receive(owner);
  const [later, first] = await patient.listRequests(owner);
  assert.ok(first && later, "both requests arrived");
  await patient.refuse(owner, later.id);
  const granted = await patient.grant(owner, { request: first.id });
  await doctor.receive(asking);
  const theirs = (await doctor.listReadable(asking)).filter(({ gid }) => gid === granted.id);
  assert.equal(theirs.length, VISITS);
  const ids = theirs.map(({ id }) => id);
  for await (const record of opened(doctor.openMany(asking, ids))) await collect(record);
  if (i % 2 === 0) await patient.revoke(owner, granted.id);
}

/** Every text in a record that is long enough to be told from chance. */
function collectSecrets(bytes: Uint8Array): void {
  const walk = (value: unknown): void => {
    if (typeof value === "string") {
      if (value.length >= SHORTEST_SECRET && !/^(?:https?|urn):/.test(value))
        secrets.add(value.length > 200 ? value.slice(0, 200) : value);
    } else if (Array.isArray(value)) for (const item of value as unknown[]) walk(item);
    else if (typeof value === "object" && value !== null) {
      const { system, code } = value as { system?: unknown; code?: unknown };
      if (typeof system === "string" && typeof code === "string") secrets.add(`${system}|${code}`);
      for (const item of Object.values(value)) walk(item);
    }
  };
  walk(JSON.parse(new TextDecoder().decode(bytes)));
}

test("I4: a search of everything that servers wrote finds nothing of the records", (t) => {
  // What everybody knows: the federation's own public documents.
  const known = readFileSync(join(people.dir, "trust.json"), "utf8");
  const searched = [...secrets].filter((secret) => !known.includes(secret));
  assert.ok(searched.length > 200, "the records hold too few texts for this test to mean anything");
  const scanner = new LeakScanner(searched);
  let files = 0;
  let bytes = 0;
  for (const folder of ["data", ...vaultFolders(), "logs", "genesis"]) {
    const scanned = scanner.scanDirectory(join(people.dir, folder));
    if (folder.startsWith("vaults"))
      assert.ok(scanned.bytes > 500_000, `${folder} holds too little to mean anything`);
    files += scanned.files;
    bytes += scanned.bytes;
    assert.deepEqual(
      scanned.leaks
        .map(({ secret, disguise, file, offset }) => ({
          secret: searched[secret],
          disguise,
          file,
          offset,
        }))
        .slice(0, 5),
      [],
    );
  }
  assert.ok(
    files > 20 && bytes > 1_000_000,
    "the servers wrote too little for this test to mean anything",
  );
  t.diagnostic(
    `${searched.length} texts in ${scanner.needles} disguises; ${files} files, ${Math.round(bytes / 1e6)} MB`,
  );
});

test("I4: no server holds a person's seed, in whatever form", async () => {
  const seeds = await Promise.all(
    [...doctors.values(), ...owners].map(async ({ device }) => [
      device.seed,
      (await device.keys()).signing.secretKey,
      (await device.keys()).box.secretKey,
    ]),
  );
  const needles = seeds.flat().flatMap(disguises);
  for (const folder of ["data", "vaults", "logs", "genesis", "secrets"])
    for (const { name, content } of filesIn(join(people.dir, folder)))
      assert.ok(
        !needles.some((needle) => content.includes(needle)),
        `${name} holds a person's secret key`,
      );
});

test("I4: no node holds anything of a patient's certificate", async () => {
  const { cas } = consortiumOf(people.trust);
  const parts = await Promise.all(
    owners.map(async ({ device }) => {
      const { serial, name, signingKey } = readCertificate((await device.certificate()).der, cas);
      return [serial, new TextEncoder().encode(name), signingKey];
    }),
  );
  const needles = parts.flat().flatMap(disguises);
  let bytes = 0;
  for (const institution of readdirSync(join(people.dir, "data"))) {
    const folder = join(people.dir, "data", institution, "node");
    if (!existsSync(folder)) continue;
    for (const { name, content } of filesIn(folder)) {
      bytes += content.length;
      assert.ok(!needles.some((needle) => content.includes(needle)), `${institution}: ${name}`);
    }
  }
  assert.ok(bytes > 1_000_000, "the nodes wrote too little for this test to mean anything");
});

/** Which of these values stand in `bytes`, raw or as hex; compared from their first four bytes on. */
function valuesIn(bytes: Buffer, values: readonly Uint8Array[]): string[] {
  const needles = values.flatMap((value) => [Buffer.from(value), Buffer.from(toHex(value))]);
  const byStart = Map.groupBy(needles, (needle) => needle.readUInt32LE(0));
  const found = new Set<string>();
  for (let at = 0; at + 4 <= bytes.length; at++) {
    for (const needle of byStart.get(bytes.readUInt32LE(at)) ?? [])
      if (needle.equals(bytes.subarray(at, at + needle.length))) found.add(needle.toString("hex"));
  }
  return [...found];
}

/** One for each institution that cares for patients. */
const vaultFolders = (): string[] => {
  const { vaults } = consortiumOf(people.trust).consortium;
  assert.equal(vaults.length, institutions.length);
  return vaults.map(({ id }) => join("vaults", id));
};

/** Bytes as they are, and in the texts that they are usually written in. */
const disguises = (key: Uint8Array): Buffer[] => [
  Buffer.from(key),
  Buffer.from(toHex(key)),
  Buffer.from(toBase64url(key)),
  Buffer.from(Buffer.from(key).toString("base64")),
];

function* filesIn(folder: string): Iterable<{ name: string; content: Buffer }> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      yield { name: entry.name, content: readFileSync(join(entry.parentPath, entry.name)) };
}

test("I5: no vault holds a value that stands on a chain: neither visit, tag, record, author nor digest", async (t) => {
  const slips = await allSlips(people.dir, people.trust);
  const values = new Map<string, Uint8Array>();
  for (const { id, kind, fields } of slips) {
    if (!/^(?:session|record|grant|usage|access)\./.test(kind)) continue;
    values.set(id, fromHex(id));
    for (const value of Object.values(fields))
      if (value instanceof Uint8Array && value.length >= 16 && value.length <= 96)
        values.set(toHex(value), value);
  }
  assert.ok(values.size > 1_000);
  const written = (folder: string): Buffer =>
    Buffer.concat(
      [...filesIn(join(people.dir, folder))].flatMap(({ name, content }) => [
        Buffer.from(name),
        content,
      ]),
    );
  for (const folder of vaultFolders()) {
    const bytes = written(folder);
    assert.ok(bytes.length > 500_000, folder);
    assert.deepEqual(valuesIn(bytes, [...values.values()]).slice(0, 5), []);
    const planted = Buffer.concat([bytes, [...values.values()].at(-1)!]);
    assert.equal(valuesIn(planted, [...values.values()]).length, 1);
  }
  t.diagnostic(`${values.size} values of ${slips.length} slips`);
});

test("I5: no value on the chains links two visits of a patient", async (t) => {
  const slips = await allSlips(people.dir, people.trust);
  const units = unitsOf(slips, truth);
  const kinds = new Set(units.flatMap((unit) => unit.slips.map(({ kind }) => kind)));
  for (const kind of [
    "session.open",
    "record.submit",
    "record.amend",
    "record.confirm",
    "record.dispute",
    "usage.author",
    "grant.publish",
    "grant.revoke",
    "access.request",
    "access.refuse",
    "usage.intent",
    "usage.done",
  ] as const) {
    assert.ok(kinds.has(kind), `no ${kind} took part`);
  }
  assert.equal(
    units.filter((unit) => unit.slips.some(({ kind }) => kind === "session.open")).length,
    PATIENTS * VISITS,
  );
  assert.deepEqual(linksBetween(units).slice(0, 5), []);
  t.diagnostic(`${slips.length} slips in ${units.length} units of ${PATIENTS} patients`);
});
