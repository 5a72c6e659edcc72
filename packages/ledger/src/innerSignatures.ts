import {
  agreedInput,
  auditInput,
  auditorOf,
  cosignInput,
  foreignContentInput,
  permitInput,
  possessionInput,
  registeredInput,
} from "@anamnesis/protocol";
import type { CertifyingSlip, CosignedKind, Genesis, Slip } from "@anamnesis/protocol";
import type { LedgerView } from "./view.ts";

/** A signature that stands in a slip's fields, beside the slip's own. It has to verify just as that one does. */
export interface InnerSignature {
  /** Whose: `undefined` when the state before the block does not hold the key. */
  readonly key: (before: LedgerView, genesis: Genesis) => Uint8Array | undefined;
  /** The signed bytes, domain separation included. */
  readonly message: () => Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Those of the registry over a new institution (S-20), of voters over a change of who votes (S-19), of a member's next node key (S-29), of who vouches for a certificate (S-27), of the officer who agrees to a trace (S-64), and of an author and the visit
 * that lets them amend (S-37).
 */
export function innerSignatures(slip: Slip): readonly InnerSignature[] {
  if (slip.kind === "institution.rotateKey") return [nextKey(slip), ...voters(slip)];
  if (slip.kind === "institution.enrol") return [registryAudit(slip), ...voters(slip)];
  if (isCosigned(slip)) return voters(slip);
  if (isCertifying(slip)) return [whoVouches(slip)];
  if (slip.kind === "identity.trace") return [secondOfficer(slip)];
  if (slip.kind === "record.amendForeign") return authorAndVisit(slip);
  return [];
}

function voters(slip: Slip<CosignedKind>): InnerSignature[] {
  let signed: Uint8Array | undefined;
  const message = () => (signed ??= cosignInput(slip));
  return slip.fields.cosigned.map(({ institution, signature }) => ({
    key: (before) => before.institution(institution)?.nodeKey,
    message,
    signature,
  }));
}

const nextKey = (slip: Slip<"institution.rotateKey">): InnerSignature => ({
  key: () => slip.fields.nodeKey,
  message: () => possessionInput(slip),
  signature: slip.fields.possession,
});

const registryAudit = (slip: Slip<"institution.enrol">): InnerSignature => ({
  key: (_before, { cas }) => cas.find(({ id }) => id === auditorOf(slip.fields.level))?.key,
  message: () => auditInput(slip),
  signature: slip.fields.audited,
});

function whoVouches(slip: CertifyingSlip): InnerSignature {
  const { registrar, institution, registered } = slip.fields;
  return {
    key: (before) =>
      registrar === null
        ? before.institution(institution)?.nodeKey
        : before.certificate(registrar)?.signingKey,
    message: () => registeredInput(slip),
    signature: registered,
  };
}

const secondOfficer = (slip: Slip<"identity.trace">): InnerSignature => ({
  key: (before) => before.certificate(slip.fields.second)?.signingKey,
  message: () => agreedInput(slip),
  signature: slip.fields.agreed,
});

function authorAndVisit(slip: Slip<"record.amendForeign">): InnerSignature[] {
  const { key, authorKey, authorSignature, permit } = slip.fields;
  const content: InnerSignature = {
    key: () => authorKey,
    message: () => foreignContentInput(slip),
    signature: authorSignature,
  };
  if (permit === null) return [content];
  const allowed = () => permitInput(slip.fields, permit);
  return [content, { key: () => key, message: allowed, signature: permit.signature }];
}

const isCosigned = (slip: Slip): slip is Slip<CosignedKind> => "cosigned" in slip.fields;
const isCertifying = (slip: Slip): slip is CertifyingSlip =>
  slip.kind === "identity.certify" || slip.kind === "identity.rotate";
