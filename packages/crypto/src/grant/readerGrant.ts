import { openSymmetric } from "../box.ts";
import { at } from "../encoding/at.ts";
import { equalBytes, os2ip, toHex } from "../encoding/bytes.ts";
import { hashTag } from "../kem/capsule.ts";
import { asDecryption, openCapsule, patientCapsule } from "../record/contentKey.ts";
import type { SealedHead } from "../record/contentKey.ts";
import { randomBytes } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, Gt, Pair } from "../engine/curveEngine.ts";
import { CryptoError, decryptError, expectLength } from "../errors.ts";
import {
  commitmentsByTag,
  grantContext,
  maskPoint,
  replyAad,
  replyKeyFor,
} from "./grantContext.ts";
import { curve } from "../engine/ready.ts";
import { assertThreshold, combineExponents, commonDenominator, subsets } from "./shamir.ts";
import type { Threshold } from "./shamir.ts";
import { verifyShareProof } from "./shareProof.ts";
import { BYTES, GROUP_ORDER } from "../suite.ts";

/** What a reader learns about one granted tag. */
export interface GrantedTag {
  readonly tag: Uint8Array;
  readonly pid: Uint8Array;
  /** The patient's public key, 96 bytes. */
  readonly A: Uint8Array;
  /** The tag's ML-KEM seed, 64 bytes; also gives the address key (`addressKey`). */
  readonly ss64: Uint8Array;
  /** V_0..V_{k-1}, 576 bytes each. */
  readonly commitments: readonly Uint8Array[];
}

/** A grant that its reader has checked: all bytes, to be kept like any secret key. */
export interface ReaderGrant extends Threshold {
  readonly gid: Uint8Array;
  readonly gctx: Uint8Array;
  /** The masking secret, 32 bytes. */
  readonly X: Uint8Array;
  readonly tags: readonly GrantedTag[];
}

/** A proxy's answer. */
export interface ShareReply {
  /** The proxy's index. */
  readonly index: number;
  /** What `reencryptShare` gave. */
  readonly reply: Uint8Array;
}

export interface OpenAsReaderInput {
  readonly grant: ReaderGrant;
  readonly record: SealedHead;
  /** At least k of them; more let the opening survive wrong ones. */
  readonly replies: readonly ShareReply[];
}

/**
 * Checks a grant before it is needed: V_0^D * e(H_tag(tag), A) == e(M_tag, P2) for every tag, by a random linear
 * combination. Await `ready()` first.
 *
 * @param input.grant - Canonical bytes of the grant.
 * @param input.indices - Of all proxies that it was dealt to.
 * @param input.X - The masking secret, 32 bytes, which came sealed.
 * @param input.tags - In the order of the grant; `A` and `ss64` came sealed.
 * @param input.commitments - V_0..V_{k-1} of the first tag, then of the second, 576 bytes each.
 * @throws {CryptoError} `E_SHARE_INVALID` if the commitments are not for this grant; `E_FORMAT`, `E_SUBGROUP` for bad
 * encodings; `E_ARGUMENT` for wrong lengths and k or indices out of range.
 */
export function checkedGrant(
  input: Threshold & {
    readonly grant: Uint8Array;
    readonly gid: Uint8Array;
    readonly X: Uint8Array;
    readonly tags: readonly Omit<GrantedTag, "commitments">[];
    readonly commitments: readonly Uint8Array[];
  },
  random: RandomSource = randomBytes,
): ReaderGrant {
  const { gid, X, k, indices } = input;
  assertThreshold({ k, indices });
  expectLength("X", X, BYTES.maskSecret);
  for (const { tag, pid, A, ss64 } of input.tags) {
    expectLength("tag", tag, BYTES.tag);
    expectLength("pid", pid, BYTES.hash);
    expectLength("A", A, BYTES.g2);
    expectLength("ss64", ss64, BYTES.ss64);
  }
  const commitments = commitmentsByTag(input.commitments, { tags: input.tags.length, k });
  const tags = input.tags.map((tag, t) => ({ ...tag, commitments: at(commitments, t) }));
  const grant = { gid, gctx: grantContext(input.grant), k, indices, X, tags };
  if (tags.length === 0 || !isForItsTags(grant, random)) {
    throw new CryptoError(
      "E_SHARE_INVALID",
      "Cannot use grant, its commitments are not for its tags",
    );
  }
  return grant;
}

/** The key under which proxy `index` answers. */
export function replyKey(grant: ReaderGrant, index: number): Uint8Array {
  return replyKeyFor({ X: grant.X, gid: grant.gid, index });
}

/**
 * Opens a record by k answers: Wt = prod w_i^(D*lambda_i), K = e(M_tag, C1) / Wt. A wrong share cannot lead to a wrong
 * plaintext; if more than k answers are given, other subsets of k are tried.
 *
 * @returns The content key, 32 bytes.
 * @throws {CryptoError} `E_DECRYPT` for every failure. Then ask the proxies for proofs ({@link blameShares}).
 */
export function openAsReader({ grant, record, replies }: OpenAsReaderInput): Promise<Uint8Array> {
  return asDecryption(async () => {
    const granted = grantedTag(grant, record);
    const parts = patientCapsule(record);
    const engine = curve();
    const shares = await openReplies({ grant, record, replies });
    const masked = engine.pairing(
      maskPoint(grant.X, granted.tag, grant.gctx),
      engine.g2Decode(parts.c1),
    );
    for (const chosen of subsets(shares, grant.k)) {
      // Conjugation inverts elements of the group only; what lies outside leads to a key that the check below refuses.
      const key = engine.gtMultiply(masked, engine.gtConjugate(combine(chosen, grant.indices)));
      const opened = await openCapsule({
        key,
        A: granted.A,
        ss64: granted.ss64,
        parts,
        record,
      }).catch(ignoreDecrypt);
      if (opened !== undefined) return opened;
    }
    throw decryptError();
  });
}

/**
 * Names the proxies whose answer or proof is wrong, after {@link openAsReader} failed.
 *
 * @param input.answers - Every proxy's reply with the proof it gave; a missing proof counts as a wrong one.
 * @returns Indices of the faulty proxies. If it is empty and opening still fails, the capsule or the grant is at fault.
 * @throws {CryptoError} `E_DECRYPT` if the record is not of this grant; `E_SUBGROUP` if the commitments are bad.
 */
export async function blameShares(input: {
  readonly grant: ReaderGrant;
  readonly record: SealedHead;
  readonly answers: readonly (ShareReply & { readonly proof: Uint8Array | undefined })[];
}): Promise<number[]> {
  const { grant, record } = input;
  const { tag, commitments } = grantedTag(grant, record);
  const { c1 } = patientCapsule(record);
  const faulty: number[] = [];
  for (const { index, reply, proof } of input.answers) {
    const w = await openReply(grant, record, { index, reply });
    const isRight =
      w !== undefined &&
      proof !== undefined &&
      verifyShareProof({ gctx: grant.gctx, tag, index, c1, w, proof, commitments });
    if (!isRight) faulty.push(index);
  }
  return faulty;
}

/** prod w_i^(D*lambda_i) by small powers. */
function combine(
  shares: readonly { readonly index: number; readonly w: Gt }[],
  indices: readonly number[],
): Gt {
  const engine = curve();
  const exponents = combineExponents(
    shares.map(({ index }) => index),
    indices,
  );
  return shares
    .map(({ w }, position) => {
      const exponent = at(exponents, position);
      return exponent < 0n
        ? engine.gtConjugate(engine.gtPowerUnchecked(w, -exponent))
        : engine.gtPowerUnchecked(w, exponent);
    })
    .reduce((left, right) => engine.gtMultiply(left, right));
}

/** The answers that open and hold a GT element; one a proxy. */
async function openReplies({
  grant,
  record,
  replies,
}: OpenAsReaderInput): Promise<{ index: number; w: Gt }[]> {
  const engine = curve();
  const shares = new Map<number, Gt>();
  for (const answer of replies) {
    const bytes = await openReply(grant, record, answer);
    if (bytes === undefined || shares.has(answer.index)) continue;
    try {
      shares.set(answer.index, engine.gtDecode(bytes));
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
    }
  }
  return [...shares].map(([index, w]) => ({ index, w }));
}

/** The 576 bytes of a share, or nothing if the answer does not open. */
async function openReply(
  grant: ReaderGrant,
  record: SealedHead,
  { index, reply }: ShareReply,
): Promise<Uint8Array | undefined> {
  const capsule = record.capsules[0];
  if (capsule === undefined || !grant.indices.includes(index)) return undefined;
  const aad = replyAad({
    gctx: grant.gctx,
    tag: record.header.tag,
    index,
    capsule,
    ctx: record.ctx,
  });
  return openSymmetric({ key: replyKey(grant, index), aad, sealed: reply }).catch(ignoreDecrypt);
}

function grantedTag(grant: ReaderGrant, record: SealedHead): GrantedTag {
  const found = grant.tags.find(({ tag }) => equalBytes(tag, record.header.tag));
  if (found === undefined || !equalBytes(found.pid, record.header.pid)) throw decryptError();
  return found;
}

/** prod V_0^(D*r) * prod e(r*H_tag(tag), A) == e(sum r*M_tag, P2) with random 128-bit r. */
function isForItsTags(grant: ReaderGrant, random: RandomSource): boolean {
  const engine = curve();
  const denominator = commonDenominator(grant.indices);
  const weights = grant.tags.map(() => 1n + os2ip(random(16)));
  // Tags of one institution share A, so that their pairings become one.
  const byKey = new Map<
    string,
    { readonly A: Uint8Array; readonly terms: (readonly [G1, bigint])[] }
  >();
  for (const [t, { tag, A }] of grant.tags.entries()) {
    const entry = byKey.get(toHex(A)) ?? { A, terms: [] };
    entry.terms.push([hashTag(tag), at(weights, t)]);
    byKey.set(toHex(A), entry);
  }
  const pairs = [...byKey.values()].map(({ A, terms }): Pair => [
    engine.g1MultiplySum(terms),
    engine.g2Decode(A),
  ]);
  const masks = engine.g1MultiplySum(
    grant.tags.map(({ tag }, t) => [maskPoint(grant.X, tag, grant.gctx), at(weights, t)] as const),
  );
  const committed = grant.tags
    .map(({ commitments }, t) => {
      const element = engine.gtDecode(at(commitments, 0));
      return engine.gtPowerUnchecked(element, (denominator * at(weights, t)) % GROUP_ORDER);
    })
    .reduce((left, right) => engine.gtMultiply(left, right));
  const product = engine.pairingProduct([...pairs, [engine.g1Negate(masks), engine.g2Base()]]);
  return engine.gtEqual(engine.gtMultiply(committed, product), engine.gtOne());
}

function ignoreDecrypt(error: unknown): undefined {
  if (error instanceof CryptoError && error.code === "E_DECRYPT") return undefined;
  throw error;
}
