import { equalBytes, sha256, utf8 } from "@anamnesis/crypto/verify";
import { rolesAt } from "@anamnesis/protocol";
import type { CertifyingSlip, Genesis, SlipCode } from "@anamnesis/protocol";
import type { Kind, SlipContext } from "../context.ts";
import { accept, fact, indexKey, put, reject } from "../outcome.ts";
import type { IndexKey, Write } from "../outcome.ts";
import { rows } from "../rows.ts";
import type { LedgerView } from "../view.ts";
import { refuseVouching } from "../vouching.ts";

/**
 * An intermediate puts a staff member's certificate on the chain: on the consortium, and on the institution's own
 * chain, carried by that institution. Patients' certificates never stand on a chain.
 *
 * The fields are what counts here; that they agree with the DER is checked by clients.
 * Spec: docs/spec/slips.md S-23.
 */
export const identityCertify: Kind<"identity.certify"> = {
  apply(state, slip, context) {
    const refused =
      refuseCertificate(state, slip, context) ?? refuseVouching(state, slip, context.time);
    if (refused !== undefined) return reject(refused);

    return accept(...certificateWrites(slip, context));
  },
  index: certificateIndex,
  history: "none",
};

/** The checks that a first certificate and one in another's place share, in this order. */
export function refuseCertificate(
  state: LedgerView,
  { fields }: CertifyingSlip,
  { genesis, carrier }: SlipContext,
): Exclude<SlipCode, "OK"> | undefined {
  if (fields.issuer === "root" || fields.role === "patient") return "NOT_AUTHORISED";
  const institution = state.institution(fields.institution);
  if (institution === undefined) return "INSTITUTION_UNKNOWN";
  if (institution.suspended) return "INSTITUTION_SUSPENDED";
  if (!rolesAt(institution.level).includes(fields.role)) return "ROLE_NOT_OF_INSTITUTION";
  if (genesis.institution !== undefined && fields.institution !== genesis.institution)
    return "WRONG_INSTITUTION";
  if (genesis.kind === "care" && carrier !== fields.institution)
    return "CARRIER_IS_NOT_INSTITUTION";
  if (state.certificate(fields.fingerprint) !== undefined) return "CERTIFICATE_EXISTS";
  if (isCertified(state, genesis, fields.signingKey)) return "KEY_CERTIFIED";
  return undefined;
}

/** What vouches for a key once would vouch for it again after its certificate was revoked. */
const isCertified = (state: LedgerView, { registrars }: Genesis, key: Uint8Array): boolean =>
  state.has(rows.certifiedKey.key(key)) ||
  registrars.some(({ signingKey }) => equalBytes(signingKey, key));

/** A new certificate, and that its key has one. */
export const certificateWrites = (slip: CertifyingSlip, { sequence }: SlipContext): Write[] => [
  certificateWrite(slip),
  fact(rows.certifiedKey, rows.certifiedKey.key(slip.fields.signingKey), sequence),
];

function certificateWrite({ fields }: CertifyingSlip): Write {
  const { issuer, fingerprint, name, role, institution } = fields;
  const { signingKey, boxKey, validFrom, validTo, der, commitment } = fields;
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
    commitment,
    revokedAt: 0,
    suspendedUntil: 0,
    suspendedByVoters: false,
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
