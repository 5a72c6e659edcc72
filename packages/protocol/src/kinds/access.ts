import { staffRoles } from "../enrolment.ts";
import { bytes, consortium, hash } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

export const accessKinds = {
  /** `body`: SHA-256 of the sealed request; `refusal`: SHA-256(r), r lies in that body. */
  "access.request": {
    fields: { cert: hash, body: hash, refusal: hash },
    signer: "certificate",
    chains: consortium,
    carrier: "any",
    carriedFor: "certificate",
    roles: staffRoles,
    signatureType: "ACCESS-REQUEST",
  },
  "access.refuse": {
    fields: { key: hash, request: hash, r: bytes(32) },
    signer: "once",
    chains: consortium,
    carrier: "any",
    carriedFor: "openVisit",
    roles: "none",
    signatureType: "ACCESS-REFUSE",
  },
} as const satisfies Record<string, SlipKindRow>;
