import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, decodeSlip, limits, verifySlip } from "@anamnesis/protocol";
import type { Gid, SlipFields } from "@anamnesis/protocol";

/**
 * What a slip says that revokes this grant by the word of the key in it, as far as that can be told without a chain: who
 * writes the chain may hold it back. Whether the key may end the grant is not judged here. Spec: docs/spec/proxy.md P-38.
 *
 * @param bytes - The slip as it goes to the chain, too.
 * @param now - Unix milliseconds.
 * @throws {AnamnesisError} SLIP_MALFORMED, UNKNOWN_KIND; BAD_REQUEST for another kind, WRONG_CHAIN, FORBIDDEN for another
 * grant's, EXPIRED, NOT_AFTER_TOO_FAR, SLIP_SIGNATURE.
 */
export function readRevocation(
  bytes: Uint8Array,
  gid: Gid,
  { chain, now }: { readonly chain: string; readonly now: number },
): SlipFields<"grant.revoke"> {
  const slip = decodeSlip(bytes);
  if (slip.kind !== "grant.revoke")
    throw refused("BAD_REQUEST", `want a grant.revoke, not a ${slip.kind}`);
  if (slip.chain !== chain) throw refused("WRONG_CHAIN", "it is for another federation");
  if (toHex(slip.fields.gid) !== gid) throw refused("FORBIDDEN", "it revokes another grant");
  if (slip.notAfter < now) throw refused("EXPIRED", "it has expired; make a new one");
  if (slip.notAfter > now + limits.notAfterAheadMs)
    throw refused("NOT_AFTER_TOO_FAR", "it lasts longer than a slip may");
  if (!verifySlip(slip, slip.fields.key))
    throw refused("SLIP_SIGNATURE", "its signature does not verify");
  return slip.fields;
}

const refused = (code: ConstructorParameters<typeof AnamnesisError>[0], why: string) =>
  new AnamnesisError(code, `Revocation refused: ${why}`);
