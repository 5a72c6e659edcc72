import { BYTES, equalBytes, enc, toHex } from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import { AnamnesisError } from "./errors.ts";
import { actions, faultOfVisits, visitSignaturesShape } from "./grants.ts";
import type { Grant, GrantTag } from "./grants.ts";
import { limits } from "./limits.ts";
import { blob, bytes, document, list, literal, object, oneOf, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

const delegationShape = object({
  v: literal(1),
  suite: literal("MRS-V1"),
  /** Consortium chain id: where grants under it are published. */
  chain: text(64),
  /** The relative's Ed25519 key. It signs the digest of each grant that it deals (GRANT-RELATIVE). */
  relative: bytes(32),
  tags: list(
    object({ chain: text(64), pid: bytes(32), tag: bytes(BYTES.tag) }),
    limits.grantTags,
    1,
  ),
  actions: list(oneOf(...actions), 4, 1),
  /** SHA-256 of the patient's keys of which each grant under it names one, so that the patient can end it. */
  revokers: list(bytes(32), limits.delegationRevokers, 1),
  /** No grant under it lasts longer. */
  notAfter: uint,
});
/** A relative may grant these tags for these actions until then, in the patient's place. */
export type Delegation = Shaped<typeof delegationShape>;
export const delegationDocument = document("Delegation", delegationShape);

const signedDelegationShape = object({
  v: literal(1),
  delegation: blob(512 * 1024),
  /** By each visit key of its tags, type DELEGATION, over the delegation's bytes. */
  visits: visitSignaturesShape,
  /** The patient's, by the care authority: whom a proxy counts the grants for, and forgets. */
  certificate: certificateDer,
  /** By its key, type PATIENT-DELEGATION, over the delegation's bytes. */
  signature: bytes(64),
});
export type SignedDelegation = Shaped<typeof signedDelegationShape>;
export const signedDelegation = document("Signed delegation", signedDelegationShape);

const delegationSecretShape = object({
  v: literal(1),
  /** In the order of the delegation's tags. */
  tags: list(
    object({
      tag: bytes(BYTES.tag),
      /** a·H_tag(tag): with A and ss64 enough to deal grants over the tag, and to open what lies under it. */
      d: bytes(BYTES.g1),
      A: bytes(BYTES.g2),
      ss64: bytes(BYTES.ss64),
    }),
    limits.grantTags,
    1,
  ),
});
/** What the relative gets beside the delegation, sealed. The patient's scalar never is. */
export type DelegationSecret = Shaped<typeof delegationSecretShape>;
export const delegationSecret = document("Delegation secret", delegationSecretShape);

/**
 * Opens a signed delegation: the visit key of every tag signed exactly this. Whether a grant keeps to it says {@link faultOfDelegated};
 * that the patient's certificate counts and its key signed is judged by who takes shares.
 *
 * @throws {AnamnesisError} GRANT_SIGNATURE and those of decoding.
 */
export function verifyDelegation({ delegation: message, visits }: SignedDelegation): Delegation {
  const delegation = delegationDocument.decode(message);
  const fault = faultOfVisits(delegation.tags, visits, { type: "DELEGATION", message });
  if (fault !== undefined)
    throw new AnamnesisError("GRANT_SIGNATURE", `Delegation refused: ${fault}`);
  return delegation;
}

/**
 * In what a grant goes beyond its delegation, in words; `undefined`: in nothing. Its end comes no later than the delegation's, so
 * a grant that has not expired has one that has not.
 */
export function faultOfDelegated(grant: Grant, delegation: Delegation): string | undefined {
  if (grant.chain !== delegation.chain) return "the delegation is for another federation";
  if (grant.notAfter > delegation.notAfter) return "it lasts longer than its delegation";
  const tags = new Set(delegation.tags.map(nameOf));
  if (!grant.tags.every((tag) => tags.has(nameOf(tag)))) return "a tag of it was not delegated";
  if (!grant.actions.every((action) => delegation.actions.includes(action)))
    return "an action of it was not delegated";
  if (!delegation.revokers.some((revoker) => equalBytes(revoker, grant.revoker)))
    return "its revoker is none that the patient signed";
  return undefined;
}

const nameOf = ({ chain, pid, tag }: Pick<GrantTag, "chain" | "pid" | "tag">): string =>
  toHex(enc(chain, pid, tag));
