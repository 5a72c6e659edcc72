/**
 * Runs a vault from a JSON file: `node src/main.ts vault.json`, with the fields of `VaultConfig`; `trust` is the path of
 * trust.json.
 */
import { list, optional, parseTrust, uint } from "@anamnesis/protocol";
import { line, serverMain } from "@anamnesis/server";
import { startVault } from "./vault.ts";

const fields = {
  id: line,
  trust: line,
  dataDirectory: optional(line),
  replicas: optional(list(line, 64)),
  quotaBytes: optional(uint),
  objectBytesMax: optional(uint),
  scrubEveryMs: optional(uint),
};

await serverMain(fields, async ({ trust, ...config }, readText) =>
  startVault({ ...config, trust: parseTrust(await readText(trust)) }),
);
