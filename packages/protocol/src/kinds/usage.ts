import { denialCodeShape } from "../denials.ts";
import { staffRoles } from "../enrolment.ts";
import { readerShape } from "../reader.ts";
import { bytes, care, consortium, hash, id, list, nfcText, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const byReader = {
  signer: "certificate",
  chains: consortium,
  carrier: "any",
  carriedFor: "certificate",
  roles: staffRoles,
} as const;

export const usageKinds = {
  /**
   * `reader` and `salt` open what `grant.publish` says of its reader; `action` is one of {@link actions}. `commitment` is an
   * {@link intentCommitment}, opened to the serving proxies only.
   */
  "usage.intent": {
    ...byReader,
    fields: {
      gid: hash,
      cert: hash,
      reader: readerShape,
      salt: bytes(32),
      action: nfcText(16),
      proxies: list(uint, 16, 1),
      commitment: hash,
    },
    signatureType: "USAGE-INTENT",
  },
  /** `proxies`: those of the intent whose answers were used, ascending. */
  "usage.done": {
    ...byReader,
    fields: { cert: hash, intent: hash, proxies: list(uint, 16, 1) },
    signatureType: "USAGE-DONE",
  },
  /** `evidence`: hash of the reader's signed request, which the proxy keeps (docs/spec/proxy.md P-33). */
  "usage.denied": {
    fields: { proxy: uint, gid: hash, cert: hash, code: denialCodeShape, evidence: hash },
    signer: "proxy",
    chains: consortium,
    carrier: "any",
    carriedFor: "member",
    roles: "none",
    signatureType: "USAGE-DENIED",
  },
  /** An author rereads what they wrote. */
  "usage.author": {
    fields: { institution: id, cert: hash, pid: hash, record: hash, digest: hash },
    signer: "certificate",
    chains: care,
    carrier: "institution",
    carriedFor: "certificate",
    roles: ["doctor"],
    signatureType: "USAGE-AUTHOR",
  },
} as const satisfies Record<string, SlipKindRow>;
