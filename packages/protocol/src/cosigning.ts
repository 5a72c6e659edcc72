import { signatureInput } from "@anamnesis/crypto/verify";
import type { InstitutionId } from "./ids.ts";
import type { Cosignature } from "./kinds/row.ts";
import { encodePayload } from "./slips.ts";
import type { Slip, SlipHeader } from "./slips.ts";
import type { SlipFields, SlipKind } from "./slipKinds.ts";

/**
 * A slip that changes who votes, or a member's key without its word, is signed by the authority, and by voters besides
 * (docs/spec/slips.md S-19, S-29). Their signatures
 * stand in its field `cosigned`, each over the payload in which that field is empty, so that they are made first; the
 * slip's own covers them.
 */
export type CosignedKind = {
  [K in SlipKind]: SlipFields<K> extends { readonly cosigned: unknown } ? K : never;
}[SlipKind];

const SIGNATURE_TYPE = "COSIGN";

const cosignedBytes = <K extends CosignedKind>(
  kind: K,
  header: SlipHeader,
  fields: SlipFields<K>,
): Uint8Array => encodePayload(kind, header, { ...fields, cosigned: [] });

/** One voter's signature over a slip to be. What `fields` hold as `cosigned` does not count. */
export const cosign = <K extends CosignedKind>(
  kind: K,
  header: SlipHeader,
  fields: SlipFields<K>,
  institution: InstitutionId,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Cosignature => ({
  institution,
  signature: sign(SIGNATURE_TYPE, cosignedBytes(kind, header, fields)),
});

/** The bytes under each signature in a slip's `cosigned`; its payload is canonical, so that there is one encoding of it. */
export const cosignInput = ({ kind, fields, ...header }: Slip<CosignedKind>): Uint8Array =>
  signatureInput(SIGNATURE_TYPE, cosignedBytes(kind, header, fields));
