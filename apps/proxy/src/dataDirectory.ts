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

const keysFile = (dataDirectory: string): string => join(dataDirectory, "keys.json");

/** Where the proxy keeps what it holds. */
export const storeFolder = (dataDirectory: string): string => join(dataDirectory, "store");
/** Where it keeps the requests that it turned away. */
export const requestsFolder = (dataDirectory: string): string => join(dataDirectory, "requests");
/** Where it remembers the nonces of signed requests. */
export const nonceFolder = (dataDirectory: string): string => join(dataDirectory, "nonces");

/**
 * Makes a proxy's data directory; its keys are born here and do not leave.
 * @returns Ed25519 key (32 bytes) and X-Wing key (1216 bytes) for the genesis document.
 */
export async function initDataDirectory(
  dataDirectory: string,
): Promise<{ key: Uint8Array; boxKey: Uint8Array }> {
  await mkdir(storeFolder(dataDirectory), { recursive: true, mode: 0o700 });
  const seeds = { signing: toBase64url(randomBytes(32)), box: toBase64url(randomBytes(32)) };
  await writeFile(keysFile(dataDirectory), JSON.stringify({ v: 1, ...seeds }), {
    mode: 0o600,
    flag: "wx",
  });
  await chmod(dataDirectory, 0o700);
  const keys = await readKeys(dataDirectory);
  return { key: keys.signing.publicKey, boxKey: keys.box.publicKey };
}

export async function readKeys(dataDirectory: string): Promise<ProxyKeys> {
  const seeds = JSON.parse(await readFile(keysFile(dataDirectory), "utf8")) as {
    signing: string;
    box: string;
  };
  return {
    signing: signingKeypair(fromBase64url(seeds.signing)),
    box: await boxKeypairFromSeed(fromBase64url(seeds.box)),
  };
}
