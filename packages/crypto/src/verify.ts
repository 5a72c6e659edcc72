/** What anybody may do: bytes, hashes, canonical structures, signatures, and every check on public data. */
export * from "./bytes.ts";
export type { CapsuleCheck } from "./capsule.ts";
export { checkCapsule } from "./capsule.ts";
export type { CborValue } from "./cbor.ts";
export { CBOR_BYTES_MAX, CBOR_DEPTH_MAX, decodeCanonical, encodeCanonical } from "./cbor.ts";
export type { RandomSource } from "./derive.ts";
export { createSha256, hmacSha256, kdf, randomBytes, sha256 } from "./derive.ts";
export type { RecordHashes } from "./digest.ts";
export { capsulesDigest, recordDigest } from "./digest.ts";
export type { CryptoErrorCode } from "./errors.ts";
export { CryptoError } from "./errors.ts";
export { grantContext, grantDigest } from "./grantContext.ts";
export type { RecordHeader } from "./header.ts";
export { decodeHeader, encodeHeader } from "./header.ts";
export type { LtHash } from "./lthash.ts";
export { createLtHash } from "./lthash.ts";
export type { Sha256 } from "./primitives.ts";
export { ready } from "./ready.ts";
export type { ShareEvidence } from "./shareProof.ts";
export { verifyShareProof } from "./shareProof.ts";
export type { SignedMessage } from "./signature.ts";
export {
  isStrictPublicKey,
  signatureInput,
  verifySignature,
  verifySignatureRaw,
} from "./signature.ts";
export { SUITE } from "./suite.ts";
