import { care, hash, id } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

export const sessionKinds = {
  /** A visit begins; `key` is the visit's, pid = SHA-256(key). */
  "session.open": {
    fields: { institution: id, key: hash },
    signer: "visit",
    chains: care,
    carrier: "institution",
    carriedFor: "intake",
    roles: "none",
    signatureType: "SESSION-OPEN",
  },
} as const satisfies Record<string, SlipKindRow>;
