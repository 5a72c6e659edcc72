import { AnamnesisError } from "@anamnesis/protocol";
import { Argument } from "commander";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CommandModule } from "../commandTable.ts";
import type { OptionValue } from "../options.ts";
import { progress } from "../output.ts";
import { table } from "../table.ts";

/** What `tests/bench/report.ts` exports: the benchmarks are no part of any package and are loaded by address. */
interface Report {
  runBenches(options: {
    readonly suites: readonly string[];
    readonly sizes: readonly number[];
    readonly plotFile?: string;
    readonly say: (what: string) => void;
  }): Promise<{
    readonly rows: readonly object[];
    readonly figures: readonly object[];
    readonly missing: readonly string[];
    readonly table: readonly (readonly string[])[];
    readonly met: boolean;
  }>;
}

const suites = ["crypto", "opening", "erasure", "log", "share", "ledger"] as const;

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Measures figures beside ceilings of the same run, or against budgets. Takes minutes; wants a quiet machine. Ends with 5 when a target is missed.",
      )
      .addArgument(
        new Argument("[suite]", "what to measure").choices([...suites, "all"]).default("all"),
      )
      .option(
        "--slips <list>",
        "lengths of the chain at which the ledger is measured",
        "10000,100000,1000000",
      )
      .option(
        "--plot <file>",
        "write the plot of ledger (cost against size) or share (flows a second and waiting against flows at once) there, as SVG; under all, one file each",
      );
  },
  run: async (options, args) => {
    const wanted = String(args[0]);
    const { runBenches } = await report();
    const plotFile = options["plot"];
    const { rows, figures, missing, ...bench } = await runBenches({
      suites: wanted === "all" ? suites : [wanted],
      sizes: sizesIn(options["slips"]),
      ...(typeof plotFile === "string" ? { plotFile } : {}),
      say: progress(options.json),
    });
    const [heads = [], ...lines] = bench.table;
    return {
      json: { rows, figures, missing },
      lines: [...table(heads, lines), ...missing.map((what) => `NOT MEASURED: ${what}`)],
      exitCode: bench.met ? 0 : 5,
    };
  },
};

const report = async (): Promise<Report> => {
  const file = join(import.meta.dirname, "../../../../tests/bench/report.ts");
  return (await import(pathToFileURL(file).href)) as Report;
};

/** @throws {AnamnesisError} USAGE unless they are whole numbers, ascending, separated by commas. */
function sizesIn(option: OptionValue): number[] {
  const list = String(option).split(",").map(Number);
  const isAscending = list.every((size, i) => size > (list[i - 1] ?? 0));
  if (!list.every(Number.isSafeInteger) || !isAscending)
    throw new AnamnesisError("USAGE", "--slips wants whole numbers, ascending, between commas");
  return list;
}
