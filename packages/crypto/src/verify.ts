/** What anybody may do: bytes, hashes, canonical structures, signatures, and every check on public data. */
export { at } from "./encoding/at.ts";
export * from "./encoding/bytes.ts";
export type { CapsuleCheck } from "./kem/capsule.ts";
export { checkCapsule } from "./kem/capsule.ts";
export { decodeCanonical, encodeCanonical } from "./encoding/cbor.ts";
export type { CborValue } from "./encoding/cborValue.ts";
export { CBOR_BYTES_MAX, CBOR_DEPTH_MAX } from "./encoding/cborValue.ts";
export { piecesOf, readAll, streamOf } from "./encoding/streams.ts";
export type { RandomSource } from "./primitives/derive.ts";
export { createSha256, hmacSha256, kdf, randomBytes, sha256 } from "./primitives/derive.ts";
export type { RecordHashes } from "./record/digest.ts";
export { capsulesDigest, recordDigest } from "./record/digest.ts";
export type { CryptoErrorCode } from "./errors.ts";
export { CryptoError } from "./errors.ts";
export { grantContext } from "./grant/grantContext.ts";
export type { RecordHeader } from "./record/header.ts";
export { decodeHeader, encodeHeader } from "./record/header.ts";
export type { LtHash } from "./primitives/lthash.ts";
export { createLtHash } from "./primitives/lthash.ts";
export type { Sha256 } from "./primitives/primitives.ts";
export { ready } from "./engine/ready.ts";
export type { ShareEvidence } from "./grant/shareProof.ts";
export { verifyShareProof } from "./grant/shareProof.ts";
export type { SignedMessage } from "./signature/signature.ts";
export {
  isStrictPublicKey,
  signatureInput,
  verifySignature,
  verifySignatureRaw,
} from "./signature/signature.ts";
export { BYTES, SUITE } from "./suite.ts";
