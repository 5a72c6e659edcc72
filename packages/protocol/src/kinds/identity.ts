import { blob, both, boxKey, hash, id, nfcText, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const certificateFields = {
  issuer: id,
  fingerprint: hash,
  name: nfcText(128),
  role: nfcText(32),
  institution: id,
  signingKey: hash,
  boxKey,
  validFrom: uint,
  validTo: uint,
  der: blob(6_000),
} as const;

const aboutStaff = { chains: both, carrier: "any", carriedFor: "member", roles: "none" } as const;

export const identityKinds = {
  "identity.certify": {
    ...aboutStaff,
    fields: certificateFields,
    signer: "issuer",
    signatureType: "IDENTITY-CERTIFY",
  },
  /** A new certificate in place of `replaces`, which is revoked by the same slip. */
  "identity.rotate": {
    ...aboutStaff,
    fields: { ...certificateFields, replaces: hash },
    signer: "issuer",
    signatureType: "IDENTITY-ROTATE",
  },
  "identity.revoke": {
    ...aboutStaff,
    fields: { fingerprint: hash, by: id },
    signer: "issuerOrInstitution",
    signatureType: "IDENTITY-REVOKE",
  },
} as const satisfies Record<string, SlipKindRow>;
