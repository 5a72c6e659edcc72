import { piecesOf } from "@anamnesis/crypto/verify";
import { readdir } from "node:fs/promises";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import { openDevice, openSession } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { Role } from "@anamnesis/protocol";
import {
  deviceDir,
  enrolPerson,
  places,
  readFederation,
  registrarOf,
  spawnKeys,
  writeFederation,
} from "@anamnesis/client/folder";

import type { RunningFederation } from "../runFederation.ts";

interface DemoPerson {
  readonly name: string;
  readonly role: Role;
  readonly at: string;
}

/** Who lives in a demo federation. */
const people: readonly DemoPerson[] = [
  { name: "dr-li", role: "doctor", at: "general-hospital" },
  { name: "dr-chen", role: "doctor", at: "city-hospital" },
  { name: "dr-sun", role: "doctor", at: "online-clinic" },
  { name: "zhang-wei", role: "patient", at: "general-hospital" },
  { name: "anna-keller", role: "patient", at: "city-hospital" },
];

const dayMs = 24 * 3_600_000;

/**
 * Fills a demo federation with life, once: persons with demo keys, synthetic records of three institutions, some of
 * them confirmed, one live grant and one open request.
 */
export async function addDemoPeople(
  running: RunningFederation,
  say: (text: string) => void,
): Promise<void> {
  const file = (await readFederation(running.dir)) ?? running.file;
  if (file.seeded.length > 0) return;
  say("Enrolling the demo persons");
  await enrolAll(running);
  say("Writing their synthetic records");
  const sessions = new Map<string, Session>();
  for (const { name } of people) sessions.set(name, await sessionOf(running, name));
  const of = (name: string): Session => sessions.get(name) as Session;

  await history(of("zhang-wei"), { seed: 7, name: "张伟 Zhang Wei" }, [
    of("dr-li"),
    of("dr-chen"),
    of("dr-sun"),
  ]);
  await history(of("anna-keller"), { seed: 11, name: "Anna Keller" }, [of("dr-chen")]);
  await decisions(of("zhang-wei"), of("dr-chen"), of("dr-sun"));
  const { run, ...rest } = (await readFederation(running.dir)) ?? file;
  await writeFederation(running.dir, {
    ...rest,
    ...(run === undefined ? {} : { run }),
    seeded: people.map(({ name }) => name),
  });
}

async function enrolAll(running: RunningFederation): Promise<void> {
  const existing = new Set(await readdir(places(running.dir).devices));
  const keys = spawnKeys();
  try {
    for (const { name, role, at } of people) {
      if (existing.has(name)) continue;
      const registrar = await sessionOf(running, registrarOf(at));
      await enrolPerson(running.dir, registrar, keys, {
        name,
        role,
        identifier: name,
        protection: { demo: true },
      });
    }
  } finally {
    keys.end();
  }
}

async function sessionOf(running: RunningFederation, name: string): Promise<Session> {
  return openSession(await openDevice(deviceDir(places(running.dir).device(name))), running.trust);
}

/** One synthetic patient's visits: each doctor writes what happened at their institution, and one a letter. */
async function history(
  of: Session,
  { seed, name }: { readonly seed: number; readonly name: string },
  doctors: readonly Session[],
): Promise<void> {
  const institutions = doctors.map(({ device }) => device.institution);
  const made = syntheticPatient(seed, { name, institutions, visits: institutions.length + 1 });
  // All visits first: who attends looks for new boxes only every few seconds.
  for (const by of doctors) {
    const { fingerprint } = await by.device.certificate();
    await patient.openVisit(of, { institution: by.device.institution, doctor: fingerprint });
    await doctor.receive(by);
  }
  const stop = new AbortController();
  const attending = patient.attend(of, { signal: stop.signal });
  try {
    for (const [at, { institution, bytes }] of made.bundles.entries()) {
      const by = doctors.find(({ device }) => device.institution === institution);
      if (by === undefined) continue;
      await doctor.importFile(by, {
        content: bytes,
        fileName: `visit-${at + 1}.json`,
        for: of.device.name,
      });
    }
    const [first] = doctors;
    if (first === undefined) return;
    await doctor.importFile(first, {
      content: syntheticPdf(seed),
      fileName: "letter.pdf",
      for: of.device.name,
      whole: true,
    });
  } finally {
    stop.abort();
    await attending;
  }
}

/** What the patient decided so far, and what still waits for them. */
async function decisions(of: Session, reader: Session, asking: Session): Promise<void> {
  await patient.receive(of);
  const records = await patient.listRecords(of);
  const oldest = records.toReversed().slice(0, Math.ceil(records.length * 0.7));
  await patient.confirm(of, { ids: oldest.map(({ id }) => id) });
  const { fingerprint } = await reader.device.certificate();
  await patient.grant(of, { to: fingerprint, until: Date.now() + 90 * dayMs });
  await doctor.receive(reader);
  const [readable] = await doctor.listReadable(reader);
  if (readable !== undefined) await readToEnd(await doctor.openRecord(reader, readable.id));
  await doctor.requestAccess(asking, {
    for: of.device.name,
    purpose: "TREAT",
    until: Date.now() + 30 * dayMs,
    text: "To prepare our next consultation",
  });
}

async function readToEnd(opened: Awaited<ReturnType<typeof doctor.openRecord>>): Promise<void> {
  for await (const chunk of piecesOf(opened.content)) void chunk;
  await opened.finished;
}
