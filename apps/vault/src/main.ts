/**
 * Runs a vault from a JSON file: `node src/main.ts vault.json`, with the fields of `VaultConfig`; `trust` is the path of
 * trust.json.
 */
import { readFile } from "node:fs/promises";
import { utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, parseTrust } from "@anamnesis/protocol";
import { failureOf, jsonObject } from "@anamnesis/server";
import { startVault } from "./vault.ts";
import type { VaultConfig } from "./vault.ts";

async function main(file: string | undefined): Promise<void> {
  if (file === undefined)
    throw new AnamnesisError("USAGE", "Want the path of a configuration file");
  const { trust, ...config } = jsonObject(utf8(await text(file))) as unknown as Omit<
    VaultConfig,
    "trust"
  > & {
    trust: string;
  };
  const server = await startVault({ ...config, trust: parseTrust(await text(trust)) });
  process.stdout.write(`${JSON.stringify({ ready: true, address: server.address })}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void server.stop());
}

const text = (path: string): Promise<string> =>
  readFile(path, "utf8").catch((cause: unknown) => {
    throw new AnamnesisError("FILE_UNREADABLE", "A file of the configuration cannot be read", {
      cause,
    });
  });

try {
  await main(process.argv[2]);
} catch (error) {
  process.stderr.write(`${JSON.stringify(failureOf(error).body)}\n`);
  process.exitCode = 1;
}
