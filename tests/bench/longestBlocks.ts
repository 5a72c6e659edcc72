import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { toHex } from "@anamnesis/crypto/verify";
import { genesisJson } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";

/** Milliseconds for which nothing else could run, at the longest, during each work. */
export interface LongestBlocks {
  /** Opening the store, as a start does. */
  readonly load: number;
  /** Re-hashing everything kept. */
  readonly scrub: number;
  /** Reading every entry of the state in order. */
  readonly snapshot: number;
}

/** Does each work in a process of its own, over a chain that nobody else has open. */
export async function longestBlocks(chain: {
  readonly folder: string;
  readonly genesis: Genesis;
  readonly secretKey: Uint8Array;
}): Promise<LongestBlocks> {
  const file = join(chain.folder, "..", "bench-genesis.json");
  await writeFile(file, genesisJson(chain.genesis));
  const script = fileURLToPath(new URL("longestBlocksProcess.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    chain.folder,
    file,
    toHex(chain.secretKey),
  ]);
  return JSON.parse(stdout) as LongestBlocks;
}
