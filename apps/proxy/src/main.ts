/**
 * Runs a proxy from a JSON file: `node src/main.ts proxy.json`, with the fields of `ProxyConfig`; `trust`
 * is the path of trust.json.
 */
import { readFile } from "node:fs/promises";
import { parseTrust } from "@anamnesis/protocol";
import { startProxy } from "./proxy.ts";
import type { ProxyConfig } from "./proxy.ts";

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("Usage: main.ts CONFIG.json\n");
  process.exit(2);
}
const { trust, ...config } = JSON.parse(await readFile(file, "utf8")) as Omit<
  ProxyConfig,
  "trust"
> & { trust: string };
const proxy = await startProxy({ ...config, trust: parseTrust(await readFile(trust, "utf8")) });
process.stdout.write(`${JSON.stringify({ ready: true, address: proxy.address })}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void proxy.stop());
