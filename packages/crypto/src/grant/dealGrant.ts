import { sealTo } from "../box.ts";
import { enc, i2osp, toHex } from "../encoding/bytes.ts";
import { hashTag } from "../kem/capsule.ts";
import { randomBytes, randomScalar } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, Gt } from "../engine/curveEngine.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { grantContext, grantDigest, maskPoint, replyKeyFor } from "./grantContext.ts";
import { modInverse } from "./modInverse.ts";
import { curve } from "../engine/ready.ts";
import {
  institutionPublicKey,
  institutionScalar,
  multiplySplit,
  tagSecret,
} from "../kem/seedKeys.ts";
import { assertThreshold, commonDenominator, evaluateShare } from "./shamir.ts";
import { BYTES, GROUP_ORDER, LABEL } from "../suite.ts";

/** One tag of a grant: where its records stand and which of the patient's keys they are under. */
export interface GrantTag {
  /** 16 bytes. */
  readonly tag: Uint8Array;
  /** Chain on which the tag's records stand. */
  readonly chainId: string;
  /** 32 bytes. */
  readonly pid: Uint8Array;
  readonly institution: string;
  readonly epoch: string;
}

export interface DealGrantInput {
  /** The patient's, 32 bytes. */
  readonly seed: Uint8Array;
  /** Canonical bytes of the grant; they list the tags in the same order. */
  readonly grant: Uint8Array;
  /** Id of the grant's signing key, 32 bytes. */
  readonly gid: Uint8Array;
  readonly tags: readonly GrantTag[];
  readonly k: number;
  /** The reader's X-Wing key, 1216 bytes. */
  readonly readerPublicKey: Uint8Array;
  /** X-Wing keys of proxies 1..n, in order. */
  readonly proxyPublicKeys: readonly Uint8Array[];
}

/** What one proxy gets, for a caller that seals it together with more (the protocol's share package). */
export interface DealtShare {
  /** The proxy's index, 1..n. */
  readonly index: number;
  /** Key under which it answers, 32 bytes. */
  readonly replyKey: Uint8Array;
  /** S_i per tag, 48 bytes each. */
  readonly points: readonly Uint8Array[];
}

export interface DealtGrant {
  /** For the reader: HPKE of enc(X, t_1..t_m), info "MRS-V1-GRANT", aad gctx. */
  readonly sealed: Uint8Array;
  /** enc(all V), for reader and proxies: k * 576 bytes a tag. */
  readonly commitments: Uint8Array;
  /** For proxy i, at i - 1: HPKE of enc(i, reply key, S_i per tag), info "MRS-V1-SHARE", aad gctx. */
  readonly shares: readonly Uint8Array[];
  /** The same, not sealed. */
  readonly dealt: readonly DealtShare[];
  /** What the grant's and the visits' keys sign. */
  readonly digest: Uint8Array;
}

/**
 * Deals a grant: per tag the re-encryption key RK = H_mask(enc(X, tag, gctx)) - a*H_tag(tag), shared k of n in the
 * group, in the small-exponent form: D^-1*RK with D = (n-1)!.
 *
 * S_i = D^-1*RK + sum i^j*R_j, V_0 = e(D^-1*RK, P2), V_j = e(R_j, P2); t_x = enc(tag, chainId, pid, A, ss64). Await
 * `ready()` first. About 7 ms a tag; a secret scalar is only ever multiplied in two random halves.
 *
 * @throws {CryptoError} `E_ARGUMENT` for wrong lengths, no tags, a tag twice, or k and n out of range.
 */
export async function dealGrant(
  input: DealGrantInput,
  random: RandomSource = randomBytes,
): Promise<DealtGrant> {
  const { grant, gid, k } = input;
  const n = input.proxyPublicKeys.length;
  checkInput(input, n);
  const gctx = grantContext(grant);
  const X = random(32);
  const institutions = new Map<string, { a: bigint; A: Uint8Array }>();
  const granted: Uint8Array[] = [];
  const commitments: Uint8Array[] = [];
  const shares: Uint8Array[][] = Array.from({ length: n }, () => []);
  const inverse = modInverse(commonDenominator(n), GROUP_ORDER);
  for (const entry of input.tags) {
    const { tag, institution, epoch } = entry;
    const id = toHex(enc(institution, epoch));
    const keys = institutions.get(id) ?? {
      a: institutionScalar({ seed: input.seed, institution, epoch }),
      A: institutionPublicKey({ seed: input.seed, institution, epoch }, random),
    };
    institutions.set(id, keys);
    const dealt = dealTag({ mask: maskPoint(X, tag, gctx), tag, a: keys.a, inverse, k, n }, random);
    const engine = curve();
    commitments.push(...dealt.commitments.map((element) => engine.gtEncode(element)));
    dealt.shares.forEach((share, i) => shares[i]?.push(engine.g1Encode(share)));
    granted.push(enc(tag, entry.chainId, entry.pid, keys.A, tagSecret({ seed: input.seed, tag })));
  }
  const sealed = await sealTo({
    publicKey: input.readerPublicKey,
    info: LABEL.grant,
    aad: gctx,
    plaintext: enc(X, ...granted),
  });
  const dealtShares = shares.map((points, position): DealtShare => {
    const index = position + 1;
    return { index, replyKey: replyKeyFor({ X, gid, index }), points };
  });
  const sealedShares: Uint8Array[] = [];
  for (const [position, publicKey] of input.proxyPublicKeys.entries()) {
    const { index, replyKey, points } = dealtShares[position] as DealtShare;
    const plaintext = enc(i2osp(index, 4), replyKey, ...points);
    sealedShares.push(await sealTo({ publicKey, info: LABEL.share, aad: gctx, plaintext }));
  }
  const all = enc(...commitments);
  return {
    sealed,
    commitments: all,
    shares: sealedShares,
    dealt: dealtShares,
    digest: grantDigest({ grant, sealed, commitments: all }),
  };
}

/** Shares and commitments of one tag. */
function dealTag(
  input: {
    readonly mask: G1;
    readonly tag: Uint8Array;
    readonly a: bigint;
    readonly inverse: bigint;
    readonly k: number;
    readonly n: number;
  },
  random: RandomSource,
): { commitments: Gt[]; shares: G1[] } {
  const engine = curve();
  const tagKey = multiplySplit(hashTag(input.tag), input.a, random);
  const rekey = engine.g1Add(input.mask, engine.g1Negate(tagKey));
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
    shares: Array.from({ length: input.n }, (_, i) => evaluateShare(coefficients, i + 1)),
  };
}

const basePairings = new WeakMap<object, Gt>();

/** e(P1, P2) of the active engine. */
function basePairing(): Gt {
  const engine = curve();
  const known = basePairings.get(engine);
  if (known !== undefined) return known;
  const computed = engine.pairing(engine.g1Base(), engine.g2Base());
  basePairings.set(engine, computed);
  return computed;
}

function checkInput({ seed, gid, tags, k }: DealGrantInput, n: number): void {
  expectLength("seed", seed, BYTES.seed);
  expectLength("gid", gid, BYTES.hash);
  assertThreshold({ k, n });
  const names = new Set(tags.map(({ tag }) => toHex(tag)));
  if (tags.length === 0 || names.size !== tags.length) {
    throw new CryptoError("E_ARGUMENT", "Cannot deal grant, want at least one tag and none twice");
  }
  for (const { tag, pid } of tags) {
    expectLength("tag", tag, BYTES.tag);
    expectLength("pid", pid, BYTES.hash);
  }
}
