/**
 * Opening a shared record over a federation of real processes: whether it costs more under a grant of a thousand records
 * than under a grant of one, and how many requests and downloads it takes. Run alone (`node tests/bench/opening.ts 200`) it
 * prints its rows as JSON; with `BENCH_REQUESTS=1` each request, too.
 */
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { startPeople } from "../e2e/sessions.ts";
import { median } from "./processTime.ts";
import { costs, within } from "./row.ts";
import type { Row } from "./row.ts";

const RECORDS = 1_000;
/** Records of one category of one visit share a tag: here each has a tag of its own. */
const CATEGORIES = ["encounter-note", "laboratory", "imaging", "prescription", "vitals"] as const;
const AT_ONCE = 4;
const ROUNDS = 21;
const HOUR = 3_600_000;

/**
 * Rows `opening.grantOf1000` (of another number, by that), `opening.requests` and `opening.downloads`.
 * @param records - Under the large grant, a multiple of 5.
 */
export async function benchOpening(records: number = RECORDS): Promise<Row[]> {
  const people = await startPeople();
  try {
    const alice = await people.enrol("alice", "patient", "general-hospital");
    const author = await people.enrol("dr-author", "doctor", "general-hospital");
    const one = await people.enrol("dr-one", "doctor", "city-hospital");
    const many = await people.enrol("dr-many", "doctor", "city-hospital");
    const record = await writeRecords(alice, author, records);
    const until = Date.now() + 24 * HOUR;
    await patient.grant(alice, { to: "dr-one", records: [record], until });
    await patient.grant(alice, { to: "dr-many", until });
    for (const reader of [one, many]) await doctor.receive(reader);
    return await measure(record, records, { one, many });
  } finally {
    await people.close();
  }
}

/** @returns One of the records. */
async function writeRecords(alice: Session, author: Session, records: number): Promise<string> {
  const file = syntheticPdf(1);
  let last = "";
  for (let visit = 0; visit < records / CATEGORIES.length; visit += 1) {
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "dr-author" });
    await doctor.receive(author);
    const pending = CATEGORIES.map((category) => async () => {
      const content = Buffer.concat([file, Buffer.from(`${visit} ${category}`)]);
      const fileName = `${visit}.pdf`;
      const how = { content, fileName, for: "alice", whole: true, category };
      const [written] = await doctor.importFile(author, how);
      if (written === undefined) throw new Error("Nothing was written");
      last = written.id;
    });
    for (let at = 0; at < pending.length; at += AT_ONCE)
      await Promise.all(pending.slice(at, at + AT_ONCE).map((write) => write()));
  }
  await patient.receive(alice);
  return last;
}

async function measure(
  record: string,
  records: number,
  { one, many }: { readonly one: Session; readonly many: Session },
): Promise<Row[]> {
  const open = async (reader: Session): Promise<number> => {
    const start = performance.now();
    await collect(await doctor.openRecord(reader, record));
    return performance.now() - start;
  };
  const under: Record<"one" | "many", number[]> = { one: [], many: [] };
  for (let round = -3; round < ROUNDS; round += 1) {
    const ms = { one: await open(one), many: await open(many) };
    if (round < 0) continue; // finds code that is still being compiled
    under.one.push(ms.one);
    under.many.push(ms.many);
  }
  const asked = await counted(() => open(many));
  return [
    costs({
      id: `opening.grantOf${records}`,
      unit: "ms",
      value: median(under.many),
      ceiling: median(under.one),
      target: 1.2,
    }),
    within({ id: "opening.requests", unit: "requests", value: asked.requests, budget: 14 }),
    within({
      id: "opening.downloads",
      unit: "downloads of the body",
      value: asked.downloads,
      budget: 1,
    }),
  ];
}

/** Requests that a work made, and how many of them fetched a stored object. */
async function counted(
  work: () => Promise<unknown>,
): Promise<{ requests: number; downloads: number }> {
  const { fetch } = globalThis;
  const seen: { method: string; path: string }[] = [];
  globalThis.fetch = (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    seen.push({ method: init?.method ?? "GET", path: pathname });
    return fetch(input, init);
  };
  try {
    await work();
  } finally {
    globalThis.fetch = fetch;
  }
  const isDownload = (ask: (typeof seen)[number]): boolean =>
    ask.method === "GET" && ask.path.includes("/objects/");
  if (process.env["BENCH_REQUESTS"] !== undefined) console.error(seen);
  return { requests: seen.length, downloads: seen.filter(isDownload).length };
}

if (import.meta.main)
  process.stdout.write(
    `${JSON.stringify({ rows: await benchOpening(Number(process.argv[2] ?? RECORDS)) }, undefined, 2)}\n`,
  );
