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
  /** `newKey` signs for the visit in place of `key`, which did until now; pid, tags and headers stay. */
  "session.claim": {
    fields: { key: hash, pid: hash, newKey: hash },
    signer: "visit",
    chains: care,
    carrier: "any",
    carriedFor: "openVisit",
    roles: "none",
    signatureType: "SESSION-CLAIM",
  },
} as const satisfies Record<string, SlipKindRow>;
