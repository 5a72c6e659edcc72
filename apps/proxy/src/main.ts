/**
 * Runs a proxy from a JSON file: `node src/main.ts proxy.json`, with the fields of `ProxyConfig`; `trust` is the path of
 * trust.json.
 */
import { optional, parseTrust, uint } from "@anamnesis/protocol";
import { line, serverMain } from "@anamnesis/server";
import { startProxy } from "./proxy.ts";

const fields = {
  trust: line,
  dataDirectory: line,
  institution: line,
  index: uint,
  nodeAddress: line,
  sweepEveryMs: optional(uint),
  capsulesPerMinute: optional(uint),
  packagesPerMinute: optional(uint),
  grantsPerHour: optional(uint),
  tagsPerHour: optional(uint),
  quotaBytes: optional(uint),
};

await serverMain(fields, async ({ trust, ...config }, readText) =>
  startProxy({ ...config, trust: parseTrust(await readText(trust)) }),
);
