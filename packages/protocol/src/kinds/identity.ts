import { certificateDer } from "../certificateDer.ts";
import { roles } from "../enrolment.ts";
import {
  both,
  boxKey,
  bytes,
  consortium,
  cosigned,
  hash,
  id,
  nfcText,
  nullable,
  oneOf,
  uint,
} from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const certificateFields = {
  issuer: id,
  fingerprint: hash,
  name: nfcText(128),
  role: oneOf(...roles),
  institution: id,
  signingKey: hash,
  boxKey,
  validFrom: uint,
  validTo: uint,
  der: certificateDer,
  /** Who vouches: the certificate whose key made `registered`; `null`: the institution's node key. See `registration.ts`. */
  registrar: nullable(hash),
  commitment: hash,
  registered: bytes(64),
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
  /**
   * A certificate signs nothing before `until`; 0 lifts a suspension. `by`: the holder's institution, or a member with whom
   * voters sign.
   */
  "identity.suspend": {
    ...aboutStaff,
    fields: { fingerprint: hash, until: uint, by: id, cosigned },
    signer: "institution",
    signatureType: "IDENTITY-SUSPEND",
  },
  /**
   * Two officers order that the registry says whose a visit is: `cert` is an institution's, `second` the registry's, `agreed` the
   * latter's signature; `subject`: a `traceSubject`. See `traceOrder.ts`.
   */
  "identity.trace": {
    fields: { cert: hash, case: nfcText(64), subject: hash, second: hash, agreed: bytes(64) },
    signer: "certificate",
    chains: consortium,
    carrier: "any",
    carriedFor: "certificate",
    roles: ["officer"],
    signatureType: "IDENTITY-TRACE",
  },
} as const satisfies Record<string, SlipKindRow>;
