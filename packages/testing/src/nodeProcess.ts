import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { genesisJson } from "@anamnesis/protocol";
import type { NodeFederation } from "./nodeFederation.ts";

const main = fileURLToPath(new URL("../../../apps/node/src/main.ts", import.meta.url));

/** Writes what `node main.ts FILE` reads to run an institution's node. @returns the file's path */
export async function nodeConfigFile(
  federation: NodeFederation,
  institution: string,
): Promise<string> {
  const config = federation.config(institution);
  const genesis: string[] = [];
  for (const document of config.genesis) {
    const path = join(federation.dir, `genesis-${document.chain}.json`);
    await writeFile(path, genesisJson(document));
    genesis.push(path);
  }
  const file = join(federation.dir, `${institution}.json`);
  await writeFile(file, JSON.stringify({ ...config, genesis }));
  return file;
}

export interface NodeProcess {
  readonly child: ChildProcess;
  /** `ready`, or the code with which it refused to start. */
  readonly said: string;
}

/**
 * A node as it runs in earnest: its own process, from a configuration file.
 *
 * @param options.fileBytes - The system lets no file of it grow beyond: what it is told then is what a full disk tells.
 */
export async function startNodeProcess(
  file: string,
  options: {
    readonly execArgv?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly fileBytes?: number;
  } = {},
): Promise<NodeProcess> {
  const { execArgv = [], env = {}, fileBytes } = options;
  const command = [process.execPath, ...execArgv, main, file];
  // The signal that comes with the limit is ignored, as a full disk sends none.
  const limited = `trap '' XFSZ; ulimit -f ${Math.floor((fileBytes ?? 0) / 1024)}; exec "$@"`;
  const [program, ...args] =
    fileBytes === undefined ? command : ["bash", "-c", limited, "bash", ...command];
  const child = spawn(program!, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child.stderr, "data")])) as [
    Buffer,
  ];
  const answer = JSON.parse(line.toString()) as { ready?: true; error?: { code: string } };
  return { child, said: answer.error?.code ?? "ready" };
}

/** `kill -9`, and the end of the process. */
export async function killNode({ child }: NodeProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
