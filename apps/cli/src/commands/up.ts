import { Option } from "commander";
import { AnamnesisError } from "@anamnesis/protocol";
import type { CommandModule } from "../commandTable.ts";
import type { OptionValue } from "../options.ts";
import { printResult, progress, warnings } from "../output.ts";
import { protectionOf } from "../passphrase.ts";
import { startWithPeople } from "../startWithPeople.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Starts a whole federation and its portal, in the foreground, until it is told to stop. The same --dir resumes.",
      )
      .option("--profile <name>", "what the federation is made of", "federation")
      .option("--port <n>", "the portal's port (default: that of the last run, else a free one)")
      .addOption(
        new Option(
          "--demo",
          "demo persons with demo keys and synthetic records; not for real records",
        ),
      );
  },
  run: async (options) => {
    const json = options.json === true;
    const port = parsePort(options["port"]);
    const stop = stopSignal();
    const running = await startWithPeople({
      dir: options.dir,
      profile: String(options["profile"]),
      demo: options["demo"] === true,
      ...(port === undefined ? {} : { port }),
      say: progress(json),
      warn: warnings(json),
      protection: (demo) => protectionOf(options, demo),
    });
    await printResult(
      {
        json: { ready: true, portal: running.portal, dir: running.dir, demo: running.file.demo },
        lines: [
          `Portal: ${running.portal}`,
          `Folder: ${running.dir}`,
          ...(running.file.demo ? ["Demo keys: nothing in this federation is secret"] : []),
          "Ctrl-C stops",
        ],
      },
      json,
    );
    await stop;
    progress(json)("Stopping");
    await running.stop();
    process.exit(0);
  },
};

function parsePort(text: OptionValue): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(String(text)) || port < 1 || port > 65_535) {
    throw new AnamnesisError("USAGE", `'${String(text)}' is not a port, want 1 to 65535`);
  }
  return port;
}

/** Resolves at the first SIGTERM, SIGINT or SIGHUP. A second one ends the process as usual. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.once(signal, () => resolve());
  });
}
