/**
 * Runs a node from a JSON file: `node src/main.ts node.json`, with the fields of `NodeConfig`; `genesis`
 * is a list of paths of genesis documents.
 *
 * docs/operating/running.md says with which flags it carries most and takes least memory.
 */
import { parseGenesis } from "@anamnesis/protocol";
import { serverMain } from "@anamnesis/server";
import { startNode } from "./node.ts";
import type { NodeConfig } from "./node.ts";

await serverMain(async (file, readText) => {
  const { genesis: files, ...config } = file as unknown as Omit<NodeConfig, "genesis"> & {
    genesis: readonly string[];
  };
  const genesis = await Promise.all(files.map(async (path) => parseGenesis(await readText(path))));
  return startNode({ ...config, genesis });
});
