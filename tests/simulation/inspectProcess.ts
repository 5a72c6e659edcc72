/**
 * Opens damaged copies of a chain one after another, scrubs each and tells its parent what became of it. A process of its
 * own, because a map that is torn may end it.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { AnamnesisError, parseGenesis } from "@anamnesis/protocol";
import { openChain } from "../../apps/node/src/openChain.ts";
import { Scrubber } from "../../apps/node/src/store/scrubber.ts";
import { damaged, digestOf } from "./damage.ts";
import type { Damage, Inspected } from "./damage.ts";

const [folder = "", genesisFile = "", secretKey = "", scratch = ""] = process.argv.slice(2);
const genesis = parseGenesis(await readFile(genesisFile, "utf8"));
const signing = signingKeypair(fromHex(secretKey));
const scrubber = new Scrubber();
const sound = await readFile(join(folder, "data.mdb"));

async function inspect(damage: Damage, copy: string): Promise<Inspected> {
  await mkdir(copy, { recursive: true });
  await writeFile(join(copy, "data.mdb"), damaged(sound, damage));
  try {
    const chain = await openChain({
      genesis,
      institution: genesis.writer,
      signing,
      folder: copy,
      verify: async (checks) => checks.map(verifySignatureRaw),
      now: Date.now,
      scrubber,
    });
    const { fault } = await chain.scrub();
    const result =
      fault === undefined
        ? { served: { height: chain.height(), digest: await digestOf(chain) } }
        : { fault };
    await chain.stop();
    return result;
  } catch (error) {
    const code = error instanceof AnamnesisError ? error.code : "";
    return { refused: { code, message: String(error) } };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

let count = 0;
process.on("message", (damage: Damage) => {
  count += 1;
  void inspect(damage, join(scratch, `${process.pid}-${count}`)).then((result) =>
    process.send?.(result),
  );
});
