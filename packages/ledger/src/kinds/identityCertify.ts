import { sha256, utf8 } from "@anamnesis/crypto/verify";
import type { Slip, SlipCode } from "@anamnesis/protocol";
import type { Kind, SlipContext } from "../context.ts";
import { accept, indexKey, put, reject } from "../outcome.ts";
import type { IndexKey, Write } from "../outcome.ts";
import { rows } from "../rows.ts";
import type { LedgerView } from "../view.ts";

/**
 * An intermediate puts a staff member's certificate on the chain: on the consortium, and on the institution's own
 * chain, carried by that institution. Patients' certificates never stand on a chain.
 *
 * The fields are what counts here; that they agree with the DER is checked by clients.
 * Spec: docs/spec/slips.md S-23.
 */
export const identityCertify: Kind<"identity.certify"> = {
  apply(state, slip, context) {
    const refused = refuseCertificate(state, slip, context);
    if (refused !== undefined) return reject(refused);

    return accept(certificateWrite(slip));
  },
  index: certificateIndex,
  history: "none",
};

type CertifyingSlip = Slip<"identity.certify"> | Slip<"identity.rotate">;

/** The checks that a first certificate and one in another's place share, in this order. */
export function refuseCertificate(
  state: LedgerView,
  { fields }: CertifyingSlip,
  { genesis, carrier }: SlipContext,
): Exclude<SlipCode, "OK"> | undefined {
  if (fields.issuer === "root" || fields.role === "patient") return "NOT_AUTHORISED";
  if (state.institution(fields.institution) === undefined) return "INSTITUTION_UNKNOWN";
  if (genesis.institution !== undefined && fields.institution !== genesis.institution)
    return "WRONG_INSTITUTION";
  if (genesis.kind === "care" && carrier !== fields.institution)
    return "CARRIER_IS_NOT_INSTITUTION";
  if (state.certificate(fields.fingerprint) !== undefined) return "CERTIFICATE_EXISTS";
  return undefined;
}

export function certificateWrite({ fields }: CertifyingSlip): Write {
  const { issuer, fingerprint, name, role, institution } = fields;
  const { signingKey, boxKey, validFrom, validTo, der } = fields;
  return put(rows.certificate, rows.certificate.key(fingerprint), {
    v: 1,
    issuer,
    name,
    role,
    institution,
    signingKey,
    boxKey,
    validFrom,
    validTo,
    der,
    revokedAt: 0,
  });
}

/** Certificates are found by name and by institution. */
export function certificateIndex({ fields }: CertifyingSlip): readonly IndexKey[] {
  return [
    indexKey(rows.byName, nameHash(fields.name)),
    indexKey(rows.byInstitution, fields.institution),
  ];
}

/** Names are of any length: the index holds the name's SHA-256. */
export const nameHash = (name: string): Uint8Array => sha256(utf8(name));
