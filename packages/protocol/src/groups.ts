import { decodeCanonical, encodeCanonical, signatureInput } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import { isChainId, isInstitutionId } from "./ids.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { leafHash, rootOfLeafHashes } from "./merkle.ts";
import { decodeSlip } from "./slips.ts";
import type { Slip } from "./slips.ts";

/** 1–64 slips carried by one member's node, which signs their Merkle root once: the engine's transaction. */
export interface Group {
  readonly chain: ChainId;
  readonly carrier: InstitutionId;
  readonly slips: readonly Slip[];
  readonly signature: Uint8Array;
  readonly bytes: Uint8Array;
}

const VERSION = 1;
const SIGNATURE_TYPE = "GROUP";

const signedBytes = (chain: string, carrier: string, slips: readonly Uint8Array[]): Uint8Array =>
  encodeCanonical([chain, carrier, rootOfLeafHashes(slips.map(leafHash)), slips.length]);

/** The bytes under the carrier's signature: enc("MRS-V1-SIG-GROUP", cbor[chain, carrier, RFC 6962 root of the slips, count]). */
export const groupSignatureInput = (group: Group): Uint8Array =>
  signatureInput(
    SIGNATURE_TYPE,
    signedBytes(
      group.chain,
      group.carrier,
      group.slips.map((slip) => slip.bytes),
    ),
  );

/** Makes and signs a group. Wire form: canonical CBOR [1, chain, carrier, [slip…], signature]. */
export function makeGroup(
  chain: ChainId,
  carrier: InstitutionId,
  slips: readonly Uint8Array[],
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Uint8Array {
  const signature = sign(SIGNATURE_TYPE, signedBytes(chain, carrier, slips));
  return encodeGroup(chain, carrier, slips, signature);
}

/** The wire form of a group that was signed: the same parts give the same bytes. */
export const encodeGroup = (
  chain: ChainId,
  carrier: InstitutionId,
  slips: readonly Uint8Array[],
  signature: Uint8Array,
): Uint8Array => encodeCanonical([VERSION, chain, carrier, [...slips], signature]);

/**
 * Decodes a group and the form of every slip in it. One bad slip refuses the whole group.
 *
 * @throws {AnamnesisError} GROUP_MALFORMED, GROUP_TOO_LARGE, and those of {@link decodeSlip}.
 */
export function decodeGroup(bytes: Uint8Array): Group {
  if (bytes.length > limits.groupBytes)
    throw new AnamnesisError(
      "GROUP_TOO_LARGE",
      `Group refused: ${bytes.length} bytes, at most ${limits.groupBytes} wanted`,
    );
  let outer: unknown;
  try {
    outer = decodeCanonical(bytes, { views: true });
  } catch (cause) {
    throw new AnamnesisError("GROUP_MALFORMED", "Group refused: not canonical CBOR", { cause });
  }
  if (!Array.isArray(outer) || outer.length !== 5) throw malformed("not an array of five");
  const [version, chain, carrier, slips, signature] = outer as unknown[];
  if (version !== VERSION) throw malformed(`version ${String(version)}, want ${VERSION}`);
  if (!isChainId(chain) || !isInstitutionId(carrier))
    throw malformed("chain and carrier are not names");
  if (!(signature instanceof Uint8Array) || signature.length !== 64)
    throw malformed("signature is not 64 bytes");
  if (!Array.isArray(slips) || slips.length === 0 || slips.length > limits.groupSlips)
    throw malformed(`want 1 to ${limits.groupSlips} slips`);
  const decoded = slips.map((slip: unknown) => {
    if (!(slip instanceof Uint8Array)) throw malformed("a slip is not a byte string");
    return decodeSlip(slip);
  });
  return {
    chain,
    carrier,
    slips: decoded,
    signature,
    bytes,
  };
}

const malformed = (why: string) => new AnamnesisError("GROUP_MALFORMED", `Group refused: ${why}`);
