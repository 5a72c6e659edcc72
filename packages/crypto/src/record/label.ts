import { concat, enc, equalBytes, i2osp } from "../encoding/bytes.ts";
import { at } from "../encoding/at.ts";
import { decodeCanonical, encodeCanonical } from "../encoding/cbor.ts";
import type { CborValue } from "../encoding/cborValue.ts";
import { CryptoError, decryptError, expectLength } from "../errors.ts";
import { ZERO_NONCE } from "../kem/capsule.ts";
import { asDecryption, patientCapsule } from "./contentKey.ts";
import type { SealedHead } from "./contentKey.ts";
import { mlKemDecapsulate, mlKemKeys } from "../kem/mlKem.ts";
import { gcmOpen, gcmSeal } from "../primitives/aesGcm.ts";
import { kdf } from "../primitives/derive.ts";
import { BYTES } from "../suite.ts";

/** What a record is, for lists: patient and granted readers read it without opening the record. */
export interface RecordLabel {
  readonly title: string;
  /** When what is recorded began and ended, FHIR dateTimes as written; `null` where that is not known. */
  readonly start: string | null;
  readonly end: string | null;
  /** Document type as `system|code`. */
  readonly type: string | null;
  /** What it continues, e.g. the series of an instrument. */
  readonly series: string | null;
  /** Codes of sensitivity, such as `R` or `PSY`; none for what is not sensitive. */
  readonly sensitivity: readonly string[];
}

/** What the label's key comes from, and what it is bound to. */
export interface LabelBinding {
  /** The ML-KEM shared secret of the patient's capsule, 32 bytes. */
  readonly secret: Uint8Array;
  readonly tag: Uint8Array;
  /** SHA-256 of the record's header. */
  readonly ctx: Uint8Array;
}

/**
 * Seals a record's label: I2OSP(length, 2) || canonical CBOR || zeros, 512 bytes, by AES-256-GCM under
 * KDF(s_pq, "label", enc(tag, ctx), 32), which seals nothing else; additional data `ctx`.
 *
 * @returns 528 bytes, the record's last capsule.
 * @throws {CryptoError} `E_ARGUMENT` for a label that does not fit or is no label, and for wrong lengths.
 */
export async function sealLabel(
  label: RecordLabel,
  { secret, tag, ctx }: LabelBinding,
): Promise<Uint8Array> {
  const { title, start, end, type, series, sensitivity } = label;
  const encoded = encodeCanonical({ title, start, end, type, series, sensitivity });
  const padding = BYTES.label - 2 - encoded.length;
  if (padding < 0) {
    throw new CryptoError(
      "E_ARGUMENT",
      `Cannot seal label of ${encoded.length} bytes, want at most ${BYTES.label - 2}`,
    );
  }
  const data = concat(i2osp(encoded.length, 2), encoded, new Uint8Array(padding));
  return gcmSeal({ key: labelKey({ secret, tag, ctx }), nonce: ZERO_NONCE, aad: ctx, data });
}

/**
 * Opens what {@link sealLabel} sealed.
 *
 * @throws {CryptoError} `E_DECRYPT` whatever is wrong with it; `E_ARGUMENT` for wrong lengths of the binding.
 */
export function openSealedLabel(sealed: Uint8Array, binding: LabelBinding): Promise<RecordLabel> {
  const key = labelKey(binding);
  return asDecryption(async () => {
    if (sealed.length !== BYTES.labelCapsule) throw decryptError();
    const data = await gcmOpen({ key, nonce: ZERO_NONCE, aad: binding.ctx, data: sealed });
    if (data === undefined) throw decryptError();
    const length = at(data, 0) * 256 + at(data, 1);
    const end = 2 + length;
    if (end > data.length || data.subarray(end).some((byte) => byte !== 0)) throw decryptError();
    return decodeLabel(data.subarray(2, end));
  });
}

/**
 * Opens a record's label by its tag's ML-KEM seed, as patient and granted readers can. The author's signature covers it, but
 * is inside the record: until that was opened, the label is the word of whoever stored it.
 *
 * @throws {CryptoError} `E_DECRYPT` whatever is wrong with it; `E_ARGUMENT` for a seed that is not 64 bytes.
 */
export function openLabel({
  ss64,
  record,
}: {
  readonly ss64: Uint8Array;
  readonly record: SealedHead;
}): Promise<RecordLabel> {
  expectLength("ss64", ss64, BYTES.ss64);
  return asDecryption(() => {
    const secret = mlKemDecapsulate(mlKemKeys(ss64).dk, patientCapsule(record).ctPq);
    const { tag } = record.header;
    return openSealedLabel(labelCapsule(record.capsules), { secret, tag, ctx: record.ctx });
  });
}

/** The last capsule of a record, which is its label. @throws {CryptoError} `E_DECRYPT` where there is none. */
export function labelCapsule(capsules: readonly Uint8Array[]): Uint8Array {
  const last = capsules.at(-1);
  if (last?.length !== BYTES.labelCapsule) throw decryptError();
  return last;
}

function labelKey({ secret, tag, ctx }: LabelBinding): Uint8Array {
  expectLength("ML-KEM secret", secret, 32);
  expectLength("tag", tag, BYTES.tag);
  expectLength("ctx", ctx, BYTES.hash);
  return kdf(secret, "label", enc(tag, ctx), 32);
}

const isTextOrNull = (value: unknown): value is string | null =>
  value === null || typeof value === "string";

function decodeLabel(bytes: Uint8Array): RecordLabel {
  const map = decodeCanonical(bytes);
  if (map === null || typeof map !== "object" || map instanceof Uint8Array || Array.isArray(map))
    throw decryptError();
  const { title, start, end, type, series, sensitivity, ...extra } = map as {
    readonly [key: string]: CborValue;
  };
  const isLabel =
    typeof title === "string" &&
    isTextOrNull(start) &&
    isTextOrNull(end) &&
    isTextOrNull(type) &&
    isTextOrNull(series) &&
    Array.isArray(sensitivity) &&
    sensitivity.every((code) => typeof code === "string") &&
    Object.keys(extra).length === 0;
  if (!isLabel) throw decryptError();
  return { title, start, end, type, series, sensitivity: sensitivity as readonly string[] };
}

/** Whether two labels say the same. */
export function sameLabel(left: RecordLabel, right: RecordLabel): boolean {
  const bytesOf = ({ title, start, end, type, series, sensitivity }: RecordLabel): Uint8Array =>
    encodeCanonical({ title, start, end, type, series, sensitivity });
  return equalBytes(bytesOf(left), bytesOf(right));
}
