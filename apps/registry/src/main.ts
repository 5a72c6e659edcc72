/**
 * Runs a registry from a JSON file: `node src/main.ts registry.json`, with the fields of `RegistryConfig`; `trust` is the path of
 * trust.json.
 */
import { readFile } from "node:fs/promises";
import { parseTrust } from "@anamnesis/protocol";
import { startRegistry } from "./registry.ts";
import type { RegistryConfig } from "./registry.ts";

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("Usage: main.ts CONFIG.json\n");
  process.exit(2);
}
const { trust, ...config } = JSON.parse(await readFile(file, "utf8")) as Omit<
  RegistryConfig,
  "trust"
> & { trust: string };
const registry = await startRegistry({
  ...config,
  trust: parseTrust(await readFile(trust, "utf8")),
});
process.stdout.write(`${JSON.stringify({ ready: true, address: registry.address })}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void registry.stop());
