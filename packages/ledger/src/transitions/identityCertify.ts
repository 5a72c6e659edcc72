import { sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import type { CertificateState, Slip, SlipCode } from "@anamnesis/protocol";
import type { SlipContext, Transition } from "../context.ts";
import { accept, indexEntry, putCertificate, reject } from "../outcome.ts";
import type { Write } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";
import type { LedgerView } from "../view.ts";

/**
 * An intermediate puts a staff member's certificate on the chain: on the consortium, and on the institution's own
 * chain, carried by that institution. Patients' certificates never stand on a chain.
 *
 * The fields are what counts here; that they agree with the DER is checked by clients.
 * Spec: docs/spec/slips.md S-23.
 */
export const identityCertify: Transition<"identity.certify"> = (state, slip, context) => {
  const refused = refuseCertificate(state, slip, context);
  if (refused !== undefined) return reject(refused);

  return accept(...certificateWrites(slip));
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
  if (state.certificate(toHex(fields.fingerprint)) !== undefined) return "CERTIFICATE_EXISTS";
  return undefined;
}

/** The certificate and its two indices. */
export function certificateWrites({ fields }: CertifyingSlip): Write[] {
  const {
    issuer,
    fingerprint,
    name,
    role,
    institution,
    signingKey,
    boxKey,
    validFrom,
    validTo,
    der,
  } = fields;
  const certificate: CertificateState = {
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
  };
  const id = toHex(fingerprint);
  return [
    putCertificate(fingerprint, certificate),
    indexEntry(stateKeys.byName(nameHash(name), id), fingerprint),
    indexEntry(stateKeys.byInstitution(institution, id), fingerprint),
  ];
}

/** Names are any text, keys are ASCII: the index holds the name's SHA-256. */
export const nameHash = (name: string): string => toHex(sha256(utf8(name)));
