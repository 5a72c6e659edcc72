import { care, hash, id, sealedId, tag } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const byDoctor = {
  signer: "certificate",
  chains: care,
  carrier: "institution",
  carriedFor: "certificate",
  roles: ["doctor"],
  signatureType: "OUTER",
} as const;
const byVisit = {
  signer: "visit",
  chains: care,
  carrier: "any",
  carriedFor: "openVisit",
  roles: "none",
} as const;

export const recordKinds = {
  "record.submit": {
    ...byDoctor,
    fields: { institution: id, cert: hash, pid: hash, tag, digest: hash, sealedId },
  },
  /** `record`: slip id of the record.submit; `before`: the newest digest; `digest`: the new one. */
  "record.amend": {
    ...byDoctor,
    fields: {
      institution: id,
      cert: hash,
      pid: hash,
      tag,
      record: hash,
      before: hash,
      digest: hash,
      sealedId,
    },
  },
  "record.confirm": {
    ...byVisit,
    fields: { key: hash, record: hash, digest: hash },
    signatureType: "CONFIRM",
  },
  /** `reason`: SHA-256 of the sealed body that lies in the author's box. */
  "record.dispute": {
    ...byVisit,
    fields: { key: hash, record: hash, digest: hash, reason: hash },
    signatureType: "DISPUTE",
  },
} as const satisfies Record<string, SlipKindRow>;
