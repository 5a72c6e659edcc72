/**
 * Runs a proxy from a JSON file: `node src/main.ts proxy.json`, with the fields of `ProxyConfig`; `trust` is the path of
 * trust.json.
 */
import { parseTrust } from "@anamnesis/protocol";
import { serverMain } from "@anamnesis/server";
import { startProxy } from "./proxy.ts";
import type { ProxyConfig } from "./proxy.ts";

await serverMain(async (file, readText) => {
  const { trust, ...config } = file as unknown as Omit<ProxyConfig, "trust"> & { trust: string };
  return startProxy({ ...config, trust: parseTrust(await readText(trust)) });
});
