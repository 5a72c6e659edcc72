import { gidOf } from "@anamnesis/protocol";
import type { Transition } from "../context.ts";
import { accept, putGrant, reject } from "../outcome.ts";

/** The patient ends a grant, also one that has expired. Said twice, it is answered GRANT_REVOKED. Spec: docs/spec/slips.md S-41. */
export const grantRevoke: Transition<"grant.revoke"> = (state, { fields }, { time }) => {
  const gid = gidOf(fields.key);
  const grant = state.grant(gid);
  if (grant === undefined) return reject("GRANT_UNKNOWN");
  if (grant.revokedAt !== 0) return reject("GRANT_REVOKED");

  return accept(putGrant(gid, { ...grant, revokedAt: time }));
};
