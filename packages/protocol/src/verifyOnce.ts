import { enc, sha256, toHex, verifySignature } from "@anamnesis/crypto/verify";
import type { SignedMessage } from "@anamnesis/crypto/verify";

export type VerifySignature = typeof verifySignature;

/**
 * Verifies signatures, each once: what verified before is the same type, message, key and signature, byte for byte. Proofs of
 * one height repeat their heads, and those of one page its countersignatures. It remembers all it verified, so it is made for
 * one piece of work and goes with it.
 */
export function verifyOnce(verify: VerifySignature = verifySignature): VerifySignature {
  const verified = new Set<string>();
  return (signed) => {
    const name = nameOf(signed);
    if (verified.has(name)) return true;
    if (!verify(signed)) return false;
    verified.add(name);
    return true;
  };
}

const nameOf = ({ type, message, publicKey, signature }: SignedMessage): string =>
  toHex(sha256(enc(type, message, publicKey, signature)));
