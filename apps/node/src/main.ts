/**
 * Runs a node from a JSON file: `node src/main.ts node.json`, with the fields of `NodeConfig`; `genesis`
 * is a list of paths of genesis documents.
 *
 * docs/operating/running.md says with which flags it carries most and takes least memory.
 */
import { list, optional, parseGenesis, uint, uintUpTo } from "@anamnesis/protocol";
import { line, serverMain } from "@anamnesis/server";
import { startNode } from "./node.ts";

const fields = {
  dataDirectory: line,
  institution: line,
  genesis: list(line, 1_000, 1),
  quotaBytes: optional(uint),
  mailboxBytes: optional(uint),
  mailboxBoxes: optional(uint),
  mailboxDiskKept: optional(uint),
  strangerBytesPerHour: optional(uint),
  boxesPerHour: optional(uint),
  verifiers: optional(uintUpTo(64)),
  scrubEveryMs: optional(uint),
};

await serverMain(fields, async ({ genesis: files, ...config }, readText) => {
  const genesis = await Promise.all(files.map(async (path) => parseGenesis(await readText(path))));
  return startNode({ ...config, genesis });
});
