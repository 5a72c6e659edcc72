import {
  BYTES,
  enc,
  encodeCanonical,
  sha256,
  toHex,
  verifySignature,
} from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import type { ProxyMember } from "./genesis.ts";
import { institutionIdShape } from "./ids.ts";
import { limits } from "./limits.ts";
import { readerShape } from "./reader.ts";
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
  tuple,
  uint,
  variants,
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

/** For these an unconfirmed record may be shared and opened, too. */
const forTreatment: readonly Purpose[] = ["TREAT", "ETREAT"];

/** Whether a purpose takes whatever the record is, and not only what the patient confirmed. */
export const isForTreatment = (purpose: Purpose): boolean => forTreatment.includes(purpose);

/** Whether somebody acts in an emergency. */
export const isEmergency = (purpose: Purpose): boolean => purpose === "ETREAT";

/** Actions that open a record: `read` for viewing, `copy` also for keeping a copy in the reader's own record. */
export const openingActions = ["read", "copy"] as const;
/** `search` looks records up and opens none. */
export const actions = [...openingActions, "search"] as const;
export type Action = (typeof actions)[number];
export type OpeningAction = (typeof openingActions)[number];

export const isAction = (word: string): word is Action =>
  (actions as readonly string[]).includes(word);

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
  reader: readerShape,
  /** 32 random bytes: with the reader they open the commitment of `grant.publish`. */
  salt: bytes(32),
  /** SHA-256 of a second Ed25519 key that may end the grant, or 32 random bytes: as `grant.publish` says it. */
  revoker: bytes(32),
  tags: list(grantTagShape, limits.grantTags),
  /** Slip ids of the record.submit slips that the grant is limited to, or null for every record of its tags. */
  records: nullable(list(bytes(32), limits.grantRecords)),
  actions: list(oneOf(...actions), 4),
  purposes: list(oneOf(...purposes), 12),
  notBefore: uint,
  notAfter: uint,
  k: uint,
  /** The proxies that hold shares, by index; see {@link faultOfProxies}. */
  proxies: list(tuple({ index: uint, institution: institutionIdShape }), 16),
});

/** A patient's permission: who, what, which actions, why, until when. Immutable; its canonical bytes are `gctx`'s preimage. */
export type Grant = Shaped<typeof grantShape>;
export const grantDocument = document("Grant", grantShape);

/** Indices of the proxies that hold shares of a grant. */
export const proxyIndices = ({ proxies }: Pick<Grant, "proxies">): number[] =>
  proxies.map(({ index }) => index);

/**
 * What is wrong with the proxies that a grant lists, in words; `undefined`: nothing. Each is of genesis, by index and
 * institution, and stands there once, in ascending order with or without gaps; k is that of genesis, and one more than k
 * is listed, so that one of them may be away.
 */
export function faultOfProxies(
  { k, proxies }: Pick<Grant, "k" | "proxies">,
  federation: { readonly k: number; readonly proxies: readonly ProxyMember[] },
): string | undefined {
  if (k !== federation.k) return `its threshold is ${k}, want ${federation.k}`;
  if (proxies.length <= k) return `it lists ${proxies.length} proxies, want ${k + 1} at least`;
  if (!proxies.every(({ index }, i) => index > (proxies[i - 1]?.index ?? 0)))
    return "its proxies do not stand in ascending order, each once";
  const isMember = ({ index, institution }: Grant["proxies"][number]): boolean =>
    federation.proxies.some(
      (member) => member.index === index && member.institution === institution,
    );
  return proxies.every(isMember) ? undefined : "it lists a proxy that is not of this federation";
}

/** SHA-256(enc(grant, SHA-256(sealed), SHA-256(enc(V…)))): what `grant.publish` carries. */
export const grantDigest = (
  grant: Uint8Array,
  sealedHash: Uint8Array,
  commitments: readonly Uint8Array[],
): Uint8Array => sha256(enc(grant, sealedHash, sha256(enc(...commitments))));

const visitSignatureShape = object({ key: bytes(32), signature: bytes(64) });
export type VisitSignature = Shaped<typeof visitSignatureShape>;
/** Each visit key of a grant signs its digest (type GRANT-VISIT). In the order of the grant's distinct pids. */
export const visitSignaturesShape = list(visitSignatureShape, limits.grantTags);

/**
 * What is wrong with the signatures of visits, in words; `undefined`: nothing. All that are shown verify, and each visit of the
 * tags is among them.
 */
export function faultOfVisits(
  tags: readonly Pick<GrantTag, "pid">[],
  visits: readonly VisitSignature[],
  { type, message }: { readonly type: string; readonly message: Uint8Array },
): string | undefined {
  const wanted = new Set(tags.map(({ pid }) => toHex(pid)));
  for (const { key, signature } of visits) {
    if (!verifySignature({ type, message, publicKey: key, signature }))
      return "a visit's signature over it does not verify";
    wanted.delete(toHex(sha256(key)));
  }
  return wanted.size > 0 ? `${wanted.size} of its visits did not sign it` : undefined;
}

/** By the patient's certified key: PATIENT-GRANT over gid. */
const patientSignatureFields = { certificate: certificateDer, signature: bytes(64) };

/** V_0…V_{k−1} of the first tag, then of the second. */
const commitmentsShape = list(bytes(BYTES.gt), limits.grantTags * 8);

const grantMessageShape = object({
  v: literal(1),
  grant: blob(1024 * 1024),
  /** HPKE to the reader, info `hpkeInfo.grant`, aad gctx, of a {@link GrantSecret}. */
  sealed: blob(4 * 1024 * 1024),
  commitments: commitmentsShape,
  visits: visitSignaturesShape,
  patient: object(patientSignatureFields),
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
  /** Who granted: in CBOR `["patient", visits, certificate, signature]` or `["relative", delegation, signature]`. */
  by: variants("kind", {
    patient: { visits: visitSignaturesShape, ...patientSignatureFields },
    /** A signed delegation in place of both, and the relative's signature (type GRANT-RELATIVE) over the grant's digest. */
    relative: { delegation: blob(1024 * 1024), signature: bytes(64) },
  }),
});
/** Inside the seal: nobody but the proxy sees shares, reply key, the patient's certificate or a delegation. */
export type ShareSecret = Shaped<typeof shareSecretShape>;
export const shareSecret = document("Share", shareSecretShape);

/** What a reader is about to do: the action, why, and the digests of the versions as they stand on chain. `salt` 32 bytes. */
export interface Intended {
  readonly salt: Uint8Array;
  readonly action: Action;
  readonly purpose: Purpose;
  readonly digests: readonly Uint8Array[];
}

/** Commitment of `usage.intent`: SHA-256(enc(salt, action, purpose, enc(digest…))). */
export const intentCommitment = ({ salt, action, purpose, digests }: Intended): Uint8Array =>
  sha256(enc(salt, action, purpose, enc(...digests)));

/** Canonical CBOR of nothing but bytes: how digests are signed outside slips. */
export const signedDigest = (digest: Uint8Array): Uint8Array => encodeCanonical([digest]);
