import type { Kind } from "../context.ts";
import { newVersion } from "../newVersion.ts";
import { reject } from "../outcome.ts";
import { refuseRecordSigner } from "../visitSigner.ts";

/**
 * The patient seals the newest version anew: other capsules and head, the same content, so what was said of that content still
 * holds. The chain cannot see that it is the same; devices and readers compare the body. Spec: docs/spec/slips.md S-38.
 */
export const recordRewrap: Kind<"record.rewrap"> = {
  apply(state, { fields }, { sequence }) {
    const refused = refuseRecordSigner(state, fields);
    return refused === undefined ? newVersion(state, fields, sequence) : reject(refused);
  },
  index: "none",
  history: "none",
};
