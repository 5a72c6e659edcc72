import { gidOf, limits } from "@anamnesis/protocol";
import type { Transition } from "../context.ts";
import { accept, putGrant, reject } from "../outcome.ts";

/** A patient's grant becomes live: digest and expiry, signed by the grant's own key. Spec: docs/spec/slips.md S-40. */
export const grantPublish: Transition<"grant.publish"> = (state, { fields }, { time }) => {
  const gid = gidOf(fields.key);
  if (state.grant(gid) !== undefined) return reject("GRANT_EXISTS");
  if (fields.expiresAt <= time) return reject("EXPIRY_IN_PAST");
  if (fields.expiresAt - time > limits.grantLifetimeMs) return reject("EXPIRY_TOO_FAR");

  return accept(
    putGrant(gid, { digest: fields.digest, expiresAt: fields.expiresAt, revokedAt: 0 }),
  );
};
