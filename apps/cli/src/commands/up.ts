import { Option } from "commander";
import type { HostEvent } from "@anamnesis/client/folder";
import { AnamnesisError } from "@anamnesis/protocol";
import type { CommandModule } from "../commandTable.ts";
import type { OptionValue } from "../options.ts";
import { printResult, progress, warnings } from "../output.ts";
import { startHost } from "../hostProcess.ts";
import { passphraseOf } from "../passphrase.ts";

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
    const passphrase = await passphraseOf(options);
    const host = startHost(
      {
        verb: "up",
        dir: options.dir,
        profile: String(options["profile"]),
        demo: options["demo"] === true,
        ...(port === undefined ? {} : { port }),
        ...(passphrase === undefined ? {} : { passphrase }),
      },
      (event) => void tell(event, json),
    );
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.once(signal, () => host.stop());
    await host.done;
    return undefined;
  },
};

async function tell(event: HostEvent, json: boolean): Promise<void> {
  if (event.what === "progress") progress(json)(event.text);
  if (event.what === "warning") warnings(json)(event.text);
  if (event.what !== "ready") return;
  const { portal, dir, demo } = event;
  await printResult(
    {
      json: { ready: true, portal, dir, demo },
      lines: [
        `Portal: ${portal}`,
        `Folder: ${dir}`,
        ...(demo ? ["Demo keys: nothing in this federation is secret"] : []),
        "Ctrl-C stops",
      ],
    },
    json,
  );
}

function parsePort(text: OptionValue): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(String(text)) || port < 1 || port > 65_535) {
    throw new AnamnesisError("USAGE", `'${String(text)}' is not a port, want 1 to 65535`);
  }
  return port;
}
