import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { signingKeypair } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromBase64url, randomBytes, toBase64url } from "@anamnesis/crypto/verify";

/** A node's own keys: groups, heads, pages and tickets are signed with the one; visits are sealed to the other. */
export interface NodeKeys {
  readonly signing: SigningKeypair;
  readonly box: BoxKeypair;
}

const keysFile = (directory: string): string => join(directory, "keys.json");

export const chainFolder = (directory: string, chain: string): string =>
  join(directory, "chains", chain);
export const mailboxFolder = (directory: string): string => join(directory, "mailbox");
/** Where it remembers the nonces of signed requests. */
export const nonceFolder = (directory: string): string => join(directory, "nonces");

/**
 * Makes a node's data directory; its keys are born here and do not leave.
 * @returns Ed25519 key (32 bytes) and X-Wing key (1216 bytes) for the genesis documents.
 */
export async function initDataDirectory(
  directory: string,
): Promise<{ nodeKey: Uint8Array; boxKey: Uint8Array }> {
  await mkdir(mailboxFolder(directory), { recursive: true, mode: 0o700 });
  const seeds = { signing: toBase64url(randomBytes(32)), box: toBase64url(randomBytes(32)) };
  await writeFile(keysFile(directory), JSON.stringify({ v: 1, ...seeds }), {
    mode: 0o600,
    flag: "wx",
  });
  await chmod(directory, 0o700);
  const keys = await readKeys(directory);
  return { nodeKey: keys.signing.publicKey, boxKey: keys.box.publicKey };
}

export async function readKeys(directory: string): Promise<NodeKeys> {
  const seeds = JSON.parse(await readFile(keysFile(directory), "utf8")) as {
    signing: string;
    box: string;
  };
  return {
    signing: signingKeypair(fromBase64url(seeds.signing)),
    box: await boxKeypairFromSeed(fromBase64url(seeds.box)),
  };
}
