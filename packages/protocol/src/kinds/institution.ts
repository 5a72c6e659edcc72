import { both, boxKey, flag, hash, id, nfcText } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const byAuthority = {
  signer: "authority",
  chains: both,
  carrier: "any",
  carriedFor: "member",
  roles: "none",
} as const;

export const institutionKinds = {
  "institution.enrol": {
    ...byAuthority,
    fields: {
      id,
      name: nfcText(128),
      level: nfcText(32),
      nodeKey: hash,
      boxKey,
      address: nfcText(256),
    },
    signatureType: "INSTITUTION-ENROL",
  },
  "institution.level": {
    ...byAuthority,
    fields: { id, level: nfcText(32) },
    signatureType: "INSTITUTION-LEVEL",
  },
  /** `suspended`: false lifts the suspension. */
  "institution.suspend": {
    ...byAuthority,
    fields: { id, suspended: flag },
    signatureType: "INSTITUTION-SUSPEND",
  },
} as const satisfies Record<string, SlipKindRow>;
