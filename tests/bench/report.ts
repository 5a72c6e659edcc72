import { writeFile } from "node:fs/promises";
import { benchCrypto } from "./crypto.ts";
import { benchLedger } from "./ledger.ts";
import { benchOpening } from "./opening.ts";
import type { Row } from "./row.ts";

export const suites = ["crypto", "opening", "ledger"] as const;
export type Suite = (typeof suites)[number];

export interface BenchOptions {
  readonly suites: readonly Suite[];
  /** Lengths of the chain, ascending. */
  readonly sizes: readonly number[];
  /** Where the plot of cost against size is written, SVG. */
  readonly plotFile?: string;
  readonly say: (what: string) => void;
}

export interface BenchReport {
  readonly rows: readonly Row[];
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
  const missing: string[] = [];
  for (const suite of options.suites) {
    options.say(`Measuring ${suite}`);
    if (suite === "crypto") rows.push(...(await benchCrypto()));
    else if (suite === "opening") rows.push(...(await benchOpening()));
    else {
      const bench = await benchLedger(options);
      rows.push(...bench.rows);
      missing.push(...bench.missing);
      if (options.plotFile !== undefined) await writeFile(options.plotFile, bench.plot);
    }
  }
  return { rows, missing, table: [heads, ...rows.map(cells)], met: rows.every(({ met }) => met) };
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

const short = (value: number): string => String(Number(value.toPrecision(4)));
