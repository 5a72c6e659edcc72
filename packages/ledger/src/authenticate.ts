import {
  AnamnesisError,
  groupSignatureInput,
  slipCodeText,
  slipKinds,
  slipSignatureInput,
} from "@anamnesis/protocol";
import type { Genesis, Group, SignatureCheck, Slip, SlipCode } from "@anamnesis/protocol";
import { innerSignatures } from "./innerSignatures.ts";
import type { LedgerView } from "./view.ts";

/**
 * The group rules beside form: chain, carrier and the key of every slip, judged against the state before the block.
 * Who is known once stays known, so this answer never changes from yes to no; the key of a member's node may be another later.
 *
 * @returns The carrier's node key and the key of each slip, or the code that refuses the whole group.
 * Spec: docs/spec/slips.md S-4 to S-8.
 */
export function groupKeys(
  before: LedgerView,
  genesis: Genesis,
  group: Group,
): GroupKeys | { readonly code: GroupCode } {
  if (group.chain !== genesis.chain) return { code: "WRONG_CHAIN" };
  const carrier = before.institution(group.carrier)?.nodeKey;
  if (carrier === undefined) return { code: "UNKNOWN_CARRIER" };
  const slips: Uint8Array[] = [];
  const inner: Uint8Array[] = [];
  for (const slip of group.slips) {
    if (slip.chain !== genesis.chain) return { code: "WRONG_CHAIN" };
    const key = signerKey(before, genesis, slip);
    if (key === undefined) return { code: "UNKNOWN_KEY" };
    slips.push(key);
    for (const { key: keyIn } of innerSignatures(slip)) {
      const signer = keyIn(before, genesis);
      if (signer === undefined) return { code: "UNKNOWN_KEY" };
      inner.push(signer);
    }
  }
  return { code: "OK", carrier, slips, inner };
}

export interface GroupKeys {
  readonly code: "OK";
  readonly carrier: Uint8Array;
  readonly slips: readonly Uint8Array[];
  /** Of the signatures within all slips, in their order. */
  readonly inner: readonly Uint8Array[];
}
type GroupCode = Extract<SlipCode, "WRONG_CHAIN" | "UNKNOWN_CARRIER" | "UNKNOWN_KEY">;

/** A signature of a group that has to verify: of which of its slips, or none for the carrier's. */
export interface GroupCheck extends SignatureCheck {
  readonly slip?: number;
}

/**
 * The signatures of a group that have to verify: the carrier's, each slip's, then those within slips.
 * @throws {AnamnesisError} WRONG_CHAIN, UNKNOWN_CARRIER, UNKNOWN_KEY.
 */
export function groupSignatures(before: LedgerView, genesis: Genesis, group: Group): GroupCheck[] {
  const keys = groupKeys(before, genesis, group);
  if (keys.code !== "OK") throw new AnamnesisError(keys.code, slipCodeText[keys.code]);
  return [
    { publicKey: keys.carrier, message: groupSignatureInput(group), signature: group.signature },
    ...group.slips.map((slip, i) => ({
      slip: i,
      publicKey: keys.slips[i]!,
      message: slipSignatureInput(slip),
      signature: slip.signature,
    })),
    ...innerChecks(group, keys.inner),
  ];
}

function innerChecks({ slips }: Group, keys: readonly Uint8Array[]): GroupCheck[] {
  const left = keys.values();
  return slips.flatMap((slip, i) =>
    innerSignatures(slip).map(({ message, signature }) => ({
      slip: i,
      publicKey: left.next().value!,
      message: message(),
      signature,
    })),
  );
}

/**
 * The keys that those signatures are verified under, in their order.
 * @throws {AnamnesisError} WRONG_CHAIN, UNKNOWN_CARRIER, UNKNOWN_KEY.
 */
export function keysOf(before: LedgerView, genesis: Genesis, group: Group): Uint8Array[] {
  const keys = groupKeys(before, genesis, group);
  if (keys.code !== "OK") throw new AnamnesisError(keys.code, slipCodeText[keys.code]);
  return [keys.carrier, ...keys.slips, ...keys.inner];
}

/** The Ed25519 key that a slip's kind says it is signed with. */
function signerKey(before: LedgerView, genesis: Genesis, slip: Slip): Uint8Array | undefined {
  const fields = slip.fields;
  const { signer } = slipKinds[slip.kind];
  switch (signer) {
    case "visit":
    case "grant":
    case "revoker":
    case "once":
      return "key" in fields ? fields.key : undefined;
    case "visitOrAuthor":
      if (!("permit" in fields)) return undefined;
      return fields.permit === null ? fields.key : fields.authorKey;
    case "certificate":
      return "cert" in fields ? before.certificate(fields.cert)?.signingKey : undefined;
    case "issuer":
      return "issuer" in fields ? caKey(genesis, fields.issuer) : undefined;
    case "issuerOrInstitution":
      return "by" in fields
        ? (caKey(genesis, fields.by) ?? before.institution(fields.by)?.nodeKey)
        : undefined;
    case "institution":
      return "by" in fields ? before.institution(fields.by)?.nodeKey : undefined;
    case "authority":
      return before.institution(genesis.authority)?.nodeKey;
    case "proxy":
      return "proxy" in fields
        ? genesis.consortium?.proxies.find(({ index }) => index === fields.proxy)?.key
        : undefined;
  }
}

const caKey = (genesis: Genesis, id: string): Uint8Array | undefined =>
  genesis.cas.find((ca) => ca.id === id)?.key;
