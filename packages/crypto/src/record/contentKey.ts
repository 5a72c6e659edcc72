import { gcmOpen } from "../primitives/aesGcm.ts";
import { mlKemDecapsulate, mlKemKeys } from "../kem/mlKem.ts";
import { openWith } from "../box.ts";
import { concat, equalBytes, xor } from "../encoding/bytes.ts";
import {
  fujisakiOkamotoScalar,
  hashBind,
  hashTag,
  maskFor,
  splitCapsule,
  wrapKeyFor,
  ZERO_NONCE,
} from "../kem/capsule.ts";
import type { CapsuleParts } from "../kem/capsule.ts";
import type { Gt } from "../engine/curveEngine.ts";
import { CryptoError, decryptError } from "../errors.ts";
import type { StoredRecord } from "./objectHead.ts";
import { curve } from "../engine/ready.ts";
import {
  institutionPublicKey,
  institutionScalar,
  multiplySplit,
  tagSecret,
} from "../kem/seedKeys.ts";
import type { InstitutionEpoch } from "../kem/seedKeys.ts";
import { isCommitted } from "./stream.ts";
import { BYTES, LABEL } from "../suite.ts";

/** A sealed record's head; what opening a capsule needs of it. */
export type SealedHead = Pick<StoredRecord, "header" | "ctx" | "capsules">;

export interface OpenAsPatientInput extends InstitutionEpoch {
  readonly record: SealedHead;
}

export interface OpenAsAuthorInput {
  /** The author's X-Wing secret key, 32 bytes. */
  readonly boxSecretKey: Uint8Array;
  readonly record: SealedHead;
}

/**
 * The patient opens their capsule: K = e(a*H_tag(tag), C1), then {@link openCapsule}.
 *
 * @returns The content key, 32 bytes.
 * @throws {CryptoError} `E_DECRYPT` for every failure; `E_ARGUMENT` for a seed that is not 32 bytes.
 */
export function openAsPatient({ record, ...keys }: OpenAsPatientInput): Promise<Uint8Array> {
  return asDecryption(() => {
    const { tag } = record.header;
    const parts = patientCapsule(record);
    const engine = curve();
    const tagKey = multiplySplit(hashTag(tag), institutionScalar(keys));
    return openCapsule({
      key: engine.pairing(tagKey, engine.g2Decode(parts.c1)),
      A: institutionPublicKey(keys),
      ss64: tagSecret({ seed: keys.seed, tag }),
      parts,
      record,
    });
  });
}

/**
 * The author opens their own capsule: HPKE, info "MRS-V1-AUTHOR", additional data `ctx`.
 *
 * @returns The content key, 32 bytes.
 * @throws {CryptoError} `E_DECRYPT` for every failure.
 */
export function openAsAuthor({ boxSecretKey, record }: OpenAsAuthorInput): Promise<Uint8Array> {
  return asDecryption(async () => {
    const capsule = record.capsules[1];
    if (capsule === undefined) throw decryptError();
    const aad = record.ctx;
    const contentKey = await openWith({
      secretKey: boxSecretKey,
      info: LABEL.author,
      aad,
      sealed: capsule,
    });
    if (contentKey.length !== 32 || !isCommitted(contentKey, record.header)) throw decryptError();
    return contentKey;
  });
}

/**
 * From the pairing key K to the content key, with the Fujisaki-Okamoto check: only the K that the author used passes,
 * so a wrong share can be refused but never opens to something else. All steps run before the one refusal.
 *
 * @throws {CryptoError} `E_DECRYPT`
 */
export async function openCapsule(input: {
  readonly key: Gt;
  readonly A: Uint8Array;
  readonly ss64: Uint8Array;
  readonly parts: CapsuleParts;
  readonly record: SealedHead;
}): Promise<Uint8Array> {
  const { A, parts } = input;
  const { header, ctx } = input.record;
  const { tag } = header;
  const { c1, c2, ctPq } = parts;
  const engine = curve();
  const sigma = xor(c2, maskFor({ key: engine.gtEncode(input.key), c1, tag, A }));
  const rho = fujisakiOkamotoScalar({ sigma, A, tag, ctx, ctPq });
  const isC1 = equalBytes(engine.g2Encode(engine.g2Multiply(engine.g2Base(), rho)), c1);
  const isC3 = equalBytes(
    engine.g1Encode(engine.g1Multiply(hashBind(parts, { tag, ctx }), rho)),
    parts.c3,
  );
  const { ek: ekTag, dk } = mlKemKeys(input.ss64);
  const sharedSecret = mlKemDecapsulate(dk, ctPq);
  const kek = wrapKeyFor(concat(sigma, sharedSecret), {
    parts: { c1, c2, ctPq },
    tag,
    A,
    ekTag,
    ctx,
  });
  const contentKey = await gcmOpen({ key: kek, nonce: ZERO_NONCE, aad: ctx, data: parts.w });
  if (!isC1 || !isC3 || contentKey === undefined || !isCommitted(contentKey, header))
    throw decryptError();
  return contentKey;
}

/** The first capsule, which is the patient's. */
export function patientCapsule(record: SealedHead): CapsuleParts {
  const capsule = record.capsules[0];
  if (capsule === undefined || capsule.length !== BYTES.capsule) throw decryptError();
  return splitCapsule(capsule);
}

/** Turns whatever hostile input provokes into the one public error; a caller's own mistakes keep their code. */
export async function asDecryption<T>(body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw asReaderSees(error);
  }
}

/** The one public error for whatever hostile input provoked; any other as it is. */
export function asReaderSees(error: unknown): unknown {
  if (!(error instanceof CryptoError)) return error;
  const isOwn = error.code === "E_ARGUMENT" || error.code === "E_ENGINE";
  return isOwn ? error : decryptError();
}
