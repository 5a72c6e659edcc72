/**
 * The whole of sharing under load, over HTTP between processes: a doctor writes a record, its patient receives and confirms it and
 * grants it to a doctor elsewhere, who opens it, and the patient revokes. How many such flows a second and how long each, by how
 * many go on at once; whose processor time it is; and a hundred records opened at once. Run alone
 * (`node tests/bench/share.ts 1,2,4 20 share.svg`: callers, seconds each, plot) it prints its rows and figures as JSON.
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { federation } from "../../apps/host/src/profiles/federation.ts";
import type { Profile } from "../../apps/host/src/profiles/federation.ts";
import { closedLoop, kneeOf } from "./closedLoop.ts";
import type { Load } from "./closedLoop.ts";
import { cpuByParty, cpuOf, taken } from "./cpuByParty.ts";
import type { CpuByParty, Parties } from "./cpuByParty.ts";
import { People } from "./people.ts";
import { plotBySize, stacked } from "./plot.ts";
import type { Series } from "./plot.ts";
import { beyond, within } from "./row.ts";
import type { Figure, Row } from "./row.ts";
import { ServerProcesses } from "./serverProcesses.ts";
import { Sharing, hundredRounds } from "./sharing.ts";

/** Seed 001: figure 9(c), its host of 24 cores (table A.4), and its sharing phase of a 64 KB file (table 5). */
const SEED = { perSecond: 140, cores: 24, phaseMs: 2_130 } as const;
const CALLERS = [1, 2, 4, 8, 16] as const;
const SECONDS = 20;
const WARM_MS = 3_000;
/** Two care institutions, so two vaults; of four proxies three are asked. */
const profile: Profile = {
  ...federation,
  institutions: federation.institutions.filter(({ id }) => id !== "online-clinic"),
};

/** Opened by one call. */
const HUNDRED_MS = 8_000;

export interface ShareOptions {
  /** How many flows go on at once, ascending. */
  readonly callers?: readonly number[];
  readonly seconds?: number;
  readonly say?: (what: string) => void;
}

export interface ShareBench {
  readonly rows: readonly Row[];
  readonly figures: readonly Figure[];
  /** Flows a second, and how long they take, against how many go on at once, SVG. */
  readonly plot: string;
}

interface Measured extends Load {
  /** While it was measured, all flows together. */
  readonly cpu: CpuByParty;
}

export async function benchShare(options: ShareOptions = {}): Promise<ShareBench> {
  const { callers = CALLERS, seconds = SECONDS, say = () => undefined } = options;
  const servers = await ServerProcesses.start(profile);
  const everybody = { patients: new People(), authors: new People(), readers: new People() };
  try {
    const parties: Parties = {
      ...Object.fromEntries(servers.pids()),
      ...Object.fromEntries(Object.entries(everybody).map(([who, { pid }]) => [who, [pid]])),
    };
    const sharing = new Sharing(everybody);
    say("Enrolling people");
    await sharing.enrol(servers, Math.max(...callers));
    say("Making one flow of each, unmeasured: the first finds code that is still being compiled");
    await sharing.firstFlows(Math.max(...callers));
    const measured: Measured[] = [];
    for (const count of callers) {
      say(`Measuring ${count} at once`);
      measured.push(await measure(sharing, parties, { callers: count, forMs: seconds * 1_000 }));
    }
    say("Measuring how long each step takes, one flow at a time");
    const steps = await sharing.stepTimes();
    say("Measuring a hundred records opened at once");
    const ids = await sharing.prepareHundred();
    const hundred = await cpuOf(parties, () => sharing.openHundred(ids));
    const knee = kneeOf(measured);
    return {
      rows: rowsOf(measured, knee, hundred.result),
      figures: [
        ...figuresOf(measured, knee, steps),
        ...cpuFigures("share.open100.cpu", hundred.cpu, {
          count: hundredRounds,
          unit: "ms of processor",
        }),
      ],
      plot: plotOf(measured, knee),
    };
  } finally {
    await Promise.all(Object.values(everybody).map((people) => people.stop()));
    await servers.stop();
  }
}

async function measure(
  sharing: Sharing,
  parties: Parties,
  how: { readonly callers: number; readonly forMs: number },
): Promise<Measured> {
  const at: CpuByParty[] = [];
  const edge = async (): Promise<void> => {
    at.push(await cpuByParty(parties));
  };
  const load = await closedLoop({ ...how, warmMs: WARM_MS, edge }, (i) => sharing.flow(i));
  return { ...load, cpu: taken(at[0]!, at[1]!) };
}

function rowsOf(measured: readonly Measured[], knee: Measured, hundredMs: number): Row[] {
  const flows = Math.max(...measured.map(({ perSecond }) => perSecond));
  const { perSecond, cores, phaseMs } = SEED;
  const perCore = { value: flows / availableParallelism(), budget: perSecond / cores };
  return [
    beyond({ id: "share.flows", unit: "flows/s", value: flows, budget: perSecond }),
    beyond({ id: "share.flowsPerCore", unit: "flows/s a core", ...perCore }),
    within({ id: "share.p99", unit: "ms at the knee", value: knee.p99Ms, budget: phaseMs }),
    within({ id: "share.open100", unit: "ms", value: hundredMs, budget: HUNDRED_MS }),
  ];
}

function figuresOf(
  measured: readonly Measured[],
  knee: Measured,
  steps: Readonly<Record<string, number>>,
): Figure[] {
  return [
    { id: "share.knee", value: knee.callers, unit: "flows at once" },
    ...measured.flatMap(({ callers, perSecond, medianMs, p99Ms, count }) => [
      { id: `share.at${callers}.flows`, value: perSecond, unit: `flows/s, of ${count}` },
      { id: `share.at${callers}.median`, value: medianMs, unit: "ms" },
      { id: `share.at${callers}.p99`, value: p99Ms, unit: "ms" },
    ]),
    {
      id: "share.bound",
      value: (availableParallelism() * 1_000 * knee.count) / sum(Object.values(knee.cpu)),
      unit: "flows/s, were all cores busy with them",
    },
    ...cpuFigures("share.cpu", knee.cpu, {
      count: knee.count,
      unit: "ms of processor a flow, at the knee",
    }),
    ...Object.entries(steps).map(([step, value]) => {
      return { id: `share.step.${step}`, value, unit: "ms, alone" };
    }),
  ];
}

/** What one of so many took, by party and in all. */
function cpuFigures(
  id: string,
  cpu: CpuByParty,
  { count, unit }: { readonly count: number; readonly unit: string },
): Figure[] {
  return Object.entries({ ...cpu, all: sum(Object.values(cpu)) }).map(([party, ms]) => {
    return { id: `${id}.${party}`, value: ms / count, unit };
  });
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

function plotOf(measured: readonly Measured[], knee: Measured): string {
  const title = `Sharing under load: the knee at ${knee.callers} flows at once`;
  const series = (name: string, valueOf: (at: Measured) => number): Series => ({
    name,
    points: measured.map((at) => [at.callers, valueOf(at)]),
  });
  return stacked([
    plotBySize(title, "flows a second", "flows at once", [
      series("flows a second", ({ perSecond }) => perSecond),
    ]),
    plotBySize("How long a flow takes", "seconds", "flows at once", [
      series("p99", ({ p99Ms }) => p99Ms / 1_000),
      series("median", ({ medianMs }) => medianMs / 1_000),
    ]),
  ]);
}

if (import.meta.main) {
  const [callers, seconds, plotFile] = process.argv.slice(2);
  const { plot, ...bench } = await benchShare({
    ...(callers === undefined ? {} : { callers: callers.split(",").map(Number) }),
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
    say: (what) => console.error(what),
  });
  if (plotFile !== undefined) await writeFile(plotFile, plot);
  process.stdout.write(`${JSON.stringify(bench, undefined, 2)}\n`);
}
