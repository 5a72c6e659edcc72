/**
 * Runs a registry from a JSON file: `node src/main.ts registry.json`, with the fields of `RegistryConfig`; `trust` is the path of
 * trust.json.
 */
import { parseTrust } from "@anamnesis/protocol";
import { serverMain } from "@anamnesis/server";
import { startRegistry } from "./registry.ts";
import type { RegistryConfig } from "./registry.ts";

await serverMain(async (file, readText) => {
  const { trust, ...config } = file as unknown as Omit<RegistryConfig, "trust"> & { trust: string };
  return startRegistry({ ...config, trust: parseTrust(await readText(trust)) });
});
