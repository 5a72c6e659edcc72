import { limits } from "../limits.ts";
import { voterShape } from "../voters.ts";
import { consortium, cosigned, hash, id, list } from "./row.ts";
import type { SlipKindRow } from "./row.ts";

export const chainKinds = {
  /** A care chain and who votes there now; `genesis`: SHA-256 of its genesis document, which never changes. */
  "chain.register": {
    fields: {
      registered: id,
      institution: id,
      genesis: hash,
      voters: list(voterShape, limits.cosigners, 1),
      cosigned,
    },
    signer: "authority",
    chains: consortium,
    carrier: "any",
    carriedFor: "member",
    roles: "none",
    signatureType: "CHAIN-REGISTER",
  },
} as const satisfies Record<string, SlipKindRow>;
