import { decodeEnc, enc, i2osp } from "../encoding/bytes.ts";
import { kdf, sha256 } from "../primitives/derive.ts";
import type { G1 } from "../engine/curveEngine.ts";
import { CryptoError } from "../errors.ts";
import { curve } from "../engine/ready.ts";
import { BYTES, DST, LABEL } from "../suite.ts";

/** gctx = SHA-256(grant): what binds every part of a grant together. `grant` is canonical bytes, opaque here. */
export function grantContext(grant: Uint8Array): Uint8Array {
  return sha256(grant);
}

/**
 * The grant's digest: SHA-256(enc(grant, SHA-256(sealed), SHA-256(enc(all V)))). It is what the keys of the grant and
 * of its visits sign, and what stands on chain.
 *
 * @param input.grant - Canonical bytes of the grant.
 * @param input.sealed - The reader's part as sealed (HPKE enc || ct).
 * @param input.commitments - enc(all V): V_0..V_{k-1} of the first tag, then of the second, and so on.
 */
export function grantDigest(input: {
  readonly grant: Uint8Array;
  readonly sealed: Uint8Array;
  readonly commitments: Uint8Array;
}): Uint8Array {
  return sha256(enc(input.grant, sha256(input.sealed), sha256(input.commitments)));
}

/** Key under which proxy i answers: KDF(X, "reply", enc(gid, I2OSP(i, 4)), 32). */
export function replyKeyFor(input: {
  readonly X: Uint8Array;
  readonly gid: Uint8Array;
  readonly index: number;
}): Uint8Array {
  return kdf(input.X, "reply", enc(input.gid, i2osp(input.index, 4)), 32);
}

/** Additional data of a proxy's answer: for this grant, tag, proxy, capsule and header only. */
export function replyAad(input: {
  readonly gctx: Uint8Array;
  readonly tag: Uint8Array;
  readonly index: number;
  readonly capsule: Uint8Array;
  readonly ctx: Uint8Array;
}): Uint8Array {
  return enc(
    LABEL.reply,
    input.gctx,
    input.tag,
    i2osp(input.index, 4),
    sha256(input.capsule),
    input.ctx,
  );
}

/** M_tag = H_mask(enc(X, tag, gctx)) in G1. */
export function maskPoint(X: Uint8Array, tag: Uint8Array, gctx: Uint8Array): G1 {
  return curve().hashToG1(enc(X, tag, gctx), DST.mask);
}

/**
 * Takes enc(all V) apart: for each tag its k commitments, still encoded.
 *
 * @throws {CryptoError} `E_FORMAT` unless it holds exactly `tags` times `k` elements of 576 bytes.
 */
export function splitCommitments(commitments: Uint8Array, tags: number, k: number): Uint8Array[][] {
  const elements = decodeEnc(commitments);
  if (elements.length !== tags * k || elements.some((element) => element.length !== BYTES.gt)) {
    throw new CryptoError(
      "E_FORMAT",
      `Cannot read commitments, want ${k} of ${BYTES.gt} bytes for each of ${tags} tags`,
    );
  }
  return Array.from({ length: tags }, (_, t) => elements.slice(t * k, t * k + k));
}
