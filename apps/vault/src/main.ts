/**
 * Runs a vault from a JSON file: `node src/main.ts vault.json`, with the fields of `VaultConfig`; `trust` is the path of
 * trust.json.
 */
import { optional, parseTrust, uint } from "@anamnesis/protocol";
import { line, serverMain } from "@anamnesis/server";
import { startVault } from "./vault.ts";

const fields = {
  id: line,
  trust: line,
  dataDirectory: line,
  quotaBytes: optional(uint),
  guestBytesMax: optional(uint),
  objectBytesMax: optional(uint),
  unkeptMs: optional(uint),
  scrubEveryMs: optional(uint),
};

await serverMain(fields, async ({ trust, ...config }, readText) =>
  startVault({ ...config, trust: parseTrust(await readText(trust)) }),
);
