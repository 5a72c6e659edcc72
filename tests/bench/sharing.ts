import type { Trust } from "@anamnesis/protocol";
import type { People } from "./people.ts";
import { median } from "./processTime.ts";
import type { ServerProcesses } from "./serverProcesses.ts";

const RECORD_BYTES = 64 * 1024;
const hospitals = ["general-hospital", "city-hospital"] as const;

/** Visits, and records of each category of each: a hundred. */
const HUNDRED = { visits: 4, records: 5 } as const;
export const hundredRounds = 3;
const CATEGORIES = ["encounter-note", "laboratory", "imaging", "prescription", "vitals"] as const;

/** Of a flow, in order; `take` is the reader's receiving of the grant. */
type Step = "write" | "receive" | "confirm" | "grant" | "take" | "open" | "revoke";

/** Patients, each with an author at one hospital and a reader at the other. */
export class Sharing {
  readonly #patients: People;
  readonly #authors: People;
  readonly #readers: People;

  constructor(people: Readonly<Record<"patients" | "authors" | "readers", People>>) {
    this.#patients = people.patients;
    this.#authors = people.authors;
    this.#readers = people.readers;
  }

  /** Enrols so many, each with a visit open. */
  async enrol(servers: ServerProcesses, count: number): Promise<void> {
    const all = Array.from({ length: count }, (_, i) => i);
    for (const i of all) {
      await servers.enrol(`patient-${i}`, "patient", homeOf(i));
      await servers.enrol(`author-${i}`, "doctor", homeOf(i));
      await servers.enrol(`reader-${i}`, "doctor", homeOf(i + 1));
    }
    const unlock = (people: People, who: string, trust: Trust): Promise<void> =>
      people.do(
        "unlock",
        servers.dir,
        trust,
        all.map((i) => `${who}-${i}`),
      );
    await unlock(this.#patients, "patient", servers.trust);
    await unlock(this.#authors, "author", servers.trust);
    await unlock(this.#readers, "reader", servers.trust);
    for (const i of all) await this.#visit(i);
  }

  /** One flow of this patient. @param took - Is told of each step. */
  async flow(i: number, took: (step: Step, ms: number) => void = () => undefined): Promise<void> {
    const timed = async <T>(step: Step, work: Promise<T>): Promise<T> => {
      const since = performance.now();
      const result = await work;
      took(step, performance.now() - since);
      return result;
    };
    const [patient, reader] = [`patient-${i}`, `reader-${i}`];
    const id = await timed("write", this.#write(i, "laboratory"));
    await timed("receive", this.#patients.do("receive", patient));
    await timed("confirm", this.#patients.do("confirm", patient, id));
    const gid = await timed("grant", this.#patients.do("grant", patient, reader, [id]));
    await timed("take", this.#readers.do("receive", reader));
    const bytes = await timed("open", this.#readers.do("open", reader, [id]));
    if (bytes !== RECORD_BYTES) throw new Error(`Opened ${bytes} bytes, want ${RECORD_BYTES}`);
    await timed("revoke", this.#patients.do("revoke", patient, gid));
  }

  /** One flow of each of so many patients, at once. */
  async firstFlows(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.flow(i)));
  }

  /** Median milliseconds of each step while nothing else goes on. */
  async stepTimes(rounds = 15): Promise<Readonly<Record<string, number>>> {
    const samples: Record<string, number[]> = {};
    for (let round = 0; round < rounds; round += 1)
      await this.flow(0, (step, ms) => (samples[step] ??= []).push(ms));
    return Object.fromEntries(
      Object.entries(samples).map(([step, times]) => [step, median(times)]),
    );
  }

  /** Writes a hundred records under twenty tags, and grants them to the reader as one. */
  async prepareHundred(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let visit = 0; visit < HUNDRED.visits; visit += 1) {
      await this.#visit(0);
      for (const category of CATEGORIES)
        for (let record = 0; record < HUNDRED.records; record += 1)
          ids.push(await this.#write(0, category));
    }
    await this.#patients.do("receive", "patient-0");
    await this.#patients.do("grant", "patient-0", "reader-0", ids);
    await this.#readers.do("receive", "reader-0");
    return ids;
  }

  /** Median milliseconds in which a reader opens all of them by one call and reads them to their ends. */
  async openHundred(ids: readonly string[]): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < hundredRounds; round += 1) {
      const since = performance.now();
      const bytes = await this.#readers.do("open", "reader-0", ids);
      times.push(performance.now() - since);
      if (bytes !== ids.length * RECORD_BYTES) throw new Error(`Opened ${bytes} bytes in all`);
    }
    return median(times);
  }

  async #visit(i: number): Promise<void> {
    await this.#patients.do("visit", `patient-${i}`, `author-${i}`, homeOf(i));
    await this.#authors.do("receive", `author-${i}`);
  }

  #write(i: number, category: string): Promise<string> {
    const what = { for: `patient-${i}`, bytes: RECORD_BYTES, category };
    return this.#authors.do("write", `author-${i}`, what);
  }
}

const homeOf = (i: number): string => hospitals[i % hospitals.length]!;
