import { BYTES } from "@anamnesis/crypto/verify";
import type { Role } from "../enrolment.ts";
import { institutionIdShape } from "../ids.ts";
import { limits } from "../limits.ts";
import { blob, bytes, flag, list, nfcText, nullable, oneOf, tuple, uint } from "../shape.ts";
import type { Shape, Shaped } from "../shape.ts";

export type ChainKind = "care" | "consortium";

/**
 * Whose key a slip's signature is made with.
 * - `visit`, `grant`, `once`: the Ed25519 key in the slip's own `key` field;
 * - `visitOrAuthor`: that key, or the author's in `authorKey` where the slip shows the visit's `permit`;
 * - `revoker`: also the one in `key`; the grant under `gid` has to name it, its own key or its revoker's;
 * - `certificate`: the signing key of the certificate named by `cert`;
 * - `issuer`: the CA intermediate named by `issuer`;
 * - `issuerOrInstitution`: `by` names a CA intermediate or an institution (its node key);
 * - `institution`: the node key of the institution that `by` names;
 * - `authority`: the node key of the genesis document's `authority`;
 * - `proxy`: the key of the proxy whose index stands in `proxy`.
 */
export type Signer =
  | "visit"
  | "visitOrAuthor"
  | "grant"
  | "revoker"
  | "once"
  | "certificate"
  | "issuer"
  | "issuerOrInstitution"
  | "institution"
  | "authority"
  | "proxy";

/**
 * For whom a member's node carries a slip that came from outside its institution. Nobody outside may load the members with
 * slips that anybody could sign:
 * - `intake`: for the patient who showed this institution a certificate in the sealed intake, and no other way;
 * - `openVisit`: for a key that signs for a visit which is open on a chain of this node: the slip's own `key` where that is a
 *   visit's, else the key that signed the request to carry it;
 * - `certificate`: for the holder of a certificate that the chain knows and that is live;
 * - `member`: for a member, its proxy, the authority or a CA, whose key genesis or the state names;
 * - `anybody`: for nobody in particular, who acts under a key that the state knows (a grant that stands names it).
 */
export type CarriedFor = "intake" | "openVisit" | "certificate" | "member" | "anybody";

interface Columns {
  /** The fields beside `v`, `kind`, `chain`, `time` and `notAfter`. */
  readonly fields: Readonly<Record<string, Shape<unknown>>>;
  readonly chains: readonly ChainKind[];
  /** Domain separation: the signature covers enc("MRS-V1-SIG-" + signatureType, payload). */
  readonly signatureType: string;
}

/** `institution`: the carrier must be the institution that the slip names. */
type Carrier =
  | { readonly carrier: "any" }
  | {
      readonly carrier: "institution";
      readonly fields: { readonly institution: Shape<string> };
    };

/**
 * Signer, for whom a node carries the slip, and which roles of certificates may sign: only what is safe together compiles.
 * A key that nobody knows signs nothing that is carried for anybody.
 */
type Permission =
  | {
      readonly signer: "visit";
      readonly carriedFor: "intake" | "openVisit";
      readonly roles: "none";
      readonly fields: { readonly key: Shape<Uint8Array> };
    }
  | {
      readonly signer: "visitOrAuthor";
      readonly carriedFor: "openVisit";
      readonly roles: "none";
      readonly fields: {
        readonly key: Shape<Uint8Array>;
        readonly authorKey: Shape<Uint8Array>;
        readonly permit: Shape<Permit | null>;
      };
    }
  | {
      readonly signer: "grant";
      readonly carriedFor: "openVisit";
      readonly roles: "none";
      readonly fields: { readonly key: Shape<Uint8Array> };
    }
  | {
      readonly signer: "revoker";
      readonly carriedFor: "anybody";
      readonly roles: "none";
      readonly fields: { readonly gid: Shape<Uint8Array>; readonly key: Shape<Uint8Array> };
    }
  | {
      readonly signer: "once";
      readonly carriedFor: "openVisit";
      readonly roles: "none";
      readonly fields: { readonly key: Shape<Uint8Array> };
    }
  | {
      readonly signer: "certificate";
      readonly carriedFor: "certificate";
      readonly roles: readonly Role[];
      readonly fields: { readonly cert: Shape<Uint8Array> };
    }
  | {
      readonly signer: "issuer" | "issuerOrInstitution" | "authority" | "proxy";
      readonly carriedFor: "member";
      readonly roles: "none";
    }
  | {
      readonly signer: "institution";
      readonly carriedFor: "member";
      readonly roles: "none";
      readonly fields: { readonly by: Shape<string> };
    };

/** One slip kind: every column is consensus but `carriedFor`, which is what an honest carrier does (docs/spec/slips.md S-9). */
export type SlipKindRow = Columns & Carrier & Permission;

/** SHA-256 of anything, a certificate's fingerprint, a slip id, an Ed25519 public key. */
export const hash = bytes(32);
/** 16 random bytes for one category of one visit. */
export const tag = bytes(BYTES.tag);
/** AES-256-GCM of object id and body hash under the tag's address key: nonce 12, 64, tag 16. */
export const sealedId = bytes(BYTES.sealedId);
/** X-Wing. */
export const boxKey = bytes(BYTES.boxPublicKey);
/** An institution's id or a CA's. */
export const id = nfcText(64);

const cosignature = tuple({ institution: institutionIdShape, signature: bytes(64) });
/** One voter's signature over the slip: see `cosigning.ts`. */
export type Cosignature = Readonly<Shaped<typeof cosignature>>;
export const cosigned = list(cosignature, limits.cosigners);

const permitShape = tuple({ of: blob(32, 16), notAfter: uint, signature: bytes(64) });
/**
 * A visit's word, given in advance, that an author may amend the record or the records of the tag `of` (32 or 16 bytes) until
 * `notAfter`, Unix milliseconds; the signature's bytes: see `foreignAmendment.ts`.
 */
export type Permit = Readonly<Shaped<typeof permitShape>>;
/** `null`: the visit's key signs the slip itself. */
export const permit = nullable(permitShape);

export { blob, bytes, flag, list, nfcText, nullable, oneOf, uint };

export const both = ["care", "consortium"] as const;
export const care = ["care"] as const;
export const consortium = ["consortium"] as const;
