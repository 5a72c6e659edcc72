import { sealSymmetric } from "../box.ts";
import { at } from "../encoding/at.ts";
import { equalBytes, os2ip } from "../encoding/bytes.ts";
import { checkedC1, checkedC1s, splitCapsule } from "../kem/capsule.ts";
import { randomBytes } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, G2 } from "../engine/curveEngine.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { commitmentsByTag, grantContext, replyAad } from "./grantContext.ts";
import { curve } from "../engine/ready.ts";
import { evaluateCommitment } from "./shamir.ts";
import { makeShareProof } from "./shareProof.ts";
import { BYTES } from "../suite.ts";

/** What a proxy keeps of a grant: group elements and one symmetric key, all as bytes that can be stored. */
export interface ProxyShares {
  readonly gctx: Uint8Array;
  readonly index: number;
  readonly replyKey: Uint8Array;
  readonly tags: readonly TagShare[];
}

export interface TagShare {
  readonly tag: Uint8Array;
  /** S_i, 48 bytes. */
  readonly share: Uint8Array;
  /** V_0..V_{k-1}, 576 bytes each. */
  readonly commitments: readonly Uint8Array[];
}

/** A capsule that a reader wants re-encrypted. */
export interface ShownCapsule {
  /** 16 bytes. */
  readonly tag: Uint8Array;
  /** The patient's capsule, 1312 bytes. */
  readonly capsule: Uint8Array;
  /** SHA-256 of the record's header. */
  readonly ctx: Uint8Array;
}

export interface ShareRequest extends ShownCapsule {
  readonly shares: ProxyShares;
}

/**
 * The shares of one proxy in the form in which it works with them. {@link checkShares} comes next, once.
 *
 * @param input.points - S_i per tag, in the order of `tags`.
 * @param input.commitments - V_0..V_{k-1} of the first tag, then of the second, 576 bytes each.
 * @throws {CryptoError} `E_SHARE_INVALID` unless there is a point for each tag; `E_FORMAT` for malformed commitments.
 */
export function proxyShares(input: {
  /** Canonical bytes of the grant. */
  readonly grant: Uint8Array;
  readonly index: number;
  readonly replyKey: Uint8Array;
  /** The grant's tags, in its order. */
  readonly tags: readonly Uint8Array[];
  readonly k: number;
  readonly points: readonly Uint8Array[];
  readonly commitments: readonly Uint8Array[];
}): ProxyShares {
  const { index, replyKey, tags, k, points } = input;
  if (points.length !== tags.length) {
    throw new CryptoError(
      "E_SHARE_INVALID",
      `Cannot use ${points.length} shares, want one for each of ${tags.length} tags`,
    );
  }
  const commitments = commitmentsByTag(input.commitments, { tags: tags.length, k });
  return {
    gctx: grantContext(input.grant),
    index,
    replyKey,
    tags: tags.map((tag, t) => ({
      tag,
      share: at(points, t),
      commitments: at(commitments, t),
    })),
  };
}

/**
 * Checks e(S_i, P2) == prod V_j^(i^j) for all tags at once, by a random linear combination with weights of 128 bits. Which tag is
 * wrong is not looked for: two pairings a tag are what a dealer of wrong shares could make a proxy pay.
 *
 * The order of the commitments is not checked here: a dealer who commits outside the group is found out when a share
 * is judged (`verifyShareProof`), and no proxy is blamed for it.
 *
 * @throws {CryptoError} `E_SHARE_INVALID`; `E_FORMAT`, `E_SUBGROUP` for bad
 * encodings.
 */
export function checkShares(shares: ProxyShares, random: RandomSource = randomBytes): void {
  const engine = curve();
  const decoded = shares.tags.map(({ share, commitments }) => ({
    share: engine.g1Decode(share),
    expected: evaluateCommitment(
      commitments.map((bytes) => engine.gtDecode(bytes)),
      shares.index,
    ),
  }));
  if (decoded.length === 0) throw new CryptoError("E_SHARE_INVALID", "Cannot use shares of no tag");
  const weights = decoded.map(() => 1n + os2ip(random(16)));
  const sum = engine.g1MultiplySum(decoded.map(({ share }, t) => [share, at(weights, t)] as const));
  const product = decoded
    .map(({ expected }, t) => engine.gtPowerUnchecked(expected, at(weights, t)))
    .reduce((left, right) => engine.gtMultiply(left, right));
  if (engine.gtEqual(engine.pairing(sum, engine.g2Base()), product)) return;
  throw new CryptoError(
    "E_SHARE_INVALID",
    "Cannot use shares, one does not match its tag's commitments",
  );
}

/** {@link reencryptShares} of one capsule. */
export async function reencryptShare(
  { shares, ...shown }: ShareRequest,
  random: RandomSource = randomBytes,
): Promise<Uint8Array> {
  return at(await reencryptShares(shares, [shown], random), 0);
}

/**
 * Answers a reader: w_i = e(S_i, C1) for each capsule, under the reply key. Does the public check of all capsules first;
 * everything else that a proxy must check comes before this call.
 *
 * @returns for each nonce (12) || sealed GT element (576) || tag (16).
 * @throws {CryptoError} `E_CAPSULE` if a capsule fails its public check, for all of them; `E_SHARE_INVALID` for a tag
 * outside the grant; `E_FORMAT`, `E_SUBGROUP` for bad encodings.
 */
export async function reencryptShares(
  shares: ProxyShares,
  shown: readonly ShownCapsule[],
  random: RandomSource = randomBytes,
): Promise<Uint8Array[]> {
  const engine = curve();
  const points = shown.map(({ tag }) => tagShare(shares, tag).share);
  const checked = checkedC1s(shown, random);
  if (checked === undefined)
    throw new CryptoError("E_CAPSULE", "Cannot answer for capsules, a public check fails");
  const decoded = new Map<Uint8Array, G1>();
  const decode = (point: Uint8Array): G1 => {
    const known = decoded.get(point) ?? engine.g1Decode(point);
    decoded.set(point, known);
    return known;
  };
  return Promise.all(
    shown.map(({ tag, capsule, ctx }, i) => {
      const w = engine.pairing(decode(at(points, i)), at(checked, i));
      const aad = replyAad({ gctx: shares.gctx, tag, index: shares.index, capsule, ctx });
      return sealSymmetric({ key: shares.replyKey, aad, plaintext: engine.gtEncode(w) }, random);
    }),
  );
}

/**
 * Proves that the answer to this request was right; asked for only after an opening failed.
 *
 * @returns 80 bytes, for `verifyShareProof`.
 * @throws {CryptoError} Like {@link reencryptShare}.
 */
export function proveShare(request: ShareRequest, random: RandomSource = randomBytes): Uint8Array {
  const { shares, tag, capsule } = request;
  const { share, c1: decodedC1, commitments } = checkRequest(request);
  const engine = curve();
  const y = evaluateCommitment(
    commitments.map((bytes) => engine.gtDecode(bytes)),
    shares.index,
  );
  const w = engine.pairing(share, decodedC1);
  const { c1 } = splitCapsule(capsule);
  return makeShareProof(
    { gctx: shares.gctx, tag, index: shares.index, c1, y, w, share, decodedC1 },
    random,
  );
}

function checkRequest({ shares, tag, capsule, ctx }: ShareRequest): {
  readonly share: G1;
  readonly c1: G2;
  readonly commitments: readonly Uint8Array[];
} {
  const { share, commitments } = tagShare(shares, tag);
  const c1 = checkedC1({ capsule, tag, ctx });
  if (c1 === undefined)
    throw new CryptoError("E_CAPSULE", "Cannot answer for this capsule, its public check fails");
  return { share: curve().g1Decode(share), c1, commitments };
}

function tagShare({ tags }: ProxyShares, tag: Uint8Array): TagShare {
  expectLength("tag", tag, BYTES.tag, "E_FORMAT");
  const found = tags.find((entry) => equalBytes(entry.tag, tag));
  if (found === undefined)
    throw new CryptoError("E_SHARE_INVALID", "Cannot answer for this tag, the grant has none such");
  return found;
}
