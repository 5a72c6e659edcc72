import { writeFile } from "node:fs/promises";
import { benchCrypto } from "./crypto.ts";
import { benchErasure } from "./erasure.ts";
import { benchLedger } from "./ledger.ts";
import { benchLog } from "./log.ts";
import { benchOpening } from "./opening.ts";
import { plotFileOf } from "./plot.ts";
import type { Figure, Row } from "./row.ts";
import { benchShare } from "./share.ts";

export const suites = ["crypto", "opening", "erasure", "log", "share", "ledger"] as const;
export type Suite = (typeof suites)[number];

export interface BenchOptions {
  readonly suites: readonly Suite[];
  /** Lengths of the chain, ascending. */
  readonly sizes: readonly number[];
  /** Where the plot of a suite that draws one is written, SVG; of several suites each gets a name of its own. */
  readonly plotFile?: string;
  readonly say: (what: string) => void;
}

export interface BenchReport {
  readonly rows: readonly Row[];
  /** Measured without a target. */
  readonly figures: readonly Figure[];
  /** What this machine could not measure, in words. */
  readonly missing: readonly string[];
  /** The same for people: one line of cells a figure, the first being the heads. */
  readonly table: readonly (readonly string[])[];
  /** Every target was met. */
  readonly met: boolean;
}

/** Runs suites one after another: side by side they would measure each other. */
export async function runBenches(options: BenchOptions): Promise<BenchReport> {
  const rows: Row[] = [];
  const figures: Figure[] = [];
  const missing: string[] = [];
  for (const suite of options.suites) {
    options.say(`Measuring ${suite}`);
    const bench = await runSuite(suite, options);
    rows.push(...bench.rows);
    figures.push(...(bench.figures ?? []));
    missing.push(...(bench.missing ?? []));
    const file = plotFileOf(options.plotFile, suite, { isOneOfMany: options.suites.length > 1 });
    if (file !== undefined && bench.plot !== undefined) await writeFile(file, bench.plot);
  }
  const table = [heads, ...rows.map(cells), ...figures.map(figureCells)];
  return { rows, figures, missing, table, met: rows.every(({ met }) => met) };
}

interface SuiteReport extends Pick<BenchReport, "rows"> {
  readonly figures?: readonly Figure[];
  readonly missing?: readonly string[];
  readonly plot?: string;
}

async function runSuite(suite: Suite, options: BenchOptions): Promise<SuiteReport> {
  switch (suite) {
    case "crypto":
      return { rows: await benchCrypto() };
    case "opening":
      return { rows: await benchOpening() };
    case "erasure":
      return { rows: await benchErasure() };
    case "log":
      return { rows: await benchLog() };
    case "share":
      return benchShare(options);
    case "ledger":
      return benchLedger(options);
  }
}

const heads = ["FIGURE", "VALUE", "UNIT", "AGAINST", "RATIO", "WANTED", "MET"];

const cells = (row: Row): string[] => [
  row.id,
  short(row.value),
  row.unit,
  `${row.against} ${short(row.reference)}`,
  short(row.ratio),
  `${row.wanted} ${short(row.target)}`,
  row.met ? "yes" : "NO",
];

const figureCells = ({ id, value, unit }: Figure): string[] => [
  id,
  short(value),
  unit,
  ...heads.slice(3).map(() => ""),
];

const short = (value: number): string => String(Number(value.toPrecision(4)));
