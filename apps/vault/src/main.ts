/**
 * Runs a vault from a JSON file: `node src/main.ts vault.json`, with the fields of `VaultConfig`; `trust`
 * is the path of trust.json.
 */
import { readFile } from "node:fs/promises";
import { parseTrust } from "@anamnesis/protocol";
import { startVault } from "./vault.ts";
import type { VaultConfig } from "./vault.ts";

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("Usage: main.ts CONFIG.json\n");
  process.exit(2);
}
const { trust, ...config } = JSON.parse(await readFile(file, "utf8")) as Omit<
  VaultConfig,
  "genesis"
> & { trust: string };
const vault = await startVault({ ...config, trust: parseTrust(await readFile(trust, "utf8")) });
process.stdout.write(`${JSON.stringify({ ready: true, address: vault.address })}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void vault.stop());
