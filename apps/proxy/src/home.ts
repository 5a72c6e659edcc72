import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { signingKeypair } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromBase64url, randomBytes, toBase64url } from "@anamnesis/crypto/verify";

/** A proxy's own keys: receipts and denials are signed with the one, shares are sealed to the other. */
export interface ProxyKeys {
  readonly signing: SigningKeypair;
  readonly box: BoxKeypair;
}

const keysFile = (home: string): string => join(home, "keys.json");

/** Where the proxy keeps what it holds. */
export const storeFolder = (home: string): string => join(home, "store");
/** Where it keeps the requests that it turned away. */
export const requestsFolder = (home: string): string => join(home, "requests");
/** Where it remembers the nonces of signed requests. */
export const nonceFolder = (home: string): string => join(home, "nonces");

/**
 * Makes a proxy's home; its keys are born here and do not leave.
 * @returns Ed25519 key (32 bytes) and X-Wing key (1216 bytes) for the genesis document.
 */
export async function initHome(home: string): Promise<{ key: Uint8Array; boxKey: Uint8Array }> {
  await mkdir(storeFolder(home), { recursive: true, mode: 0o700 });
  const seeds = { signing: toBase64url(randomBytes(32)), box: toBase64url(randomBytes(32)) };
  await writeFile(keysFile(home), JSON.stringify({ v: 1, ...seeds }), { mode: 0o600, flag: "wx" });
  await chmod(home, 0o700);
  const keys = await readKeys(home);
  return { key: keys.signing.publicKey, boxKey: keys.box.publicKey };
}

export async function readKeys(home: string): Promise<ProxyKeys> {
  const seeds = JSON.parse(await readFile(keysFile(home), "utf8")) as {
    signing: string;
    box: string;
  };
  return {
    signing: signingKeypair(fromBase64url(seeds.signing)),
    box: await boxKeypairFromSeed(fromBase64url(seeds.box)),
  };
}
