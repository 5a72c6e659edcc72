/**
 * Runs a node from a JSON file: `node src/main.ts node.json`, with the fields of `NodeConfig`; `genesis`
 * is a list of paths of genesis documents.
 *
 * docs/operating/running.md says with which flags it carries most and takes least memory.
 */
import { readFile } from "node:fs/promises";
import { AnamnesisError, parseGenesis } from "@anamnesis/protocol";
import { failureOf, jsonObject } from "@anamnesis/server";
import { startNode } from "./node.ts";
import type { NodeConfig } from "./node.ts";

async function main(file: string | undefined): Promise<void> {
  if (file === undefined)
    throw new AnamnesisError("USAGE", "Want the path of a configuration file");
  const { genesis: files, ...config } = jsonObject(await bytes(file)) as unknown as Omit<
    NodeConfig,
    "genesis"
  > & { genesis: string[] };
  const genesis = await Promise.all(
    files.map(async (path) => parseGenesis(new TextDecoder().decode(await bytes(path)))),
  );
  const node = await startNode({ ...config, genesis });
  process.stdout.write(`${JSON.stringify({ ready: true, address: node.address })}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void node.stop());
}

const bytes = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((cause: unknown) => {
    throw new AnamnesisError("FILE_UNREADABLE", "A file of the configuration cannot be read", {
      cause,
    });
  });

try {
  await main(process.argv[2]);
} catch (error) {
  process.stderr.write(`${JSON.stringify(failureOf(error).body)}\n`);
  process.exitCode = 1;
}
