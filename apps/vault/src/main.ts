/**
 * Runs a vault from a JSON file: `node src/main.ts vault.json`, with the fields of `VaultConfig`; `trust` is the path of
 * trust.json.
 */
import { parseTrust } from "@anamnesis/protocol";
import { serverMain } from "@anamnesis/server";
import { startVault } from "./vault.ts";
import type { VaultConfig } from "./vault.ts";

await serverMain(async (file, readText) => {
  const { trust, ...config } = file as unknown as Omit<VaultConfig, "trust"> & { trust: string };
  return startVault({ ...config, trust: parseTrust(await readText(trust)) });
});
