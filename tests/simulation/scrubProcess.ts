/** Opens a chain that may be damaged beyond reading, scrubs it, and prints what it found; dies where it cannot. */
import { readFile } from "node:fs/promises";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { parseGenesis } from "@anamnesis/protocol";
import { openChain } from "../../apps/node/src/openChain.ts";

const [folder = "", genesisFile = "", secretKey = ""] = process.argv.slice(2);
const genesis = parseGenesis(await readFile(genesisFile, "utf8"));
const chain = await openChain({
  genesis,
  institution: genesis.writer,
  signing: signingKeypair(fromHex(secretKey)),
  folder,
  verify: async (checks) => checks.map(verifySignatureRaw),
  now: Date.now,
});
const { fault } = await chain.scrub();
process.stdout.write(JSON.stringify({ height: chain.height(), fault }));
process.exit(0);
