import { encodeCanonical, sha256 } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { AnamnesisError, invariant } from "./errors.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import type { InstitutionKind } from "./institutionKinds.ts";
import type { ChainKind } from "./slipKinds.ts";
import { votersAmong } from "./voters.ts";
import type { Voter } from "./voters.ts";

/** A member of a chain as genesis or `institution.enrol` states it. */
export interface Member {
  readonly id: InstitutionId;
  readonly name: string;
  readonly level: InstitutionKind;
  /** Its weight as a voter; 0: it does not vote. */
  readonly power: number;
  /** Ed25519, 32 bytes: groups, heads, pages, tickets. */
  readonly nodeKey: Uint8Array;
  /** Ed25519, 32 bytes: with which its validator votes under a Byzantine engine. */
  readonly consensusKey: Uint8Array;
  /** X-Wing, 1216 bytes: what is sealed to the institution's node. */
  readonly boxKey: Uint8Array;
  /** Base URL of its node, without a trailing slash. */
  readonly address: string;
}

export interface ProxyMember {
  /** 1…n, the share's index. */
  readonly index: number;
  readonly institution: InstitutionId;
  readonly key: Uint8Array;
  readonly boxKey: Uint8Array;
  readonly address: string;
}

/** Where envelopes lie. */
export interface Vault {
  readonly id: string;
  /** Whose it is, a member. */
  readonly institution: InstitutionId;
  readonly address: string;
}

/** A CA key: `root`, `care` (staff and patients) or `third-parties`. Ed25519, 32 bytes. */
export interface CaKey {
  readonly id: string;
  readonly key: Uint8Array;
  /** The CA certificate, DER. */
  readonly der: Uint8Array;
}

/**
 * A registrar who is certified from the start: as `identity.certify` would say it, `registered` being the signature of the
 * institution's node key (registration.ts). Others come as slips.
 */
export interface GenesisRegistrar {
  readonly issuer: string;
  readonly name: string;
  readonly institution: InstitutionId;
  readonly signingKey: Uint8Array;
  readonly boxKey: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
  readonly der: Uint8Array;
  readonly commitment: Uint8Array;
  readonly registered: Uint8Array;
}

export interface ChainParams {
  readonly pageSlips: number;
  readonly pageSeconds: number;
  readonly heartbeatSeconds: number;
}

/** Who may write, who votes and how credit moves: docs/spec/state.md ST-16. */
export const policies = ["pbft", "credit-dpos", "level-rotation", "single-verifier"] as const;
export type Policy = (typeof policies)[number];

/** A care chain as the consortium knows it. */
export interface CareChain {
  readonly chain: ChainId;
  readonly institution: InstitutionId;
  /** {@link genesisHash} of its genesis document. */
  readonly genesis: Uint8Array;
  readonly voters: readonly Voter[];
}

/** What a chain starts from. The consortium's also names proxies, registry and vaults. Repeated in trust.json. */
export interface Genesis {
  readonly v: 1;
  readonly chain: ChainId;
  readonly kind: ChainKind;
  /** The care institution whose chain this is; absent on the consortium. */
  readonly institution?: InstitutionId;
  /** Chain id begins with `demo-`; only then may a route hand out demo seeds. */
  readonly demo: boolean;
  readonly time: number;
  readonly authority: InstitutionId;
  /** The embedded engine's one writer. */
  readonly writer: InstitutionId;
  readonly policy: Policy;
  readonly params: ChainParams;
  readonly cas: readonly CaKey[];
  readonly members: readonly Member[];
  /** On an institution's chain its own, on the consortium everybody's. */
  readonly registrars: readonly GenesisRegistrar[];
  readonly consortium?: {
    readonly k: number;
    readonly proxies: readonly ProxyMember[];
    readonly registry: {
      readonly institution: InstitutionId;
      readonly boxKey: Uint8Array;
      /** X-Wing, 1216 bytes: to whom nodes seal whose a visit is. */
      readonly traceKey: Uint8Array;
      readonly address: string;
    };
    /** One of each institution that cares for patients. */
    readonly vaults: readonly Vault[];
    readonly careChains: readonly CareChain[];
  };
}

/** The voters that a genesis document names: see {@link votersAmong}. */
export const genesisVoters = ({ members }: Pick<Genesis, "members">): Voter[] =>
  votersAmong(members);

/** What the consortium's genesis says of a care chain. */
export function careChainOfGenesis(care: Genesis): CareChain {
  const { chain, institution } = care;
  invariant(institution !== undefined, `${chain} is no institution's chain`);
  return { chain, institution, genesis: genesisHash(care), voters: genesisVoters(care) };
}

/** What a client must be given over a trusted channel: the genesis documents of one federation (trust.json). */
export interface Trust {
  readonly v: 1;
  readonly chains: readonly Genesis[];
}

/** The hashed form: SHA-256 of the canonical CBOR of the whole genesis document. */
export const genesisHash = (genesis: Genesis): Uint8Array =>
  sha256(encodeCanonical(genesis as unknown as CborValue));

export const consortiumOf = (
  trust: Trust,
): Genesis & { consortium: NonNullable<Genesis["consortium"]> } => {
  const found = trust.chains.find((chain) => chain.kind === "consortium");
  if (found?.consortium === undefined)
    throw new AnamnesisError("BAD_REQUEST", "Trust file names no consortium chain");
  return found as Genesis & { consortium: NonNullable<Genesis["consortium"]> };
};

/** @throws {AnamnesisError} NOT_FOUND */
export const chainOf = (trust: Trust, chain: string): Genesis => {
  const found = trust.chains.find((genesis) => genesis.chain === chain);
  if (found === undefined)
    throw new AnamnesisError("NOT_FOUND", `Chain '${chain}' is not of this federation`);
  return found;
};

/** The care chain of an institution. @throws {AnamnesisError} NOT_FOUND */
export const careChainOf = (trust: Trust, institution: string): Genesis => {
  const found = trust.chains.find(
    (genesis) => genesis.kind === "care" && genesis.institution === institution,
  );
  if (found === undefined)
    throw new AnamnesisError("NOT_FOUND", `Institution '${institution}' keeps no care chain`);
  return found;
};

/** @throws {AnamnesisError} NOT_FOUND */
export const memberOf = (genesis: Genesis, institution: string): Member => {
  const found = genesis.members.find((member) => member.id === institution);
  if (found === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      `Institution '${institution}' is not a member of ${genesis.chain}`,
    );
  return found;
};

/** The institution that runs a proxy; the index itself for a proxy that genesis does not name. */
export const proxyInstitution = (trust: Trust, index: number): string =>
  consortiumOf(trust).consortium.proxies.find((proxy) => proxy.index === index)?.institution ??
  String(index);

/**
 * The member whose node serves an institution's people, for questions and for boxes: its own, or the authority's for those who
 * joined later without a node of their own.
 */
export const serving = (genesis: Genesis, institution: string): Member =>
  genesis.members.find(({ id }) => id === institution) ?? memberOf(genesis, genesis.authority);
