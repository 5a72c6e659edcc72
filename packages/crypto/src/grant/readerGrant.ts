import { openSymmetric, openWith } from "../box.ts";
import { decodeEnc, equalBytes, os2ip, toHex, utf8Decode } from "../encoding/bytes.ts";
import { hashTag } from "../kem/capsule.ts";
import { asDecryption, openCapsule, patientCapsule } from "../kem/contentKey.ts";
import type { SealedHead } from "../kem/contentKey.ts";
import { randomBytes } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, Gt, Pair } from "../engine/curveEngine.ts";
import { CryptoError, decryptError } from "../errors.ts";
import {
  grantContext,
  maskPoint,
  replyAad,
  replyKeyFor,
  splitCommitments,
} from "./grantContext.ts";
import { curve } from "../engine/ready.ts";
import { assertThreshold, combineExponents, commonDenominator, subsets } from "./shamir.ts";
import { verifyShareProof } from "./shareProof.ts";
import { BYTES, GROUP_ORDER, LABEL } from "../suite.ts";

export interface OpenGrantInput {
  /** The reader's X-Wing secret key, 32 bytes. */
  readonly secretKey: Uint8Array;
  /** Canonical bytes of the grant. */
  readonly grant: Uint8Array;
  readonly gid: Uint8Array;
  /** The grant's tags, in its order. */
  readonly tags: readonly Uint8Array[];
  readonly k: number;
  readonly n: number;
  readonly sealed: Uint8Array;
  /** enc(all V). */
  readonly commitments: Uint8Array;
}

/** What a reader learns about one granted tag. */
export interface GrantedTag {
  readonly tag: Uint8Array;
  readonly chainId: string;
  readonly pid: Uint8Array;
  /** The patient's public key, 96 bytes. */
  readonly A: Uint8Array;
  /** The tag's ML-KEM seed, 64 bytes; also gives the address key (`addressKey`). */
  readonly ss64: Uint8Array;
  /** V_0..V_{k-1}, 576 bytes each. */
  readonly commitments: readonly Uint8Array[];
}

/** An opened grant: all bytes, to be kept like any secret key. */
export interface ReaderGrant {
  readonly gid: Uint8Array;
  readonly gctx: Uint8Array;
  readonly k: number;
  readonly n: number;
  /** The masking secret, 32 bytes. */
  readonly X: Uint8Array;
  readonly tags: readonly GrantedTag[];
}

/** A proxy's answer. */
export interface ShareReply {
  /** The proxy's index, 1..n. */
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
 * Opens a grant and checks it before it is needed: V_0^D * e(H_tag(tag), A) == e(M_tag, P2) for every tag, by a random
 * linear combination. Await `ready()` first.
 *
 * @throws {CryptoError} `E_DECRYPT` if it does not open under this key, or for other tags; `E_SHARE_INVALID` if the
 * commitments are not for this grant.
 */
export async function openGrant(
  input: OpenGrantInput,
  random: RandomSource = randomBytes,
): Promise<ReaderGrant> {
  const { secretKey, sealed, gid, k, n } = input;
  assertThreshold({ k, n });
  const gctx = grantContext(input.grant);
  const grant = await asDecryption(async (): Promise<ReaderGrant> => {
    const plaintext = await openWith({ secretKey, info: LABEL.grant, aad: gctx, sealed });
    const [X, ...entries] = decodeEnc(plaintext);
    if (X?.length !== 32 || entries.length !== input.tags.length) throw decryptError();
    const commitments = splitCommitments(input.commitments, entries.length, k);
    const tags = entries.map((entry, t) => ({
      ...decodeGrantedTag(entry),
      commitments: commitments[t] ?? [],
    }));
    if (!tags.every(({ tag }, t) => equalBytes(tag, input.tags[t] ?? tag.subarray(1))))
      throw decryptError();
    return { gid, gctx, k, n, X: Uint8Array.from(X), tags };
  });
  if (!isForItsTags(grant, random)) {
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
      const key = engine.gtMultiply(masked, engine.gtConjugate(combine(chosen, grant.n)));
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
 * @returns Indices of the liars. If it is empty and opening still fails, the capsule or the grant is at fault.
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
  const liars: number[] = [];
  for (const { index, reply, proof } of input.answers) {
    const w = await openReply(grant, record, { index, reply });
    const isRight =
      w !== undefined &&
      proof !== undefined &&
      verifyShareProof({ gctx: grant.gctx, tag, index, c1, w, proof, commitments });
    if (!isRight) liars.push(index);
  }
  return liars;
}

/** prod w_i^(D*lambda_i) by small powers. */
function combine(shares: readonly { readonly index: number; readonly w: Gt }[], n: number): Gt {
  const engine = curve();
  const exponents = combineExponents(
    shares.map(({ index }) => index),
    n,
  );
  return shares
    .map(({ w }, position) => {
      const exponent = exponents[position] ?? 0n;
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
  if (capsule === undefined || !Number.isInteger(index) || index < 1 || index > grant.n)
    return undefined;
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

function decodeGrantedTag(bytes: Uint8Array): Omit<GrantedTag, "commitments"> {
  const [tag, chainId, pid, A, ss64, ...extra] = decodeEnc(bytes).map((field) =>
    Uint8Array.from(field),
  );
  const isWhole =
    tag?.length === BYTES.tag &&
    pid?.length === BYTES.hash &&
    A?.length === BYTES.g2 &&
    ss64?.length === BYTES.ss64;
  if (!isWhole || chainId === undefined || extra.length > 0) throw decryptError();
  return { tag, chainId: utf8Decode(chainId), pid, A, ss64 };
}

/** prod V_0^(D*r) * prod e(r*H_tag(tag), A) == e(sum r*M_tag, P2) with random 128-bit r. */
function isForItsTags(grant: ReaderGrant, random: RandomSource): boolean {
  const engine = curve();
  const denominator = commonDenominator(grant.n);
  const weights = grant.tags.map(() => 1n + os2ip(random(16)));
  // Tags of one institution share A, so that their pairings become one.
  const byKey = new Map<
    string,
    { readonly A: Uint8Array; readonly terms: (readonly [G1, bigint])[] }
  >();
  for (const [t, { tag, A }] of grant.tags.entries()) {
    const entry = byKey.get(toHex(A)) ?? { A, terms: [] };
    entry.terms.push([hashTag(tag), weights[t] ?? 1n]);
    byKey.set(toHex(A), entry);
  }
  const pairs = [...byKey.values()].map(({ A, terms }): Pair => [
    engine.g1MultiplySum(terms),
    engine.g2Decode(A),
  ]);
  const masks = engine.g1MultiplySum(
    grant.tags.map(
      ({ tag }, t) => [maskPoint(grant.X, tag, grant.gctx), weights[t] ?? 1n] as const,
    ),
  );
  const committed = grant.tags
    .map(({ commitments: [first] }, t) => {
      const element = engine.gtDecode(first ?? new Uint8Array(0));
      return engine.gtPowerUnchecked(element, (denominator * (weights[t] ?? 1n)) % GROUP_ORDER);
    })
    .reduce((left, right) => engine.gtMultiply(left, right));
  const product = engine.pairingProduct([...pairs, [engine.g1Negate(masks), engine.g2Base()]]);
  return engine.gtEqual(engine.gtMultiply(committed, product), engine.gtOne());
}

function ignoreDecrypt(error: unknown): undefined {
  if (error instanceof CryptoError && error.code === "E_DECRYPT") return undefined;
  throw error;
}
