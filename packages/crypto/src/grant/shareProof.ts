import { concat, enc, i2osp, os2ip } from "../encoding/bytes.ts";
import { hashToScalar, randomScalar } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, G2, Gt } from "../engine/curveEngine.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { curve } from "../engine/ready.ts";
import { evaluateCommitment } from "./shamir.ts";
import { BYTES, GROUP_ORDER } from "../suite.ts";

/** A share w_i, the proof for it, and all public data that judge them. */
export interface ShareEvidence {
  /** SHA-256 of the grant's bytes. */
  readonly gctx: Uint8Array;
  readonly tag: Uint8Array;
  /** The proxy's index, 1..n. */
  readonly index: number;
  /** The capsule's first 96 bytes. */
  readonly c1: Uint8Array;
  /** The share, 576 bytes. */
  readonly w: Uint8Array;
  /** I2OSP(c, 32) || z, 80 bytes. */
  readonly proof: Uint8Array;
  /** V_0..V_{k-1} of the tag, 576 bytes each. */
  readonly commitments: readonly Uint8Array[];
}

interface Statement {
  readonly gctx: Uint8Array;
  readonly tag: Uint8Array;
  readonly index: number;
  readonly c1: Uint8Array;
  readonly y: Gt;
  readonly w: Gt;
}

/**
 * Proves that one S_i satisfies both e(S_i, P2) = Y_i and e(S_i, C1) = w_i, without showing it: T = t*P1,
 * c = HS("share-proof", ...), z = T + c*S_i.
 *
 * Source: Maurer, AFRICACRYPT 2009, made non-interactive.
 */
export function makeShareProof(
  input: Statement & { readonly share: G1; readonly decodedC1: G2 },
  random: RandomSource,
): Uint8Array {
  const engine = curve();
  const blind = engine.g1Multiply(engine.g1Base(), randomScalar(random));
  const t1 = engine.pairing(blind, engine.g2Base());
  const t2 = engine.pairing(blind, input.decodedC1);
  const c = challenge(input, t1, t2);
  const z = engine.g1Add(blind, engine.g1Multiply(input.share, c));
  return concat(i2osp(c, 32), engine.g1Encode(z));
}

/**
 * Judges a proxy's share: `true` if w_i is what proxy i must answer for this capsule under this grant, `false` if the
 * share or the proof is wrong, which convicts the proxy.
 *
 * t1' = e(z, P2) * Y_i^-c, t2' = e(z, C1) * w_i^-c, and c must come out again. Every GT element is checked for order q
 * here, as nowhere before.
 *
 * @throws {CryptoError} `E_FORMAT` or `E_SUBGROUP` if the commitments or C1 themselves are bad: then the dealer or the
 * capsule is at fault, not the proxy.
 */
export function verifyShareProof(evidence: ShareEvidence): boolean {
  const engine = curve();
  const c1 = engine.g2Decode(evidence.c1);
  const commitments = evidence.commitments.map((bytes) => engine.gtDecode(bytes));
  if (commitments.length === 0 || !commitments.every((element) => engine.gtHasOrder(element))) {
    throw new CryptoError("E_SUBGROUP", "Cannot judge share, a commitment is not of order q");
  }
  const judged = decodeShare(evidence);
  if (judged === undefined) return false;
  const { c, z, w } = judged;
  const y = evaluateCommitment(commitments, evidence.index);
  const t1 = engine.gtMultiply(
    engine.pairing(z, engine.g2Base()),
    engine.gtPower(engine.gtConjugate(y), c),
  );
  const t2 = engine.gtMultiply(engine.pairing(z, c1), engine.gtPower(engine.gtConjugate(w), c));
  return challenge({ ...evidence, y, w }, t1, t2) === c;
}

function decodeShare({ w, proof }: ShareEvidence): { c: bigint; z: G1; w: Gt } | undefined {
  const engine = curve();
  try {
    expectLength("share proof", proof, BYTES.shareProof, "E_FORMAT");
    const c = os2ip(proof.subarray(0, 32));
    const z = engine.g1Decode(proof.subarray(32));
    const element = engine.gtDecode(w);
    return c < GROUP_ORDER && engine.gtHasOrder(element) ? { c, z, w: element } : undefined;
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}

/** c = HS("share-proof", enc(gctx, tag, I2OSP(i, 4), C1, GT(Y_i), GT(w_i), GT(t1), GT(t2))). */
function challenge({ gctx, tag, index, c1, y, w }: Statement, t1: Gt, t2: Gt): bigint {
  const elements = [y, w, t1, t2].map((element) => curve().gtEncode(element));
  return hashToScalar("share-proof", enc(gctx, tag, i2osp(index, 4), c1, ...elements));
}
