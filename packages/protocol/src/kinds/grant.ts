import { consortium, hash, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const byGrant = {
  signer: "grant",
  chains: consortium,
  carrier: "any",
  roles: "none",
} as const;

export const grantKinds = {
  /** `digest`: SHA-256(enc(grant, SHA-256(sealed), SHA-256(enc(all V)))). */
  "grant.publish": {
    ...byGrant,
    fields: { key: hash, digest: hash, expiresAt: uint },
    carriedFor: "openVisit",
    signatureType: "GRANT",
  },
  "grant.revoke": {
    ...byGrant,
    fields: { key: hash },
    carriedFor: "anybody",
    signatureType: "GRANT-REVOKE",
  },
} as const satisfies Record<string, SlipKindRow>;
