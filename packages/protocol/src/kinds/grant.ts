import { consortium, hash, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const aboutGrant = { chains: consortium, carrier: "any", roles: "none" } as const;

export const grantKinds = {
  /**
   * `digest`: SHA-256(enc(grant, SHA-256(sealed), SHA-256(enc(all V)))). `reader`: a {@link readerCommitment}. `revoker`:
   * SHA-256 of a second Ed25519 key that may end the grant, or 32 random bytes where there is none.
   */
  "grant.publish": {
    ...aboutGrant,
    fields: { key: hash, digest: hash, expiresAt: uint, reader: hash, revoker: hash },
    signer: "grant",
    carriedFor: "openVisit",
    signatureType: "GRANT",
  },
  "grant.revoke": {
    ...aboutGrant,
    fields: { gid: hash, key: hash },
    signer: "revoker",
    carriedFor: "anybody",
    signatureType: "GRANT-REVOKE",
  },
} as const satisfies Record<string, SlipKindRow>;
