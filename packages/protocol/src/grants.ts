import { BYTES, enc, encodeCanonical, sha256 } from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import { limits } from "./limits.ts";
import {
  blob,
  bytes,
  document,
  list,
  literal,
  nullable,
  object,
  oneOf,
  text,
  uint,
} from "./shape.ts";
import type { Shaped } from "./shape.ts";

/** Purposes of use, HL7 v3-ActReason. */
export const purposes = [
  "TREAT",
  "ETREAT",
  "HPAYMT",
  "COVERAGE",
  "HOPERAT",
  "HRESCH",
  "CLINTRCH",
  "PUBHLTH",
  "PATRQT",
  "FAMRQT",
] as const;
export type Purpose = (typeof purposes)[number];

/** `read` opens for viewing, `copy` also allows keeping a copy in the reader's own record. */
export const actions = ["read", "copy"] as const;
export type Action = (typeof actions)[number];

const grantTagShape = object({
  chain: text(64),
  institution: text(64),
  pid: bytes(32),
  tag: bytes(BYTES.tag),
  epoch: text(8),
});
export type GrantTag = Shaped<typeof grantTagShape>;

const grantShape = object({
  v: literal(1),
  suite: literal("MRS-V1"),
  /** Consortium chain id: where the grant is published. */
  chain: text(64),
  /** The grant's Ed25519 key; gid = SHA-256(key). */
  key: bytes(32),
  /** Fingerprint of the reader's certificate. */
  reader: bytes(32),
  tags: list(grantTagShape, limits.grantTags),
  /** Slip ids of the record.submit slips that the grant is limited to, or null for every record of its tags. */
  records: nullable(list(bytes(32), limits.grantRecords)),
  actions: list(oneOf(...actions), 4),
  purposes: list(oneOf(...purposes), 12),
  notBefore: uint,
  notAfter: uint,
  k: uint,
  /** Institutions of the proxies, in the order of their indices 1…n. */
  proxies: list(text(64), 16),
});

/** A patient's permission: who, what, which actions, why, until when. Immutable; its canonical bytes are `gctx`'s preimage. */
export type Grant = Shaped<typeof grantShape>;
export const grantDocument = document("Grant", grantShape);

/** Indices of the proxies that hold shares of a grant. */
export const proxyIndices = ({ proxies }: Pick<Grant, "proxies">): number[] =>
  proxies.map((_, position) => position + 1);

/** SHA-256(enc(grant, SHA-256(sealed), SHA-256(enc(V…)))): what `grant.publish` carries. */
export const grantDigest = (
  grant: Uint8Array,
  sealedHash: Uint8Array,
  commitments: readonly Uint8Array[],
): Uint8Array => sha256(enc(grant, sealedHash, sha256(enc(...commitments))));

/** Each visit key of a grant signs its digest (type GRANT-VISIT). In the order of the grant's distinct pids. */
const visitSignatureShape = object({ key: bytes(32), signature: bytes(64) });
export type VisitSignature = Shaped<typeof visitSignatureShape>;

/** By the patient's certified key: PATIENT-GRANT over gid. */
const patientSignatureShape = object({ certificate: certificateDer, signature: bytes(64) });

/** V_0…V_{k−1} of the first tag, then of the second. */
const commitmentsShape = list(bytes(BYTES.gt), limits.grantTags * 8);

const grantMessageShape = object({
  v: literal(1),
  grant: blob(1024 * 1024),
  /** HPKE to the reader, info `hpkeInfo.grant`, aad gctx, of a {@link GrantSecret}. */
  sealed: blob(4 * 1024 * 1024),
  commitments: commitmentsShape,
  visits: list(visitSignatureShape, limits.grantTags),
  patient: patientSignatureShape,
  /** How the patient is called at the reader's, and the category of each tag: for screens. */
  name: text(128),
  categories: list(text(32), limits.grantTags),
  /** Slip ids of the reader's requests that it answers. */
  requests: list(bytes(32), limits.grantAnswers),
});
/** What goes to the reader, sealed as a whole into their box. */
export type GrantMessage = Shaped<typeof grantMessageShape>;
export const grantMessage = document("Grant message", grantMessageShape, limits.messageBytes);

const grantSecretShape = object({
  v: literal(1),
  /** Masks every re-encryption key of the grant. */
  X: bytes(BYTES.maskSecret),
  /** In the order of the grant's tags, which say chain, pid and tag. */
  tags: list(
    object({
      /** The patient's public key for the tag's institution and epoch. */
      A: bytes(BYTES.g2),
      /** The tag's ML-KEM seed. */
      ss64: bytes(BYTES.ss64),
    }),
    limits.grantTags,
  ),
});
/** Inside the seal to the reader: with k proxies it opens every record under the grant's tags. */
export type GrantSecret = Shaped<typeof grantSecretShape>;
export const grantSecret = document("Grant secret", grantSecretShape, limits.messageBytes);

const sharePackageShape = object({
  v: literal(1),
  grant: blob(1024 * 1024),
  sealedHash: bytes(32),
  commitments: commitmentsShape,
  /** HPKE to the proxy, info `hpkeInfo.share`, aad gctx, of a {@link ShareSecret}. */
  sealed: blob(1024 * 1024),
});
/** What goes to one proxy, before the grant is published. */
export type SharePackage = Shaped<typeof sharePackageShape>;
export const sharePackage = document("Share package", sharePackageShape, limits.messageBytes);

const shareSecretShape = object({
  v: literal(1),
  index: uint,
  /** KDF(X, "reply", enc(gid, i), 32). */
  replyKey: bytes(32),
  /** S_i for each tag, compressed G1. */
  shares: list(bytes(BYTES.g1), limits.grantTags),
  visits: list(visitSignatureShape, limits.grantTags),
  patient: patientSignatureShape,
});
/** Inside the seal: nobody but the proxy sees shares, reply key or the patient's certificate. */
export type ShareSecret = Shaped<typeof shareSecretShape>;
export const shareSecret = document("Share", shareSecretShape);

/** Commitment of `usage.intent`: SHA-256(enc(salt, enc(digest…))). `salt` 32 bytes, digests as on chain. */
export const intentCommitment = (salt: Uint8Array, digests: readonly Uint8Array[]): Uint8Array =>
  sha256(enc(salt, enc(...digests)));

/** Canonical CBOR of nothing but bytes: how digests are signed outside slips. */
export const signedDigest = (digest: Uint8Array): Uint8Array => encodeCanonical([digest]);
