/**
 * The slip kinds: their fields, who signs, and on which kind of chain they live.
 * Spec: docs/spec/slips.md. This table is consensus.
 */
import { BYTES } from "@anamnesis/crypto/verify";

/** How a field is coded inside the canonical CBOR payload. */
export type FieldType =
  | { readonly type: "bytes"; readonly length: number }
  | { readonly type: "blob"; readonly max: number }
  | { readonly type: "text"; readonly max: number }
  | { readonly type: "uint" }
  /** 0 or 1. */
  | { readonly type: "flag" }
  | { readonly type: "uints"; readonly max: number };

const bytes = (length: number) => ({ type: "bytes", length }) as const;
const blob = (max: number) => ({ type: "blob", max }) as const;
const text = (max: number) => ({ type: "text", max }) as const;
const uint = { type: "uint" } as const;
const flag = { type: "flag" } as const;
const uints = (max: number) => ({ type: "uints", max }) as const;

/** SHA-256 of anything, a certificate's fingerprint, a slip id, an Ed25519 public key. */
const hash = bytes(32);

/**
 * Whose key a slip's signature is made with.
 * - `visit`, `grant`, `once`: the Ed25519 key in the slip's own `key` field;
 * - `certificate`: the signing key of the certificate named by `cert`;
 * - `issuer`: the CA intermediate named by `issuer`;
 * - `issuerOrInstitution`: `by` names a CA intermediate or an institution (its node key);
 * - `authority`: the node key of the genesis document's `authority`;
 * - `proxy`: the key of the proxy whose index stands in `proxy`.
 */
export type Signer =
  | "visit"
  | "grant"
  | "once"
  | "certificate"
  | "issuer"
  | "issuerOrInstitution"
  | "authority"
  | "proxy";

export type ChainKind = "care" | "consortium";

export interface SlipKindSpec {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly signer: Signer;
  readonly chains: readonly ChainKind[];
  /** Domain separation: the signature covers enc("MRS-V1-SIG-" + signatureType, payload). */
  readonly signatureType: string;
  /** The carrier must be the institution that the slip names. */
  readonly carriedByInstitution?: true;
}

const certificateFields = {
  issuer: text(64),
  fingerprint: hash,
  name: text(128),
  role: text(32),
  institution: text(64),
  signingKey: hash,
  boxKey: bytes(BYTES.boxPublicKey),
  validFrom: uint,
  validTo: uint,
  der: blob(6_000),
} as const;

const both = ["care", "consortium"] as const;
const care = ["care"] as const;
const consortium = ["consortium"] as const;

export const slipKinds = {
  "institution.enrol": {
    fields: {
      id: text(64),
      name: text(128),
      level: text(32),
      nodeKey: hash,
      boxKey: bytes(BYTES.boxPublicKey),
      address: text(256),
    },
    signer: "authority",
    chains: both,
    signatureType: "INSTITUTION-ENROL",
  },
  "institution.level": {
    fields: { id: text(64), level: text(32) },
    signer: "authority",
    chains: both,
    signatureType: "INSTITUTION-LEVEL",
  },
  /** `suspended`: 1 suspends, 0 lifts the suspension. */
  "institution.suspend": {
    fields: { id: text(64), suspended: flag },
    signer: "authority",
    chains: both,
    signatureType: "INSTITUTION-SUSPEND",
  },

  "identity.certify": {
    fields: certificateFields,
    signer: "issuer",
    chains: both,
    signatureType: "IDENTITY-CERTIFY",
  },
  /** A new certificate in place of `replaces`, which is revoked by the same slip. */
  "identity.rotate": {
    fields: { ...certificateFields, replaces: hash },
    signer: "issuer",
    chains: both,
    signatureType: "IDENTITY-ROTATE",
  },
  "identity.revoke": {
    fields: { fingerprint: hash, by: text(64) },
    signer: "issuerOrInstitution",
    chains: both,
    signatureType: "IDENTITY-REVOKE",
  },

  "session.open": {
    fields: { institution: text(64), key: hash },
    signer: "visit",
    chains: care,
    signatureType: "SESSION-OPEN",
    carriedByInstitution: true,
  },

  "record.submit": {
    fields: {
      institution: text(64),
      cert: hash,
      pid: hash,
      tag: bytes(BYTES.tag),
      digest: hash,
      sealedId: bytes(BYTES.sealedId),
    },
    signer: "certificate",
    chains: care,
    signatureType: "OUTER",
    carriedByInstitution: true,
  },
  /** `record`: slip id of the record.submit; `before`: the newest digest; `digest`: the new one. */
  "record.amend": {
    fields: {
      institution: text(64),
      cert: hash,
      pid: hash,
      tag: bytes(BYTES.tag),
      record: hash,
      before: hash,
      digest: hash,
      sealedId: bytes(BYTES.sealedId),
    },
    signer: "certificate",
    chains: care,
    signatureType: "OUTER",
    carriedByInstitution: true,
  },
  "record.confirm": {
    fields: { key: hash, record: hash, digest: hash },
    signer: "visit",
    chains: care,
    signatureType: "CONFIRM",
  },
  /** `reason`: SHA-256 of the sealed body that lies in the author's box. */
  "record.dispute": {
    fields: { key: hash, record: hash, digest: hash, reason: hash },
    signer: "visit",
    chains: care,
    signatureType: "DISPUTE",
  },

  /** `digest`: SHA-256(enc(grant, SHA-256(sealed), SHA-256(enc(all V)))). */
  "grant.publish": {
    fields: { key: hash, digest: hash, expiresAt: uint },
    signer: "grant",
    chains: consortium,
    signatureType: "GRANT",
  },
  "grant.revoke": {
    fields: { key: hash },
    signer: "grant",
    chains: consortium,
    signatureType: "GRANT-REVOKE",
  },

  /** `body`: SHA-256 of the sealed request; `refusal`: SHA-256(r), r lies in that body. */
  "access.request": {
    fields: { cert: hash, body: hash, refusal: hash },
    signer: "certificate",
    chains: consortium,
    signatureType: "ACCESS-REQUEST",
  },
  "access.refuse": {
    fields: { key: hash, request: hash, r: bytes(32) },
    signer: "once",
    chains: consortium,
    signatureType: "ACCESS-REFUSE",
  },

  /** `commitment`: SHA-256(enc(salt, enc(capsule digests))), opened to the serving proxies only. */
  "usage.intent": {
    fields: { gid: hash, cert: hash, proxies: uints(16), commitment: hash },
    signer: "certificate",
    chains: consortium,
    signatureType: "USAGE-INTENT",
  },
  "usage.done": {
    fields: { cert: hash, intent: hash },
    signer: "certificate",
    chains: consortium,
    signatureType: "USAGE-DONE",
  },
  "usage.denied": {
    fields: { proxy: uint, gid: hash, cert: hash, code: text(32) },
    signer: "proxy",
    chains: consortium,
    signatureType: "USAGE-DENIED",
  },
  /** An author rereads what they wrote. */
  "usage.author": {
    fields: { institution: text(64), cert: hash, pid: hash, record: hash, digest: hash },
    signer: "certificate",
    chains: care,
    signatureType: "USAGE-AUTHOR",
    carriedByInstitution: true,
  },
} as const satisfies Record<string, SlipKindSpec>;

export type SlipKind = keyof typeof slipKinds;

type ValueOf<F extends FieldType> = F extends { type: "bytes" | "blob" }
  ? Uint8Array
  : F extends { type: "text" }
    ? string
    : F extends { type: "uint" | "flag" }
      ? number
      : readonly number[];

/** The fields of one kind, as values. Hashes, keys and ids are bytes. */
export type SlipFields<K extends SlipKind> = {
  readonly [
    N in keyof (typeof slipKinds)[K]["fields"]
  ]: (typeof slipKinds)[K]["fields"][N] extends FieldType
    ? ValueOf<(typeof slipKinds)[K]["fields"][N]>
    : never;
};

export const isSlipKind = (text: string): text is SlipKind => Object.hasOwn(slipKinds, text);
