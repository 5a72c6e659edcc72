import { encodeCanonical, signatureInput } from "@anamnesis/crypto/verify";
import type { InstitutionKind } from "./institutionKinds.ts";
import type { SlipFields } from "./slipKinds.ts";
import type { Slip } from "./slips.ts";

const SIGNATURE_TYPE = "AUDITED";

type Audited = Pick<
  SlipFields<"institution.enrol">,
  "id" | "name" | "level" | "nodeKey" | "consensusKey" | "boxKey" | "address"
>;

/** The intermediate that signs for an institution of this kind. */
export const auditorOf = (level: InstitutionKind): "care" | "third-parties" =>
  level === "third-party" ? "third-parties" : "care";

/** Canonical CBOR of all that the registry looked at; of no chain, since an institution is one on all of them. */
const auditedBytes = (of: Audited): Uint8Array =>
  encodeCanonical([of.id, of.name, of.level, of.nodeKey, of.consensusKey, of.boxKey, of.address]);

/**
 * The registry's word that it audited an institution: what stands as `audited` in the slip that enrols it. `sign` signs as
 * {@link auditorOf} its kind. Spec: docs/spec/registry.md R-28.
 */
export const audit = (
  of: Audited,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Uint8Array => sign(SIGNATURE_TYPE, auditedBytes(of));

/** The bytes under `audited` of such a slip. */
export const auditInput = (slip: Slip<"institution.enrol">): Uint8Array =>
  signatureInput(SIGNATURE_TYPE, auditedBytes(slip.fields));
