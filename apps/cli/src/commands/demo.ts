import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DemoStep } from "@anamnesis/client/folder";
import type { CommandModule } from "../commandTable.ts";
import { startHost } from "../hostProcess.ts";
import { printable, warnings } from "../output.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command.description(
      "Starts a federation of its own, plays the whole path from enrolment to proof, attacks it, and says what held. Uses a temporary folder unless --dir names one.",
    );
  },
  run: async (options) => {
    const steps: DemoStep[] = [];
    const temporary = options.isDirGiven
      ? undefined
      : await mkdtemp(join(tmpdir(), "anamnesis-demo-"));
    try {
      const host = startHost({ verb: "demo", dir: temporary ?? options.dir }, (event) => {
        if (event.what === "warning") warnings(true)(event.text);
        if (event.what !== "step") return;
        steps.push(event.step);
        if (options.json !== true) process.stdout.write(`${printable(lineOf(event.step))}\n`);
      });
      await host.done;
    } finally {
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    }
    const seconds = steps.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
    const failed = steps.filter(({ ok }) => !ok).length;
    return {
      json: { ok: failed === 0, steps },
      lines: [
        `${steps.length} steps in ${seconds.toFixed(1)} s; ${failed === 0 ? "all held" : `${failed} failed`}`,
      ],
      ...(failed === 0 ? {} : { exitCode: 5 }),
    };
  },
};

const lineOf = ({ name, ok, ms, detail }: DemoStep): string =>
  `${ok ? "✔" : "✖"} ${name} (${ms} ms)${detail === undefined ? "" : `: ${detail}`}`;
