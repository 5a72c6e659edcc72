import { readFile } from "node:fs/promises";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { parseGenesis } from "@anamnesis/protocol";
import type { Chain } from "../../apps/node/src/chain.ts";
import { openChain } from "../../apps/node/src/openChain.ts";

/** Opens a chain as its writer in a process of its own: arguments folder, file of the genesis document, secret key as hex. */
export async function openFromArguments(): Promise<Chain> {
  const [folder = "", genesisFile = "", secretKey = ""] = process.argv.slice(2);
  const genesis = parseGenesis(await readFile(genesisFile, "utf8"));
  return openChain({
    genesis,
    institution: genesis.writer,
    signing: signingKeypair(fromHex(secretKey)),
    folder,
    verify: async (checks) => checks.map(verifySignatureRaw),
    now: Date.now,
  });
}
