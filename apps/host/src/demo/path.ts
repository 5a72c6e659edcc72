import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { sameResources, unite } from "@anamnesis/fhir";
import { randomBytes } from "node:crypto";
import type { Trust } from "@anamnesis/protocol";
import type { DemoSteps } from "./steps.ts";
import { objectFiles, parsed, read } from "./world.ts";
import type { DemoWorld } from "./world.ts";

/** What the path leaves for the attacks. */
export interface DemoTrail {
  /** Records of the Bundle. */
  readonly split: readonly string[];
  /** The PDF's record, and its object's file in each vault that holds it. */
  readonly whole: string;
  readonly objects: readonly string[];
  readonly gid: string;
}

const hourMs = 3_600_000;
const want = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise);
};

/** The whole path, from visit to proof. @returns `undefined` as soon as a step fails. */
export async function playPath(world: DemoWorld, demo: DemoSteps): Promise<DemoTrail | undefined> {
  const { author, reader } = world;
  let split: readonly string[] = [];
  let whole = "";
  let objects: readonly string[] = [];
  let request = "";
  let gid = "";

  const path: readonly (readonly [string, () => Promise<string | void>])[] = [
    [
      "visit: the patient hands the doctor a token",
      async () => {
        const { fingerprint } = await author.device.certificate();
        const { institution } = author.device;
        const visit = await patient.openVisit(world.patient, { institution, doctor: fingerprint });
        await doctor.receive(author);
        return `${visit.categories.length} categories`;
      },
    ],
    [
      "import: a hospital stay, split into records, while the patient attends",
      async () => {
        split = await whileAttending(world, () => written(world, world.bundle, "stay.json"));
        return `${split.length} records`;
      },
    ],
    [
      "import: a PDF, byte for byte",
      async () => {
        const before = new Set(await objectFiles(world.running));
        [whole = ""] = await whileAttending(world, () =>
          written(world, world.pdf, "letter.pdf", true),
        );
        objects = (await objectFiles(world.running)).filter((file) => !before.has(file));
        want(objects.length === 2, `Want it in 2 vaults, found it ${objects.length} times`);
        return "in 2 vaults";
      },
    ],
    [
      "confirm: the patient verifies, opens and confirms every record",
      async () => {
        await patient.receive(world.patient);
        const { confirmed, failed } = await patient.confirm(world.patient, { all: true });
        want(
          failed.length === 0 && confirmed.length === split.length + 1,
          `${failed.length} records failed`,
        );
        return `${confirmed.length} confirmed`;
      },
    ],
    [
      "request: a doctor of another hospital asks",
      async () => {
        const input = {
          for: world.patient.device.name,
          purpose: "TREAT",
          until: Date.now() + hourMs,
        } as const;
        request = (await doctor.requestAccess(reader, input)).id;
        await patient.receive(world.patient);
      },
    ],
    [
      "grant: the patient allows it, shares go to the proxies",
      async () => {
        gid = (await patient.grant(world.patient, { request })).id;
        await doctor.receive(reader);
        const readable = await doctor.listReadable(reader);
        want(readable.length === split.length + 1, `The reader sees ${readable.length} records`);
        want(
          readable.every(({ state }) => state === "confirmed"),
          "A record is not shown as confirmed",
        );
      },
    ],
    [
      "open: byte-identical at the other hospital",
      async () => {
        const bytes = await read(reader, whole);
        want(Buffer.from(bytes).equals(world.pdf), "The PDF differs");
        return `${bytes.length} bytes`;
      },
    ],
    [
      "open: resource-identical at the other hospital",
      async () => {
        const documents = [];
        for (const id of split) documents.push(parsed(await read(reader, id)));
        want(sameResources(unite(documents), parsed(world.bundle).entries), "The resources differ");
        return `${documents.length} documents unite to the hospital's Bundle`;
      },
    ],
    [
      "log: the patient sees who asked, was allowed and opened",
      async () => {
        const entries = await patient.accessLog(world.patient);
        const count = (what: string): number =>
          entries.filter((entry) => entry.what === what).length;
        want(count("asked") === 1 && count("granted") === 1, "Request or grant is missing");
        want(
          count("opened") === split.length + 1,
          `Want ${split.length + 1} openings, found ${count("opened")}`,
        );
        return `${entries.length} entries`;
      },
    ],
    [
      "proof: verifies offline, and not under another federation's trust",
      async () => {
        const proof = await patient.exportProof(world.patient, whole);
        want(
          patient.checkProof(proof, world.running.trust).record === whole,
          "The proof is another record's",
        );
        want(
          !passes(proof, withOtherKeys(world.running.trust)),
          "The proof passes under other keys",
        );
        return `${proof.length} bytes`;
      },
    ],
  ];
  for (const [name, work] of path) if (!(await demo.play(name, work))) return undefined;
  return { split, whole, objects, gid };
}

async function written(
  world: DemoWorld,
  content: Uint8Array,
  fileName: string,
  whole = false,
): Promise<readonly string[]> {
  const records = await doctor.importFile(world.author, {
    content,
    fileName,
    for: world.patient.device.name,
    whole,
  });
  return records.map(({ id }) => id);
}

async function whileAttending<T>(world: DemoWorld, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const attending = patient.attend(world.patient, { signal: stop.signal });
  try {
    return await work();
  } finally {
    stop.abort();
    await attending;
  }
}

function passes(proof: Uint8Array, trust: Trust): boolean {
  try {
    patient.checkProof(proof, trust);
    return true;
  } catch {
    return false;
  }
}

/** A federation of the same names whose nodes have other keys. */
const withOtherKeys = (trust: Trust): Trust => ({
  v: 1,
  chains: trust.chains.map((genesis) => ({
    ...genesis,
    members: genesis.members.map((member) => ({
      ...member,
      nodeKey: new Uint8Array(randomBytes(32)),
    })),
  })),
});
