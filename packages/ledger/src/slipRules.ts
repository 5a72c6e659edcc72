import { limits, slipKinds } from "@anamnesis/protocol";
import type { Slip, SlipCode, SlipKindRow } from "@anamnesis/protocol";
import type { SlipContext } from "./context.ts";
import { isRemembered } from "./replay.ts";
import type { LedgerView } from "./view.ts";

/**
 * The rules that hold for slips of every kind, in consensus order; the first that fails gives the code.
 *
 * @param aheadMs - How far `notAfter` may lie ahead: 11 minutes of block time, 10 of a node's own clock.
 * Spec: docs/spec/slips.md S-10 to S-18.
 */
export function refuseSlip(
  state: LedgerView,
  slip: Slip,
  context: SlipContext,
  aheadMs: number,
): Exclude<SlipCode, "OK"> | undefined {
  const row: SlipKindRow = slipKinds[slip.kind];
  const { genesis, time, carrier } = context;
  if (slip.notAfter < time) return "EXPIRED";
  if (slip.notAfter - time > aheadMs) return "NOT_AFTER_TOO_FAR";
  if (isRemembered(state, slip.id)) return "REPLAYED";
  if (!row.chains.includes(genesis.kind)) return "WRONG_KIND_OF_CHAIN";
  const carrying = state.institution(carrier);
  if (carrying?.suspended !== false) return "CARRIER_SUSPENDED";
  if (carrying.level === "third-party") return "CARRIER_IS_THIRD_PARTY";
  const institution =
    row.carrier === "institution" && "institution" in slip.fields
      ? slip.fields.institution
      : undefined;
  if (institution !== undefined) {
    if (genesis.institution !== undefined && institution !== genesis.institution)
      return "WRONG_INSTITUTION";
    if (institution !== carrier) return "CARRIER_IS_NOT_INSTITUTION";
  }
  return row.roles === "none"
    ? undefined
    : refuseCertified(state, slip, context, { roles: row.roles, institution });
}

/** A slip under a certified signature: the certificate counts now, is of the institution that the slip names, and of a role that may sign it. */
function refuseCertified(
  state: LedgerView,
  slip: Slip,
  { time }: SlipContext,
  wanted: { readonly roles: readonly string[]; readonly institution: string | undefined },
): Exclude<SlipCode, "OK"> | undefined {
  const certificate = "cert" in slip.fields ? state.certificate(slip.fields.cert) : undefined;
  if (certificate === undefined) return "CERTIFICATE_UNKNOWN";
  if (time < certificate.validFrom) return "CERTIFICATE_NOT_YET_VALID";
  if (time > certificate.validTo) return "CERTIFICATE_EXPIRED";
  if (certificate.revokedAt !== 0) return "CERTIFICATE_REVOKED";
  if (time < certificate.suspendedUntil) return "CERTIFICATE_SUSPENDED";
  if (wanted.institution !== undefined && certificate.institution !== wanted.institution)
    return "WRONG_INSTITUTION";
  if (!wanted.roles.includes(certificate.role)) return "NOT_AUTHORISED";
  if (state.institution(certificate.institution)?.suspended !== false)
    return "INSTITUTION_SUSPENDED";
  return undefined;
}

export const aheadOfBlockMs: number = limits.notAfterAheadOfBlockMs;
export const aheadOfClockMs: number = limits.notAfterAheadMs;
