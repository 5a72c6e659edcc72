import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { sign, signingKeypair } from "@anamnesis/crypto/sign";
import { fromBase64url, randomBytes, toBase64url } from "@anamnesis/crypto/verify";
import { provePossession } from "@anamnesis/protocol";
import type { SlipFields, SlipHeader } from "@anamnesis/protocol";
import { keysFile, readSeeds } from "./dataDirectory.ts";
import type { Seeds } from "./dataDirectory.ts";

/** Beside the keys in use, until the chain names it. */
const nextFile = (directory: string): string => `${keysFile(directory)}.next`;

/**
 * Makes a node's next signing key, of which nothing holds until the chain names it (docs/spec/slips.md S-29); one that an
 * attempt before this made is kept. Where the keys in use are lost, all are made anew.
 *
 * @returns its public half, 32 bytes.
 */
export async function makeNextKey(directory: string): Promise<Uint8Array> {
  const seed = (): string => toBase64url(randomBytes(32));
  if ((await seedsIn(nextFile(directory))) === undefined) {
    const used = await seedsIn(keysFile(directory));
    const seeds = { ...(used ?? { consensus: seed(), box: seed() }), signing: seed() };
    await mkdir(dirname(keysFile(directory)), { recursive: true, mode: 0o700 });
    const options = { mode: 0o600, flag: "wx" } as const;
    await writeFile(nextFile(directory), JSON.stringify({ v: 1, ...seeds }), options);
  }
  return (await nextKey(directory)).publicKey;
}

/** That this data directory holds the key which a rotation names. */
export async function proveNextKey(
  directory: string,
  header: SlipHeader,
  rotated: Pick<SlipFields<"institution.rotateKey">, "id" | "nodeKey">,
): Promise<Uint8Array> {
  const { secretKey } = await nextKey(directory);
  return provePossession(header, rotated, (type, message) => sign({ type, message, secretKey }));
}

/** Puts it in place of the key in use, whose secret half is gone then: once the chain names it. */
export const takeNextKey = (directory: string): Promise<void> =>
  rename(nextFile(directory), keysFile(directory));

const nextKey = async (directory: string) =>
  signingKeypair(fromBase64url((await readSeeds(nextFile(directory))).signing));

async function seedsIn(file: string): Promise<Seeds | undefined> {
  try {
    return await readSeeds(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
