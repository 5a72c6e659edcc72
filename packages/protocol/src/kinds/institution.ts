import { institutionKinds } from "../institutionKinds.ts";
import { both, boxKey, bytes, cosigned, flag, hash, id, nfcText, oneOf, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const aboutMember = { chains: both, carrier: "any", carriedFor: "member", roles: "none" } as const;
const byAuthority = { ...aboutMember, signer: "authority" } as const;

/** What an institution is, and its weight as a voter (0: it does not vote). */
const standing = { level: oneOf(...institutionKinds), power: uint } as const;

/** Each also holds voters' signatures, where it changes who votes. */
export const membershipKinds = {
  /**
   * `consensusKey`: Ed25519, with which its validator votes under a Byzantine engine; `audited`: signed by the registry, see
   * `audit.ts`.
   */
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
      audited: bytes(64),
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
  /**
   * Another node key in place of the member's. `by`: the member itself, under the key it had, or the authority, with voters;
   * `possession`: signed under the new key, see `nodeKeys.ts`.
   */
  "institution.rotateKey": {
    ...aboutMember,
    fields: { id, nodeKey: hash, possession: bytes(64), by: id, cosigned },
    signer: "institution",
    signatureType: "INSTITUTION-ROTATE-KEY",
  },
} as const satisfies Record<string, SlipKindRow>;
