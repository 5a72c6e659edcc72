import { limits } from "@anamnesis/protocol";
import { isCosigned } from "../changeMember.ts";
import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * A certificate signs nothing for a while, a day at most, or again at once: by the holder's institution, or by a member with
 * voters. What voters suspended the institution alone does not change. Spec: docs/spec/slips.md S-63.
 */
export const identitySuspend: Kind<"identity.suspend"> = {
  apply(state, { fields }, { genesis, before, time }) {
    const { fingerprint, until, by, cosigned } = fields;
    const certificate = state.certificate(fingerprint);
    if (certificate === undefined || before.certificate(fingerprint) === undefined)
      return reject("CERTIFICATE_UNKNOWN");
    if (certificate.revokedAt !== 0) return reject("CERTIFICATE_REVOKED");
    if (state.institution(by)?.suspended !== false) return reject("NOT_AUTHORISED");
    const isByVoters = isCosigned(state, genesis, cosigned);
    if (!isByVoters && by !== certificate.institution) return reject("VOTES_MISSING");
    const isVoters = certificate.suspendedByVoters && time < certificate.suspendedUntil;
    if (isVoters && !isByVoters) return reject("VOTES_MISSING");
    if (until !== 0 && until <= time) return reject("EXPIRY_IN_PAST");
    if (until > time + limits.suspensionMs) return reject("SUSPENSION_TOO_LONG");

    const suspended = { suspendedUntil: until, suspendedByVoters: isByVoters && until !== 0 };
    const key = rows.certificate.key(fingerprint);
    return accept(put(rows.certificate, key, { ...certificate, ...suspended }));
  },
  index: "none",
  history: "none",
};
