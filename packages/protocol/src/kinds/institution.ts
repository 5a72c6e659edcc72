import { institutionKinds } from "../institutionKinds.ts";
import { both, boxKey, cosigned, flag, hash, id, nfcText, oneOf, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const byAuthority = {
  signer: "authority",
  chains: both,
  carrier: "any",
  carriedFor: "member",
  roles: "none",
} as const;

/** What an institution is, and its weight as a voter (0: it does not vote). */
const standing = { level: oneOf(...institutionKinds), power: uint } as const;

/** Each also holds voters' signatures, where it changes who votes. */
export const membershipKinds = {
  /** `consensusKey`: Ed25519, with which its validator votes under a Byzantine engine. */
  "institution.enrol": {
    ...byAuthority,
    fields: {
      id,
      name: nfcText(128),
      ...standing,
      nodeKey: hash,
      consensusKey: hash,
      boxKey,
      address: nfcText(256),
      cosigned,
    },
    signatureType: "INSTITUTION-ENROL",
  },
  "institution.level": {
    ...byAuthority,
    fields: { id, ...standing, cosigned },
    signatureType: "INSTITUTION-LEVEL",
  },
  /** `suspended`: false lifts the suspension. */
  "institution.suspend": {
    ...byAuthority,
    fields: { id, suspended: flag, cosigned },
    signatureType: "INSTITUTION-SUSPEND",
  },
} as const satisfies Record<string, SlipKindRow>;
