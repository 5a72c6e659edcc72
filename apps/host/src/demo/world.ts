import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { collect, httpNetwork, openDevice, openSession } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { parse } from "@anamnesis/fhir";
import type { ParsedResource } from "@anamnesis/fhir";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import type { Role } from "@anamnesis/protocol";
import { deviceDir, enrolPerson, places, registrarOf } from "@anamnesis/client/folder";
import type { KeysProcess } from "@anamnesis/client/folder";

import type { RunningFederation } from "../runFederation.ts";

/** A request as it went over the wire, to be sent again, or changed. */
export interface SentRequest {
  readonly url: string;
  readonly init: RequestInit;
}

/** Who plays in the demo, what they wrote, and what went over the wire. */
export interface DemoWorld {
  readonly running: RunningFederation;
  readonly patient: Session;
  readonly author: Session;
  readonly reader: Session;
  readonly stranger: Session;
  /** The synthetic transaction Bundle and the PDF that are written. */
  readonly bundle: Uint8Array;
  readonly pdf: Uint8Array;
  /** What reader and stranger sent, newest last. */
  readonly sent: SentRequest[];
}

const suffix = Date.now().toString(36);
const cast = {
  patient: { name: `demo-patient-${suffix}`, role: "patient", at: "general-hospital" },
  author: { name: `demo-author-${suffix}`, role: "doctor", at: "general-hospital" },
  reader: { name: `demo-reader-${suffix}`, role: "doctor", at: "city-hospital" },
  stranger: { name: `demo-stranger-${suffix}`, role: "doctor", at: "online-clinic" },
} as const;

/** Enrols the four who play, and takes the synthetic records to hand. */
export async function makeWorld(running: RunningFederation, keys: KeysProcess): Promise<DemoWorld> {
  for (const { name, role, at } of Object.values(cast)) {
    const registrar = await sessionOf(running, registrarOf(at));
    const person = {
      name,
      role: role as Role,
      identifier: name,
      protection: { demo: true },
    } as const;
    await enrolPerson(running.dir, registrar, keys, person);
  }
  const sent: SentRequest[] = [];
  const listening: typeof fetch = (input, init) => {
    if (typeof input === "string" && init !== undefined) sent.push({ url: input, init });
    return fetch(input, init);
  };
  const [visit] = syntheticPatient(2026, { institutions: [cast.author.at], visits: 1 }).bundles;
  if (visit === undefined) throw new Error("The generator gave no visit");
  return {
    running,
    patient: await sessionOf(running, cast.patient.name),
    author: await sessionOf(running, cast.author.name),
    reader: await sessionOf(running, cast.reader.name, listening),
    stranger: await sessionOf(running, cast.stranger.name, listening),
    bundle: visit.bytes,
    pdf: syntheticPdf(2026),
    sent,
  };
}

async function sessionOf(
  running: RunningFederation,
  name: string,
  via?: typeof fetch,
): Promise<Session> {
  const device = await openDevice(deviceDir(places(running.dir).device(name)));
  return via === undefined
    ? openSession(device, running.trust)
    : openSession(device, running.trust, { network: httpNetwork(running.trust, { fetch: via }) });
}

/** Opens a record as a doctor and reads it to its end. */
export const read = async (session: Session, id: string): Promise<Uint8Array> =>
  (await collect(await doctor.openRecord(session, id))).content;

export const parsed = (bytes: Uint8Array): ParsedResource => parse(bytes);

/** Every object file of every vault. */
export async function objectFiles(running: RunningFederation): Promise<string[]> {
  const entries = await readdir(places(running.dir).vaults, {
    recursive: true,
    withFileTypes: true,
  });
  return entries
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
