import { enc, i2osp } from "../encoding/bytes.ts";
import { kdf, sha256 } from "../primitives/derive.ts";
import type { G1 } from "../engine/curveEngine.ts";
import { CryptoError } from "../errors.ts";
import { curve } from "../engine/ready.ts";
import { BYTES, DST, LABEL } from "../suite.ts";

/** gctx = SHA-256(grant): what binds every part of a grant together. `grant` is canonical bytes, opaque here. */
export function grantContext(grant: Uint8Array): Uint8Array {
  return sha256(grant);
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
 * The commitments of each tag out of those of all tags, V_0..V_{k-1} of the first tag, then of the second.
 *
 * @throws {CryptoError} `E_FORMAT` unless there are exactly k elements of 576 bytes for each of so many tags.
 */
export function commitmentsByTag(
  commitments: readonly Uint8Array[],
  { tags, k }: { readonly tags: number; readonly k: number },
): Uint8Array[][] {
  if (commitments.length !== tags * k || commitments.some(({ length }) => length !== BYTES.gt)) {
    throw new CryptoError(
      "E_FORMAT",
      `Cannot use commitments, want ${k} of ${BYTES.gt} bytes for each of ${tags} tags`,
    );
  }
  return Array.from({ length: tags }, (_, t) => commitments.slice(t * k, t * k + k));
}
