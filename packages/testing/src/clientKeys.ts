/** X-Wing keys that labels name, the same in every run: real ones, for what is sealed to parties in memory. */
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { bytesOf } from "./chainFixture.ts";

const made = new Map<string, Promise<BoxKeypair>>();

export function boxOf(label: string): Promise<BoxKeypair> {
  const known = made.get(label) ?? boxKeypairFromSeed(bytesOf(`${label} box seed`));
  made.set(label, known);
  return known;
}
