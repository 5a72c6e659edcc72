/**
 * Runs a registry from a JSON file: `node src/main.ts registry.json`, with the fields of `RegistryConfig`; `trust` is the path of
 * trust.json.
 */
import { optional, parseTrust, uint } from "@anamnesis/protocol";
import { line, serverMain } from "@anamnesis/server";
import { startRegistry } from "./registry.ts";

const fields = {
  trust: line,
  dataDirectory: line,
  keyFile: line,
  lookupsPerMinute: optional(uint),
  retryEveryMs: optional(uint),
};

await serverMain(fields, async ({ trust, ...config }, readText) =>
  startRegistry({ ...config, trust: parseTrust(await readText(trust)) }),
);
