/**
 * What people do while a part of the federation does not answer, judged: it goes on, or the error names the part. Nobody is told
 * of the fault: every round begins with devices that know nothing of it.
 */
import assert from "node:assert/strict";
import { collect, httpNetwork } from "@anamnesis/client";
import type { Network, NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { opened } from "@anamnesis/testing/client/opened";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";

export const care = ["general-hospital", "city-hospital", "online-clinic"];
/** The embedded engine's sole writer of the consortium (docs/adr/0001-embedded-single-writer.md). */
const writer = "national-authority";
const hour = 3_600_000;
/** How soon who failed is named. */
const NAMED_MS = 5_000;

/** A patient, an author at each care institution whose records they have, and a reader. */
export class Scene {
  readonly trust: Trust;
  readonly alice: Session;
  readonly reader: Session;
  readonly authors: ReadonlyMap<string, Session>;
  /** A record of each care institution. */
  readonly records: string[] = [];
  #letters = 0;

  private constructor(trust: Trust, [alice, reader, ...authors]: readonly Session[]) {
    this.trust = trust;
    this.alice = alice!;
    this.reader = reader!;
    this.authors = new Map(care.map((institution, i) => [institution, authors[i]!]));
  }

  static async set(
    trust: Trust,
    enrol: (name: string, role: "patient" | "doctor", institution: string) => Promise<Session>,
  ): Promise<Scene> {
    const sessions = [
      await enrol("alice", "patient", "general-hospital"),
      await enrol("dr-reader", "doctor", "city-hospital"),
    ];
    for (const institution of care)
      sessions.push(await enrol(`dr-${institution}`, "doctor", institution));
    const scene = new Scene(trust, sessions);
    const { alice, authors, records } = scene;
    for (const [institution, author] of authors) {
      await patient.openVisit(alice, { institution, doctor: `dr-${institution}` });
      await doctor.receive(author);
      records.push(await scene.write(author));
    }
    await patient.receive(alice);
    return scene;
  }

  async write(author: Session): Promise<string> {
    this.#letters += 1;
    const content = Buffer.concat([syntheticPdf(9), Buffer.from(String(this.#letters))]);
    const named = { fileName: `letter-${this.#letters}.pdf`, for: "alice", whole: true };
    const [written] = await doctor.importFile(author, { content, ...named });
    return written!.id;
  }

  /** A round without a fault yet: a grant at the reader's, and a record that waits for the patient's word. */
  async nextRound(): Promise<Prepared> {
    const unconfirmed = await this.write(this.authors.get("general-hospital")!);
    await patient.receive(this.alice);
    const { id: gid } = await patient.grant(this.alice, this.#terms());
    await doctor.receive(this.reader);
    return { gid, unconfirmed };
  }

  #terms(): { to: string; records: string[]; until: number } {
    return { to: "dr-reader@city-hospital", records: this.records, until: Date.now() + hour };
  }

  /** Plays all workflows at once, the revocation last. */
  async play(part: string, prepared: Prepared): Promise<Told[]> {
    const told = await Promise.all(
      workflows.map((workflow) => this.#judge(workflow, part, prepared)),
    );
    return [...told, await this.#judge(revoking, part, prepared)];
  }

  /** Ends what the round granted, so that logs do not grow from round to round. */
  async clearUp(): Promise<void> {
    for (const { id, status } of await patient.listGrants(this.alice))
      if (status === "live" || status === "stopped") await patient.revoke(this.alice, id);
  }

  async #judge({ name, needs, run }: Workflow, part: string, prepared: Prepared): Promise<Told> {
    const { network, sentAt } = freshNetwork(this.trust);
    const over = (session: Session): Session => ({ ...session, network });
    const round: Round = {
      ...prepared,
      part,
      scene: this,
      terms: this.#terms(),
      alice: over(this.alice),
      reader: over(this.reader),
      author: over(this.authors.get("general-hospital")!),
    };
    const since = performance.now();
    const failure = await run(round).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof AnamnesisError) return error;
        throw error;
      },
    );
    const now = performance.now();
    const ms = now - since;
    const line = `${name.padEnd(7)} ${seconds(ms)}  ${failure?.message ?? "goes on"}`;
    if (!needs(part)) {
      assert.equal(failure, undefined, line);
      return { name, ms, goesOn: true, line };
    }
    assert.ok(failure !== undefined, `${line}, and cannot`);
    assert.match(failure.message, new RegExp(part), "who failed is named");
    const namedMs = now - (sentAt() ?? since);
    assert.ok(namedMs < NAMED_MS, `${line}, after ${namedMs} ms`);
    const after = `${line} (${seconds(namedMs).trim()} after it was asked)`;
    return { name, ms, goesOn: false, line: after };
  }
}

export interface Prepared {
  readonly gid: string;
  readonly unconfirmed: string;
}

/** What came of a workflow. */
export interface Told {
  readonly name: string;
  readonly ms: number;
  readonly goesOn: boolean;
  readonly line: string;
}

/** One workflow in one round: devices that remember nothing of whom they asked before, and a grant from before the fault. */
interface Round extends Prepared {
  readonly part: string;
  readonly scene: Scene;
  readonly terms: { readonly to: string; readonly records: string[]; readonly until: number };
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
/** The sole writer of the chain on which the author writes and the patient confirms. */
const isAuthors = (part: string): boolean => part === "general-hospital";
const nobody = (): boolean => false;

const workflows: readonly Workflow[] = [
  {
    name: "list",
    needs: nobody,
    run: async ({ alice, scene }) => {
      const listed = (await patient.listRecords(alice)).map(({ id }) => id);
      assert.ok(scene.records.every((id) => listed.includes(id)));
    },
  },
  {
    name: "open",
    needs: nobody,
    run: async ({ alice, scene }) => {
      for (const id of scene.records)
        assert.ok((await collect(await patient.openRecord(alice, id))).content.length > 0);
    },
  },
  {
    name: "proof",
    needs: nobody,
    run: async ({ part, alice, scene }) => {
      const id = scene.records[Math.max(0, care.indexOf(part))]!;
      const proof = await patient.exportProof(alice, id);
      assert.equal(patient.checkProof(proof, scene.trust).record, id);
    },
  },
  {
    name: "log",
    needs: nobody,
    run: async ({ alice, gid }) => {
      const log = await patient.accessLog(alice);
      assert.ok(log.some((entry) => entry.what === "granted" && entry.gid === gid));
    },
  },
  {
    name: "grant",
    needs: isWriter,
    run: async ({ part, alice, terms }) => {
      const { status, waitsFor } = await patient.grant(alice, terms);
      assert.equal(status, "live");
      assert.equal(waitsFor, part === "city-hospital" ? part : undefined, "the reader's box");
    },
  },
  {
    name: "read",
    needs: isWriter,
    run: async ({ reader, scene }) => {
      for await (const record of opened(doctor.openMany(reader, scene.records)))
        await collect(record);
    },
  },
  {
    name: "write",
    needs: isAuthors,
    run: async ({ author, scene }) => {
      await scene.write(author);
    },
  },
  {
    name: "confirm",
    needs: isAuthors,
    run: async ({ alice, unconfirmed }) => {
      const { confirmed, failed } = await patient.confirm(alice, { ids: [unconfirmed] });
      const [why] = failed;
      if (why !== undefined) throw new AnamnesisError(why.code as "UNAVAILABLE", why.message);
      assert.deepEqual(confirmed, [unconfirmed]);
    },
  },
];

/** After the others: it ends the grant that they use. Where the chain takes nothing, the proxies stop it. */
const revoking: Workflow = {
  name: "revoke",
  needs: nobody,
  run: async ({ part, alice, gid }) => {
    const { status } = await patient.revoke(alice, gid);
    assert.equal(status, isWriter(part) ? "stopped" : "revoked");
  },
};

/** A network that remembers nothing, and when a slip was first sent over it. */
function freshNetwork(trust: Trust): {
  readonly network: Network;
  readonly sentAt: () => number | undefined;
} {
  const http = httpNetwork(trust);
  let sentAt: number | undefined;
  const node: Network["node"] = (institution, signal) => {
    const asked = http.node(institution, signal);
    const noted =
      <A extends unknown[], T>(send: (...args: A) => T) =>
      (...args: A): T => {
        sentAt ??= performance.now();
        return send(...args);
      };
    const submit: NodeApi["submit"] = noted((...args) => asked.submit(...args));
    const submitBatch: NodeApi["submitBatch"] = noted((...args) => asked.submitBatch(...args));
    return { ...asked, submit, submitBatch };
  };
  return { network: { ...http, node }, sentAt: () => sentAt };
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(5)} s`;
