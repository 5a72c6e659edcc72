import { bytes, care, hash, id, permit, sealedId, tag } from "./row.ts";
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
  /** What a patient writes themself, such as measurements at home: the author is the visit `pid`. */
  "record.own": {
    ...byVisit,
    fields: { institution: id, key: hash, pid: hash, tag, digest: hash, sealedId },
    carrier: "institution",
    signatureType: "OWN",
  },
  /**
   * A new version by another institution's author, under the original's pid and tag. `author`: fingerprint of their
   * certificate, `authorKey`: the signing key in it; neither stands on this chain.
   */
  "record.amendForeign": {
    ...byVisit,
    fields: {
      key: hash,
      record: hash,
      before: hash,
      digest: hash,
      sealedId,
      author: hash,
      authorKey: hash,
      authorSignature: bytes(64),
      permit,
    },
    signer: "visitOrAuthor",
    signatureType: "AMEND-FOREIGN",
  },
  /** The same content under new capsules: `before` is the newest digest, `digest` that of the record sealed anew. */
  "record.rewrap": {
    ...byVisit,
    fields: { key: hash, record: hash, before: hash, digest: hash, sealedId },
    signatureType: "REWRAP",
  },
} as const satisfies Record<string, SlipKindRow>;
