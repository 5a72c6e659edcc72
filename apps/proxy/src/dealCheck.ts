import { setImmediate as nextTurn } from "node:timers/promises";
import { checkShares } from "@anamnesis/crypto/proxy";
import type { ProxyShares } from "@anamnesis/crypto/proxy";
import { CryptoError, verifySignature } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  faultOfDelegated,
  faultOfVisits,
  signedDelegation,
  signedDigest,
  verifyDelegation,
} from "@anamnesis/protocol";
import type { Grant, ShareSecret } from "@anamnesis/protocol";

/** What is left to judge of a package once the patient is known: it costs a signature a visit and several powers a tag. */
export interface DealInQuestion {
  readonly grant: Grant;
  readonly digest: Uint8Array;
  readonly by: ShareSecret["by"];
  readonly shares: ProxyShares;
}

/** Checked in one go; after so many another deal has its turn. */
const TAGS_A_TURN = 64;

/**
 * The visits of the grant signed it, or delegated it to the relative who did; then every share fits its commitments.
 * Which share does not is not looked for: its dealer knows.
 *
 * @throws {AnamnesisError} GRANT_SIGNATURE, SHARE_INVALID, and those of decoding a delegation.
 */
export async function checkDeal({ grant, digest, by, shares }: DealInQuestion): Promise<void> {
  const fault =
    by.kind === "patient"
      ? faultOfPatients(grant, digest, by)
      : faultOfRelatives(grant, digest, by);
  if (fault !== undefined) throw new AnamnesisError("GRANT_SIGNATURE", `Grant refused: ${fault}`);
  for (let start = 0; start < shares.tags.length; start += TAGS_A_TURN) {
    await nextTurn();
    assertShares({ ...shares, tags: shares.tags.slice(start, start + TAGS_A_TURN) });
  }
}

type By<K extends ShareSecret["by"]["kind"]> = Extract<ShareSecret["by"], { readonly kind: K }>;

const faultOfPatients = (
  { tags }: Grant,
  digest: Uint8Array,
  { visits }: By<"patient">,
): string | undefined =>
  faultOfVisits(tags, visits, { type: "GRANT-VISIT", message: signedDigest(digest) });

/** The visits of what was delegated signed the delegation, the grant keeps to it, and the relative whom it names signed the grant. */
function faultOfRelatives(
  grant: Grant,
  digest: Uint8Array,
  { delegation: shown, signature }: By<"relative">,
): string | undefined {
  const delegation = verifyDelegation(signedDelegation.decode(shown));
  const fault = faultOfDelegated(grant, delegation);
  if (fault !== undefined) return fault;
  const { relative: publicKey } = delegation;
  const message = signedDigest(digest);
  return verifySignature({ type: "GRANT-RELATIVE", message, publicKey, signature })
    ? undefined
    : "the relative's signature over it does not verify";
}

function assertShares(shares: ProxyShares): void {
  try {
    checkShares(shares);
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new AnamnesisError(
      "SHARE_INVALID",
      "Share refused: want one for each tag that matches its k commitments",
      { cause },
    );
  }
}
