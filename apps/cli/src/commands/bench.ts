import { Argument } from "commander";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CommandModule } from "../commandTable.ts";
import { progress } from "../output.ts";
import { table } from "../table.ts";

/** One figure beside the ceiling that was measured in the same run. */
interface Row {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly ceiling: number | null;
  readonly ratio: number | null;
  readonly target: number | null;
  readonly met: boolean | null;
}

const suites = { crypto: "benchCrypto", ledger: "benchLedger" } as const;

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Measures the figures of docs/spec beside ceilings of the same run. Takes minutes; wants a quiet machine.",
      )
      .addArgument(
        new Argument("[suite]", "what to measure")
          .choices([...Object.keys(suites), "all"])
          .default("all"),
      );
  },
  run: async (options, args) => {
    const wanted = String(args[0]);
    const say = progress(options.json);
    const rows: Row[] = [];
    for (const [suite, exportName] of Object.entries(suites)) {
      if (wanted !== "all" && wanted !== suite) continue;
      say(`Measuring ${suite}`);
      rows.push(...(await benchNamed(suite, exportName)()));
    }
    return {
      json: { rows },
      lines: table(
        ["FIGURE", "VALUE", "UNIT", "CEILING", "RATIO", "TARGET", "MET"],
        rows.map((row) => [
          row.id,
          number(row.value),
          row.unit,
          number(row.ceiling),
          number(row.ratio),
          number(row.target),
          met(row.met),
        ]),
      ),
    };
  },
};

/** The benchmarks are no part of any package; they are loaded by address. */
const benchNamed =
  (suite: string, exportName: string): (() => Promise<readonly Row[]>) =>
  async () => {
    const file = join(import.meta.dirname, "../../../../tests/bench", `${suite}.ts`);
    const module = (await import(pathToFileURL(file).href)) as Record<
      string,
      () => Promise<readonly Row[]>
    >;
    const bench = module[exportName];
    if (bench === undefined) throw new Error(`${suite}.ts exports no ${exportName}`);
    return bench();
  };

const number = (value: number | null): string =>
  value === null ? "" : String(Number(value.toPrecision(4)));
const met = (value: boolean | null): string => (value === null ? "" : value ? "yes" : "no");
