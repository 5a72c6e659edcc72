/** Keys and bytes that labels name, the same in every run. */
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { sign, signingKeypair } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { BYTES, concat, sha256, utf8 } from "@anamnesis/crypto/verify";

/** The signing key of whoever `label` names: an institution, a person, a visit, a CA, `proxy 1`. */
export const keyOf = (label: string): SigningKeypair =>
  signingKeypair(sha256(utf8(`key of ${label}`)));

/** 32 bytes (or fewer) that a label names. */
export const bytesOf = (label: string, length = 32): Uint8Array =>
  sha256(utf8(label)).slice(0, length);

/** What stands for a sealed object id. */
export const sealedIdOf = (label: string): Uint8Array =>
  concat(...["", " 2", " 3"].map((part) => bytesOf(`${label}${part}`))).slice(0, BYTES.sealedId);

export const signer =
  (key: SigningKeypair) =>
  (type: string, message: Uint8Array): Uint8Array =>
    sign({ type, message, secretKey: key.secretKey });

/** 1216 bytes in the place of an X-Wing key under which nothing is sealed. */
export const boxKeyOf = (label: string): Uint8Array =>
  concat(...Array.from({ length: 38 }, (_, i) => bytesOf(`${label} box ${i}`)));

const boxes = new Map<string, Promise<BoxKeypair>>();

/** The real X-Wing key of whoever `label` names. */
export function boxOf(label: string): Promise<BoxKeypair> {
  const known = boxes.get(label) ?? boxKeypairFromSeed(bytesOf(`${label} box seed`));
  boxes.set(label, known);
  return known;
}
