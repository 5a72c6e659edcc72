import { at } from "../encoding/at.ts";
import { enc, toHex } from "../encoding/bytes.ts";
import { hashTag } from "../kem/capsule.ts";
import { randomBytes, randomScalar } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, Gt } from "../engine/curveEngine.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { grantContext, maskPoint, replyKeyFor } from "./grantContext.ts";
import { modInverse } from "./modInverse.ts";
import { curve } from "../engine/ready.ts";
import {
  institutionPublicKey,
  institutionScalar,
  multiplySplit,
  tagSecret,
} from "../kem/seedKeys.ts";
import { assertThreshold, commonDenominator, evaluateShare } from "./shamir.ts";
import { BYTES, GROUP_ORDER } from "../suite.ts";

/** One tag of a grant, and which of the patient's keys its records are under. */
export interface GrantTag {
  /** 16 bytes. */
  readonly tag: Uint8Array;
  readonly institution: string;
  readonly epoch: string;
}

/** What is dealt, whoever deals it. */
interface Deal {
  /** Canonical bytes of the grant; they list the tags in the same order. */
  readonly grant: Uint8Array;
  /** Id of the grant's signing key, 32 bytes. */
  readonly gid: Uint8Array;
  readonly k: number;
  /** Indices of the proxies that get shares: distinct, 1 or more. */
  readonly indices: readonly number[];
}

export interface DealGrantInput extends Deal {
  /** The patient's, 32 bytes. */
  readonly seed: Uint8Array;
  readonly tags: readonly GrantTag[];
}

export interface DealDelegatedInput extends Deal {
  readonly tags: readonly DelegatedTag[];
}

/** What a reader gets of one tag. */
export interface DealtTag {
  /** The patient's public key, 96 bytes. */
  readonly A: Uint8Array;
  /** The tag's ML-KEM seed, 64 bytes. */
  readonly ss64: Uint8Array;
}

/** What a relative gets of one tag: enough to deal grants over it, and so to open every record under it; of no other tag. */
export interface DelegatedTag extends DealtTag {
  readonly tag: Uint8Array;
  /** a*H_tag(tag), compressed, 48 bytes. */
  readonly d: Uint8Array;
}

/** What one proxy gets. */
export interface DealtShare {
  readonly index: number;
  /** Key under which it answers, 32 bytes. */
  readonly replyKey: Uint8Array;
  /** S_i per tag, 48 bytes each. */
  readonly points: readonly Uint8Array[];
}

/** The parts of a dealt grant, to be sealed to whom they are for; nothing here may be stored. */
export interface DealtGrant {
  /** The masking secret, 32 bytes; for the reader. */
  readonly X: Uint8Array;
  /** For the reader, in the order of the grant's tags. */
  readonly tags: readonly DealtTag[];
  /** V_0..V_{k-1} of the first tag, then of the second, 576 bytes each; for reader and proxies. */
  readonly commitments: readonly Uint8Array[];
  /** In the order of `indices`. */
  readonly shares: readonly DealtShare[];
}

/**
 * Deals a grant: per tag the re-encryption key RK = H_mask(enc(X, tag, gctx)) - a*H_tag(tag), shared k of n in the
 * group, in the small-exponent form: D^-1*RK with D = (largest index - 1)!.
 *
 * S_i = D^-1*RK + sum i^j*R_j, V_0 = e(D^-1*RK, P2), V_j = e(R_j, P2). Await `ready()` first. About 7 ms a tag; a secret
 * scalar is only ever multiplied in two random halves.
 *
 * @throws {CryptoError} `E_ARGUMENT` for wrong lengths, no tags, a tag or an index twice, or k and indices out of range.
 */
export function dealGrant(input: DealGrantInput, random: RandomSource = randomBytes): DealtGrant {
  checkInput(input);
  return deal(input, secretsOf(input, random), random);
}

/**
 * What a relative needs to deal grants over these tags in the patient's place: neither seed nor scalar follows from it.
 * Await `ready()` first.
 *
 * @throws {CryptoError} `E_ARGUMENT` for wrong lengths, no tags, or a tag twice.
 */
export function delegateTags(
  input: Pick<DealGrantInput, "seed" | "tags">,
  random: RandomSource = randomBytes,
): DelegatedTag[] {
  checkTags(input.tags);
  return secretsOf(input, random).map(({ tag, d, A, ss64 }) => ({
    tag,
    d: curve().g1Encode(d),
    A,
    ss64,
  }));
}

/**
 * {@link dealGrant} by a relative. That `d` belongs to `A` is for the grant's reader to find: the commitments would not fit.
 *
 * @throws {CryptoError} As dealGrant, and `E_FORMAT`, `E_SUBGROUP` for a `d` that is no point of the group.
 */
export function dealDelegated(
  input: DealDelegatedInput,
  random: RandomSource = randomBytes,
): DealtGrant {
  checkDeal(input);
  const secrets = input.tags.map(({ d, ...tag }) => ({ ...tag, d: curve().g1Decode(d) }));
  return deal(input, secrets, random);
}

/** A {@link DelegatedTag} whose point is decoded. */
type TagSecrets = Omit<DelegatedTag, "d"> & { readonly d: G1 };

function deal(input: Deal, tags: readonly TagSecrets[], random: RandomSource): DealtGrant {
  const { gid, k, indices } = input;
  const gctx = grantContext(input.grant);
  const X = random(BYTES.maskSecret);
  const inverse = modInverse(commonDenominator(indices), GROUP_ORDER);
  const engine = curve();
  const dealt = tags.map(({ tag, d }) => {
    const mask = maskPoint(X, tag, gctx);
    const { commitments, points } = dealTag({ mask, d, inverse, k, indices }, random);
    return {
      commitments: commitments.map((element) => engine.gtEncode(element)),
      points: points.map((point) => engine.g1Encode(point)),
    };
  });
  return {
    X,
    tags: tags.map(({ A, ss64 }) => ({ A, ss64 })),
    commitments: dealt.flatMap(({ commitments }) => commitments),
    shares: indices.map((index, position) => ({
      index,
      replyKey: replyKeyFor({ X, gid, index }),
      points: dealt.map(({ points }) => at(points, position)),
    })),
  };
}

function secretsOf(
  { seed, tags }: Pick<DealGrantInput, "seed" | "tags">,
  random: RandomSource,
): TagSecrets[] {
  const keysOf = institutionKeys(seed, random);
  return tags.map(({ tag, institution, epoch }) => {
    const { a, A } = keysOf(institution, epoch);
    return { tag, d: multiplySplit(hashTag(tag), a, random), A, ss64: tagSecret({ seed, tag }) };
  });
}

/** The patient's scalar and public key of an institution and epoch, computed once each. */
function institutionKeys(
  seed: Uint8Array,
  random: RandomSource,
): (institution: string, epoch: string) => { readonly a: bigint; readonly A: Uint8Array } {
  const known = new Map<string, { readonly a: bigint; readonly A: Uint8Array }>();
  return (institution, epoch) => {
    const name = toHex(enc(institution, epoch));
    const keys = known.get(name) ?? {
      a: institutionScalar({ seed, institution, epoch }),
      A: institutionPublicKey({ seed, institution, epoch }, random),
    };
    known.set(name, keys);
    return keys;
  };
}

/** Shares and commitments of one tag. */
function dealTag(
  input: {
    readonly mask: G1;
    readonly d: G1;
    readonly inverse: bigint;
    readonly k: number;
    readonly indices: readonly number[];
  },
  random: RandomSource,
): { readonly commitments: readonly Gt[]; readonly points: readonly G1[] } {
  const engine = curve();
  const rekey = engine.g1Add(input.mask, engine.g1Negate(input.d));
  const secret = engine.g1Multiply(rekey, input.inverse);
  const blinds = Array.from({ length: input.k - 1 }, () => randomScalar(random));
  const coefficients = [secret, ...blinds.map((b) => engine.g1Multiply(engine.g1Base(), b))];
  const base = basePairing();
  return {
    // e(b*P1, P2) = e(P1, P2)^b: a power costs a third of a pairing.
    commitments: [
      engine.pairing(secret, engine.g2Base()),
      ...blinds.map((b) => engine.gtPower(base, b)),
    ],
    points: input.indices.map((index) => evaluateShare(coefficients, index)),
  };
}

const basePairings = new WeakMap<object, Gt>();

/** e(P1, P2) of the active engine. */
function basePairing(): Gt {
  const engine = curve();
  const pairing = basePairings.get(engine) ?? engine.pairing(engine.g1Base(), engine.g2Base());
  basePairings.set(engine, pairing);
  return pairing;
}

function checkInput(input: DealGrantInput): void {
  expectLength("seed", input.seed, BYTES.seed);
  checkDeal(input);
}

function checkDeal({ gid, tags, k, indices }: Deal & { tags: readonly TagOnly[] }): void {
  expectLength("gid", gid, BYTES.hash);
  assertThreshold({ k, indices });
  checkTags(tags);
}

type TagOnly = Pick<GrantTag, "tag">;

function checkTags(tags: readonly TagOnly[]): void {
  const names = new Set(tags.map(({ tag }) => toHex(tag)));
  if (tags.length === 0 || names.size !== tags.length) {
    throw new CryptoError("E_ARGUMENT", "Cannot deal grant, want at least one tag and none twice");
  }
  for (const { tag } of tags) expectLength("tag", tag, BYTES.tag);
}
