import { sha256, toHex } from "@anamnesis/crypto/verify";
import type { SignatureCheck } from "@anamnesis/protocol";
import type { Verify } from "../application.ts";

/** Signatures remembered: a minute of a busy node's own slips. */
const REMEMBERED = 16_384;

/**
 * Signatures that this node verified when it took slips in, so that it need not verify them again when they come back in
 * a block. Only what held is remembered, by everything that the answer depends on.
 */
export class VerifiedSignatures {
  readonly #held = new Set<string>();

  /** Verifies, and remembers what holds. */
  remembering(verify: Verify): Verify {
    return async (checks) => {
      const results = await verify(checks);
      for (const [i, check] of checks.entries()) {
        if (results[i] !== true) continue;
        this.#held.add(nameOf(check));
        if (this.#held.size <= REMEMBERED) continue;
        for (const oldest of this.#held) {
          this.#held.delete(oldest);
          break;
        }
      }
      return results;
    };
  }

  /** Verifies what is not remembered. */
  recalling(verify: Verify): Verify {
    return async (checks) => {
      if (this.#held.size === 0) return verify(checks);
      const isKnown = checks.map((check) => this.#held.has(nameOf(check)));
      const results = await verify(checks.filter((_check, i) => isKnown[i] !== true));
      let at = 0;
      return isKnown.map((known) => known || results[at++] === true);
    };
  }
}

/** Key and signature have fixed lengths, so nothing can be moved between the parts. */
const nameOf = ({ publicKey, signature, message }: SignatureCheck): string =>
  toHex(sha256(publicKey, signature, message));
