/**
 * People of the sharing benchmark: a process for those of one kind, so that the system counts by itself what their devices
 * compute. Each call names whose device does it.
 */
import { collect, openDevice, openSession } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { opened } from "@anamnesis/testing/client/opened";
import { deviceDir, places } from "@anamnesis/client/folder";
import * as patient from "@anamnesis/client/patient";
import { randomBytes } from "@anamnesis/crypto/verify";
import type { Trust } from "@anamnesis/protocol";

const HOUR_MS = 3_600_000;

const sessions = new Map<string, Session>();

function of(name: string): Session {
  const session = sessions.get(name);
  if (session === undefined) throw new Error(`No device of ${name} was unlocked`);
  return session;
}

const calls = {
  unlock: async (dir: string, trust: Trust, names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const device = await openDevice(deviceDir(places(dir).device(name)));
      sessions.set(name, await openSession(device, trust));
    }
  },
  visit: async (name: string, to: string, institution: string): Promise<void> => {
    await patient.openVisit(of(name), { institution, doctor: to });
  },
  receive: async (name: string): Promise<void> => {
    const session = of(name);
    const { receive } = session.device.role === "patient" ? patient : doctor;
    await receive(session);
  },
  /** @returns the record's id. */
  write: async (name: string, what: Written): Promise<string> => {
    const session = of(name);
    const [written] = await doctor.importFile(session, {
      content: randomBytes(what.bytes),
      fileName: "scan.bin",
      for: what.for,
      whole: true,
      category: what.category,
    });
    if (written === undefined) throw new Error("Nothing was written");
    return written.id;
  },
  confirm: async (name: string, id: string): Promise<void> => {
    const { failed } = await patient.confirm(of(name), { ids: [id] });
    if (failed.length > 0) throw new Error(`Not confirmed: ${failed[0]?.code}`);
  },
  /** @returns the grant's id. */
  grant: async (name: string, to: string, records: readonly string[]): Promise<string> => {
    const until = Date.now() + 24 * HOUR_MS;
    return (await patient.grant(of(name), { to, records, until })).id;
  },
  /** Opens and reads to the end. @returns bytes of content. */
  open: async (name: string, ids: readonly string[]): Promise<number> => {
    let bytes = 0;
    for await (const record of opened(doctor.openMany(of(name), ids)))
      bytes += (await collect(record)).content.length;
    return bytes;
  },
  revoke: async (name: string, gid: string): Promise<void> => {
    const { status } = await patient.revoke(of(name), gid);
    if (status !== "revoked") throw new Error(`The grant is ${status}`);
  },
};

export type PeopleCalls = typeof calls;

interface Written {
  readonly for: string;
  readonly bytes: number;
  readonly category: string;
}

/** What the process is asked, and what it answers. */
export interface PeopleAsk {
  readonly id: number;
  readonly call: keyof PeopleCalls;
  readonly args: readonly unknown[];
}
export type PeopleAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: string };

process.on("message", (ask: PeopleAsk) => {
  void answer(ask).then((message) => process.send?.(message));
});
process.on("disconnect", () => process.exit());

async function answer({ id, call, args }: PeopleAsk): Promise<PeopleAnswer> {
  try {
    const made = calls[call] as (...all: readonly unknown[]) => Promise<unknown>;
    return { id, value: await made(...args) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { id, failed: `${call}: ${code ?? ""} ${message}` };
  }
}
