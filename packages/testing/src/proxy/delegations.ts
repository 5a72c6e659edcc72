/** What a patient lets a relative do, and what makes a grant the relative's. */
import { delegateTags } from "@anamnesis/crypto/patientKeys";
import { sha256 } from "@anamnesis/crypto/verify";
import {
  delegationDocument,
  delegationSecret,
  signedDelegation,
  signedDigest,
} from "@anamnesis/protocol";
import type { Delegation, ShareSecret } from "@anamnesis/protocol";
import { keyOf, signer } from "../keys.ts";
import { tagOf, visitKeysOf } from "./grants.ts";
import type { MadeGrant } from "./grants.ts";
import type { Parties } from "./parties.ts";
import type { MadeRecord } from "./records.ts";

const DAY_MS = 24 * 3_600_000;

export const relativeKey = keyOf("relative");
/** The patient's, named by grants of the relative's. */
export const endingKey = keyOf("patient's word against a relative's grant");

/** Lets the relative share records to read until tomorrow; `change` alters it before it is signed. */
export const delegationOver = (
  { care, consortium, nodes }: Parties,
  records: readonly MadeRecord[],
  change: Partial<Delegation> = {},
): Delegation => ({
  v: 1,
  suite: "MRS-V1",
  chain: consortium.genesis.chain,
  relative: relativeKey.publicKey,
  tags: records.map((record) => {
    const { chain, pid, tag } = tagOf(care, record);
    return { chain, pid, tag };
  }),
  actions: ["read"],
  revokers: [sha256(keyOf("another").publicKey), sha256(endingKey.publicKey)],
  notAfter: nodes.clock.now + DAY_MS,
  ...change,
});

/** @param signers - Whose visits sign it. @param type - As what. */
export function signDelegation(
  { certificates, identity }: Parties,
  delegation: Delegation,
  signers: readonly MadeRecord[],
  type = "DELEGATION",
): Uint8Array {
  const bytes = delegationDocument.encode(delegation);
  const visits = visitKeysOf(signers).map((keys) => ({
    key: keys.publicKey,
    signature: signer(keys)(type, bytes),
  }));
  const signature = signer(identity.signing)("PATIENT-DELEGATION", bytes);
  return signedDelegation.encode({
    v: 1,
    delegation: bytes,
    visits,
    certificate: certificates.patient,
    signature,
  });
}

/** What the relative gets beside it, as it is sealed to them. */
export const secretOver = ({ seed, care }: Parties, records: readonly MadeRecord[]): Uint8Array =>
  delegationSecret.encode({
    v: 1,
    tags: delegateTags({ seed, tags: records.map((record) => tagOf(care, record)) }),
  });

/** What makes a grant the relative's. @param sign - By whom, and of what. */
export const byRelative = (
  { digest }: Pick<MadeGrant, "digest">,
  delegation: Uint8Array,
  sign: { readonly key?: typeof relativeKey; readonly type?: string } = {},
): Extract<ShareSecret["by"], { kind: "relative" }> => ({
  kind: "relative",
  delegation,
  signature: signer(sign.key ?? relativeKey)(sign.type ?? "GRANT-RELATIVE", signedDigest(digest)),
});
