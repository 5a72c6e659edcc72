/**
 * Each process of a federation frozen and killed in turn: what goes on, and where it cannot, who is named how soon
 * (docs/operating/faults.md). Nobody is told of the fault: every round begins with devices that know nothing of it.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { collect, httpNetwork } from "@anamnesis/client";
import type { Network, NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { opened } from "@anamnesis/testing/client/opened";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { during } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const care = ["general-hospital", "city-hospital", "online-clinic"];
const institutions = [...care, "national-authority", "provincial-authority", "municipal-authority"];
const vaults = care.map((institution) => `${institution}-vault`);
/** The embedded engine's sole writer of the consortium (docs/adr/0001-embedded-single-writer.md). */
const writer = "national-authority";
const hour = 3_600_000;
/** How soon who failed is named. */
const NAMED_MS = 5_000;

let people: People;
let alice: Session;
let reader: Session;
const authors = new Map<string, Session>();
/** A record of each care institution. */
const records: string[] = [];

before(async () => {
  people = await startPeople();
  alice = await people.enrol("alice", "patient", "general-hospital");
  reader = await people.enrol("dr-reader", "doctor", "city-hospital");
  for (const [i, institution] of care.entries()) {
    const author = await people.enrol(`dr-${institution}`, "doctor", institution);
    authors.set(institution, author);
    await patient.openVisit(alice, { institution, doctor: `dr-${institution}` });
    await doctor.receive(author);
    records.push(await write(author, i));
  }
  await patient.receive(alice);
});
after(() => people.close());

let letters = 0;
const write = async (author: Session, seed: number): Promise<string> => {
  letters += 1;
  const content = Buffer.concat([syntheticPdf(seed), Buffer.from(String(letters))]);
  const named = { fileName: `letter-${letters}.pdf`, for: "alice", whole: true };
  const [written] = await doctor.importFile(author, { content, ...named });
  return written!.id;
};

/** One workflow in one round: devices that remember nothing of whom they asked before, and a grant from before the fault. */
interface Round {
  readonly part: string;
  readonly gid: string;
  readonly alice: Session;
  readonly reader: Session;
  readonly author: Session;
}

interface Workflow {
  readonly name: string;
  /** Whose absence it cannot do without: then the error names them. */
  readonly needs: (part: string) => boolean;
  readonly run: (round: Round) => Promise<void>;
}

const isWriter = (part: string): boolean => part === writer;
const nobody = (): boolean => false;

const workflows: readonly Workflow[] = [
  {
    name: "list",
    needs: nobody,
    run: async ({ alice: owner }) => {
      const listed = (await patient.listRecords(owner)).map(({ id }) => id);
      assert.ok(records.every((id) => listed.includes(id)));
    },
  },
  {
    name: "open",
    needs: nobody,
    run: async ({ alice: owner }) => {
      for (const id of records)
        assert.ok((await collect(await patient.openRecord(owner, id))).content.length > 0);
    },
  },
  {
    name: "proof",
    needs: nobody,
    run: async ({ part, alice: owner }) => {
      const id = records[Math.max(0, care.indexOf(part))]!;
      const proof = await patient.exportProof(owner, id);
      assert.equal(patient.checkProof(proof, people.trust).record, id);
    },
  },
  {
    name: "log",
    needs: nobody,
    run: async ({ alice: owner, gid }) => {
      const log = await patient.accessLog(owner);
      assert.ok(log.some((entry) => entry.what === "granted" && entry.gid === gid));
    },
  },
  {
    name: "grant",
    needs: isWriter,
    run: async ({ part, alice: owner }) => {
      const terms = { to: "dr-reader@city-hospital", records, until: Date.now() + hour };
      const { status, waitsFor } = await patient.grant(owner, terms);
      assert.equal(status, "live");
      assert.equal(waitsFor, part === "city-hospital" ? part : undefined, "the reader's box");
    },
  },
  {
    name: "read",
    needs: isWriter,
    run: async ({ reader: who }) => {
      for await (const record of opened(doctor.openMany(who, records))) await collect(record);
    },
  },
  {
    name: "write",
    needs: (part) => part === "general-hospital",
    run: async ({ author }) => {
      await write(author, 9);
    },
  },
];

/** After the others: it ends the grant that they use. Where the chain takes nothing, the proxies stop it. */
const revoking: Workflow = {
  name: "revoke",
  needs: nobody,
  run: async ({ part, alice: owner, gid }) => {
    const { status } = await patient.revoke(owner, gid);
    assert.equal(status, isWriter(part) ? "stopped" : "revoked");
  },
};

/** A network that remembers nothing, and when a slip was first sent over it. */
function freshNetwork(): { readonly network: Network; readonly sentAt: () => number | undefined } {
  const http = httpNetwork(people.trust);
  let sentAt: number | undefined;
  const node: Network["node"] = (institution, signal) => {
    const asked = http.node(institution, signal);
    const submit: NodeApi["submit"] = (...args) => {
      sentAt ??= performance.now();
      return asked.submit(...args);
    };
    return { ...asked, submit };
  };
  return { network: { ...http, node }, sentAt: () => sentAt };
}

async function nextGrant(): Promise<string> {
  const terms = { to: "dr-reader@city-hospital", records, until: Date.now() + hour };
  const { id } = await patient.grant(alice, terms);
  await doctor.receive(reader);
  return id;
}

/** Runs a workflow and judges what came of it. @returns a line of the table. */
async function judge({ name, needs, run }: Workflow, part: string, gid: string): Promise<string> {
  const { network, sentAt } = freshNetwork();
  const over = (session: Session): Session => ({ ...session, network });
  const author = over(authors.get("general-hospital")!);
  const since = performance.now();
  const failure = await run({ part, gid, alice: over(alice), reader: over(reader), author }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof AnamnesisError) return error;
      throw error;
    },
  );
  const now = performance.now();
  const told = `${name.padEnd(6)} ${seconds(now - since)}  ${failure?.message ?? "goes on"}`;
  if (!needs(part)) {
    assert.equal(failure, undefined, told);
    return told;
  }
  assert.ok(failure !== undefined, `${told}, and cannot`);
  assert.match(failure.message, new RegExp(part), "who failed is named");
  const namedMs = now - (sentAt() ?? since);
  assert.ok(namedMs < NAMED_MS, `${told}, after ${namedMs} ms`);
  return `${told} (${seconds(namedMs).trim()} after it was asked)`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(5)} s`;

async function play(t: TestContext, part: string, gid: string): Promise<void> {
  const told = await Promise.all(workflows.map((workflow) => judge(workflow, part, gid)));
  for (const each of [...told, await judge(revoking, part, gid)]) t.diagnostic(each);
}

/** Ends what the round granted, so that logs do not grow from round to round. */
async function clearUp(): Promise<void> {
  for (const { id, status } of await patient.listGrants(alice))
    if (status === "live" || status === "stopped") await patient.revoke(alice, id);
}

test("without a fault everything goes on", async (t) => {
  await play(t, "", await nextGrant());
  await clearUp();
});

const faults: readonly Fault[] = ["frozen", "killed"];
for (const part of [...institutions, ...vaults, "registry"])
  for (const fault of faults)
    test(`${part} ${fault}`, async (t) => {
      const gid = await nextGrant();
      await during(people, part, fault, () => play(t, part, gid));
      await clearUp();
    });
