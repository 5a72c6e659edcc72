/** Constants of the cryptographic suite MRS-V1. Changing any of them makes another suite. */

/** Name of the suite; every domain separation label starts with it. */
export const SUITE = "MRS-V1";

/** Hash-to-curve domain separation tags, one per use (RFC 9380 3.1). */
export const DST = {
  tag: "MRS-V1-TAG-BLS12381G1_XMD:SHA-256_SSWU_RO_",
  mask: "MRS-V1-MASK-BLS12381G1_XMD:SHA-256_SSWU_RO_",
  bind: "MRS-V1-BIND-BLS12381G1_XMD:SHA-256_SSWU_RO_",
  keyword: "MRS-V1-KW-BLS12381G1_XMD:SHA-256_SSWU_RO_",
} as const;

/** Labels of what this package itself seals, as HPKE `info` or AEAD additional data. Those of messages are `protocol`'s. */
export const LABEL = {
  author: "MRS-V1-AUTHOR",
  reply: "MRS-V1-REPLY",
  objectHead: "MRS-V1-OBJECT-HEAD",
  objectId: "MRS-V1-OBJECT-ID",
} as const;

/** Lengths in bytes: each has its one name here, for every room. */
export const BYTES = {
  seed: 32,
  /** X of a grant. */
  maskSecret: 32,
  hash: 32,
  tag: 16,
  recordId: 16,
  g1: 48,
  g2: 96,
  gt: 576,
  /** ML-KEM-768, as `dkTag` and `ctPq`. */
  ekTag: 1184,
  dkTag: 2400,
  ctPq: 1088,
  ss64: 64,
  wrappedKey: 48,
  capsule: 96 + 32 + 48 + 1088 + 48,
  /** X-Wing. */
  boxPublicKey: 1216,
  boxEnc: 1120,
  /** What HPKE adds to a message: encapsulation and authentication tag. */
  boxSeal: 1120 + 16,
  authorCapsule: 1120 + 32 + 16,
  /** A record's label, padded; and the same sealed, as the last capsule. */
  label: 512,
  labelCapsule: 512 + 16,
  /** Object id and body hash, sealed for the slip. */
  sealedId: 12 + 32 + 32 + 16,
  gcmNonce: 12,
  gcmTag: 16,
  shareProof: 32 + 48,
} as const;

/** Plaintext bytes of one STREAM chunk: 64 KiB. */
export const CHUNK_BYTES = 65536;

/** Order q of the BLS12-381 groups (draft-irtf-cfrg-pairing-friendly-curves 4.2.1). */
export const GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
