/**
 * What one node's ledger carries as a chain grows: processor time a slip in verifications of the same run, disk, memory,
 * queries with proof, what followers cost, and the longest block of the event loop; beside them Tessera's POSIX log, fed
 * the same bytes. Run alone (`node tests/bench/ledger.ts 10000,100000`) it prints its rows as JSON.
 */
import { fileURLToPath } from "node:url";
import { plotBySize } from "./plot.ts";
import type { Series } from "./plot.ts";
import { median, verificationSeconds } from "./processTime.ts";
import { beyond, costs, reaches, within } from "./row.ts";
import type { Row } from "./row.ts";
import { startTessera } from "./tessera.ts";
import { WriterUnderLoad } from "./writerUnderLoad.ts";
import type { Round } from "./writerUnderLoad.ts";

export interface LedgerBenchOptions {
  /** Lengths of the chain at which everything is measured, ascending. */
  readonly sizes?: readonly number[];
  readonly say?: (what: string) => void;
}

export interface LedgerBench {
  readonly rows: readonly Row[];
  /** Cost against size, SVG. */
  readonly plot: string;
  /** What was not measured, in words. */
  readonly missing: readonly string[];
}

/** Slips a measured round: long enough that beginning and end, when not all callers are busy, count little. */
const BATCH = { slips: 20_480, rounds: 5, how: { batch: 64, connections: 32 } } as const;
/** The first rounds find code that is still being compiled; the median leaves them out. */
const SINGLE = { slips: 8_000, rounds: 5, how: { batch: 1, connections: 512 } } as const;
const QUERY = { count: 10_000, connections: 8 } as const;

interface Rounds {
  readonly slips: number;
  readonly rounds: number;
}

/** A short chain is measured by shorter rounds, which would else make it a long one; each says less, so there are twice as many. */
const shortened = ({ slips, rounds }: Rounds, size: number): Rounds =>
  size >= 100_000
    ? { slips, rounds }
    : { slips: Math.ceil(slips * Math.max(1 / 4, size / 100_000)), rounds: 2 * rounds + 1 };

/** Figures at one length of the chain. Costs are in verifications, rates a second. */
interface AtSize {
  readonly size: number;
  /** Its length in slips when the rounds were over. */
  readonly until: number;
  readonly single: Round;
  readonly batch: Round;
  readonly catchUp: Round;
  readonly diskBytes: number;
}

export async function benchLedger(options: LedgerBenchOptions = {}): Promise<LedgerBench> {
  const { sizes = [10_000, 100_000, 1_000_000], say = () => undefined } = options;
  const missing: string[] = [];
  const writer = await WriterUnderLoad.start();
  try {
    const measured: AtSize[] = [];
    for (const size of sizes) {
      say(`Filling the chain to ${size.toLocaleString("en")} slips`);
      await writer.fill(size);
      say(`Measuring at ${size.toLocaleString("en")} slips`);
      measured.push(await atSize(writer, size));
    }
    const last = measured.at(-1);
    if (last === undefined) throw new Error("No size was given");
    const rows = measured.flatMap(rowsAtSize);
    rows.push(...growthRows(measured));
    say("Measuring queries with proof");
    rows.push(...(await queryRows(writer)));
    say("Measuring what followers cost");
    rows.push(await followerRow(writer));
    rows.push(
      within({ id: "ledger.memory", unit: "MB", value: await writer.megabytes(), budget: 300 }),
    );
    rows.push(
      within({
        id: "ledger.follower.memory",
        unit: "MB",
        value: await writer.followerMegabytes(),
        budget: 300,
      }),
    );
    rows.push(
      within({ id: "ledger.proof.verify", unit: "ms", value: await writer.proofMs(), budget: 1 }),
    );
    say("Measuring Tessera's POSIX log");
    rows.push(...(await tesseraRows(writer, last, missing)));
    say("Measuring what holds the event loop");
    for (const [what, ms] of Object.entries(await writer.longestBlocks()))
      rows.push(within({ id: `ledger.loop.${what}`, unit: "ms", value: ms, budget: 100 }));
    return { rows, plot: costAgainstSize(measured), missing };
  } finally {
    await writer.stop();
  }
}

async function atSize(writer: WriterUnderLoad, size: number): Promise<AtSize> {
  const diskBytes = (await writer.diskBytes()) / writer.slips;
  const batches = shortened(BATCH, size);
  const batch = await medianRound(batches.rounds, () =>
    writer.round("batch", batches.slips, BATCH.how),
  );
  const singles = shortened(SINGLE, size);
  const single = await medianRound(singles.rounds, () =>
    writer.round("single", singles.slips, SINGLE.how),
  );
  const catchUp = await writer.catchUp();
  await writer.stopFollower(); // else it would follow what is filled next, and have nothing to catch up with
  return { size, until: writer.slips, batch, single, catchUp, diskBytes };
}

async function medianRound(count: number, measure: () => Promise<Round>): Promise<Round> {
  const rounds: Round[] = [];
  for (let i = 0; i < count; i += 1) rounds.push(await measure());
  return rounds.toSorted((left, right) => left.cost - right.cost)[Math.floor(count / 2)]!;
}

function rowsAtSize({ size, until, single, batch, catchUp, diskBytes }: AtSize): Row[] {
  const cost = (name: string, round: Round, target: number): Row =>
    costs({
      id: `ledger.${name}@${size}`,
      unit: "µs of processor a slip",
      value: round.cpuSeconds * 1e6,
      ceiling: round.verificationSeconds * 1e6,
      target,
      length: [size, until],
    });
  return [
    cost("single", single, 2.8),
    cost("batch", batch, 1.9),
    cost("catchUp", catchUp, 1.9),
    within({ id: `ledger.disk@${size}`, unit: "bytes a slip", value: diskBytes, budget: 1_300 }),
  ];
}

/** What a slip costs on the longest chain over what it costs on one of 100,000 (or the shortest measured). */
function growthRows(measured: readonly AtSize[]): Row[] {
  const first = measured.find(({ size }) => size >= 100_000) ?? measured[0];
  const last = measured.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  return (["single", "batch", "catchUp"] as const).map((name) =>
    costs({
      id: `ledger.${name}.growth`,
      unit: "verifications a slip",
      value: last[name].cost,
      ceiling: first[name].cost,
      target: 1.2,
    }),
  );
}

async function queryRows(writer: WriterUnderLoad): Promise<Row[]> {
  await writer.load.query(QUERY);
  const { done, ms, p99Ms } = await writer.load.query(QUERY);
  return [
    beyond({
      id: "ledger.query",
      unit: "queries with proof/s",
      value: done / (ms / 1000),
      budget: 2_000,
    }),
    within({ id: "ledger.query.p99", unit: "ms", value: p99Ms, budget: 20 }),
  ];
}

/** The writer's cost with a follower that pulls and countersigns, over its cost without, in turns. */
async function followerRow(writer: WriterUnderLoad): Promise<Row> {
  const alone: number[] = [];
  const followed: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    await writer.stopFollower();
    alone.push((await writer.round("alone", BATCH.slips, BATCH.how)).cost);
    await writer.startFollower();
    followed.push((await writer.round("followed", BATCH.slips, BATCH.how)).cost);
  }
  return costs({
    id: "ledger.followed",
    unit: "verifications a slip",
    value: median(followed),
    ceiling: median(alone),
    target: 1.3,
  });
}

async function tesseraRows(
  writer: WriterUnderLoad,
  ours: AtSize,
  missing: string[],
): Promise<Row[]> {
  const tessera = await startTessera();
  if (tessera === undefined) {
    missing.push("Tessera's POSIX log: there is no Go on this machine to build it with");
    return [];
  }
  try {
    const rates: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const how = { batch: 1, connections: SINGLE.how.connections, logPort: tessera.port };
      await writer.load.make("tessera", SINGLE.slips, how);
      const { done, ms } = await writer.load.post();
      rates.push(done / (ms / 1000));
    }
    const ceiling = median(rates);
    const rate = (name: string, value: number, target: number): Row =>
      reaches({ id: `ledger.${name}.tessera`, unit: "slips/s", value, ceiling, target });
    return [rate("single", ours.single.perSecond, 0.5), rate("batch", ours.batch.perSecond, 0.8)];
  } finally {
    await tessera.stop();
  }
}

function costAgainstSize(measured: readonly AtSize[]): string {
  const series = (["single", "batch", "catchUp"] as const).map((name): Series => ({
    name: { single: "single slips", batch: "batches of 64", catchUp: "a follower" }[name],
    points: measured.map((at) => [(at.size + at.until) / 2, at[name].cost] as const),
  }));
  return plotBySize(
    "What a slip costs as the chain grows",
    "Ed25519 verifications of processor time",
    "slips on the chain",
    series,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sizes = (process.argv[2] ?? "10000").split(",").map(Number);
  const say = (what: string): void => console.error(what);
  const { rows, missing } = await benchLedger({ sizes, say });
  console.log(
    JSON.stringify(
      { verificationMicroseconds: verificationSeconds() * 1e6, rows, missing },
      undefined,
      2,
    ),
  );
}
