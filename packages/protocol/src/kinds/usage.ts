import { denialCodeShape } from "../denials.ts";
import { care, consortium, hash, id, list, staffRoles, uint } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

const byReader = {
  signer: "certificate",
  chains: consortium,
  carrier: "any",
  carriedFor: "certificate",
  roles: staffRoles,
} as const;

export const usageKinds = {
  /** `commitment`: SHA-256(enc(salt, enc(capsule digests))), opened to the serving proxies only. */
  "usage.intent": {
    ...byReader,
    fields: { gid: hash, cert: hash, proxies: list(uint, 16, 1), commitment: hash },
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
