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

export const keysFile = (directory: string): string => join(directory, "keys.json");

export const chainFolder = (directory: string, chain: string): string =>
  join(directory, "chains", chain);
export const mailboxFolder = (directory: string): string => join(directory, "mailbox");
/** Whose the visits are that were let in here, sealed to the registry. */
export const tracesFolder = (directory: string): string => join(directory, "traces");
/** Where it remembers the nonces of signed requests. */
export const nonceFolder = (directory: string): string => join(directory, "nonces");

/** For the genesis documents: two Ed25519 keys (32 bytes) and an X-Wing key (1216 bytes). */
export interface PublicNodeKeys {
  readonly nodeKey: Uint8Array;
  /** With which a validator votes under a Byzantine engine; the embedded one does not use it. */
  readonly consensusKey: Uint8Array;
  readonly boxKey: Uint8Array;
}

/** Makes a node's data directory; its keys are born here and do not leave. */
export async function initDataDirectory(directory: string): Promise<PublicNodeKeys> {
  await mkdir(mailboxFolder(directory), { recursive: true, mode: 0o700 });
  const seed = (): string => toBase64url(randomBytes(32));
  const seeds = { signing: seed(), consensus: seed(), box: seed() };
  await writeFile(keysFile(directory), JSON.stringify({ v: 1, ...seeds }), {
    mode: 0o600,
    flag: "wx",
  });
  await chmod(directory, 0o700);
  return publicKeysOf(directory);
}

/** The public halves of the keys in a data directory. */
export async function publicKeysOf(directory: string): Promise<PublicNodeKeys> {
  const keys = await readKeys(directory);
  const { consensus } = await readSeeds(keysFile(directory));
  return {
    nodeKey: keys.signing.publicKey,
    consensusKey: signingKeypair(fromBase64url(consensus)).publicKey,
    boxKey: keys.box.publicKey,
  };
}

export async function readKeys(directory: string): Promise<NodeKeys> {
  const seeds = await readSeeds(keysFile(directory));
  return {
    signing: signingKeypair(fromBase64url(seeds.signing)),
    box: await boxKeypairFromSeed(fromBase64url(seeds.box)),
  };
}

export interface Seeds {
  readonly signing: string;
  readonly consensus: string;
  readonly box: string;
}

export const readSeeds = async (file: string): Promise<Seeds> =>
  JSON.parse(await readFile(file, "utf8")) as Seeds;
