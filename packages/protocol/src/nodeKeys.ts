import { encodeCanonical, signatureInput } from "@anamnesis/crypto/verify";
import type { Slip, SlipHeader } from "./slips.ts";
import type { SlipFields } from "./slipKinds.ts";

const SIGNATURE_TYPE = "NODE-KEY";

type Rotated = Pick<SlipFields<"institution.rotateKey">, "id" | "nodeKey">;

/** Canonical CBOR `[chain, id, node key, time]`: of one rotation, so that nobody says it again with another slip. */
const possessionBytes = (
  { chain, time }: Pick<SlipHeader, "chain" | "time">,
  { id, nodeKey }: Rotated,
): Uint8Array => encodeCanonical([chain, id, nodeKey, time]);

/**
 * That whoever rotates a node key to this one holds it: what stands as `possession` in the slip. `sign` signs under the new key.
 * Spec: docs/spec/slips.md S-29.
 */
export const provePossession = (
  header: Pick<SlipHeader, "chain" | "time">,
  rotated: Rotated,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Uint8Array => sign(SIGNATURE_TYPE, possessionBytes(header, rotated));

/** The bytes under `possession` of such a slip. */
export const possessionInput = (slip: Slip<"institution.rotateKey">): Uint8Array =>
  signatureInput(SIGNATURE_TYPE, possessionBytes(slip, slip.fields));
