/**
 * Codes of {@link CryptoError}. Names starting with `E_` are those of the suite; the others belong to canonical CBOR.
 *
 * `E_DECRYPT` is the only code a reader gets for a cryptographic failure: it never says which check failed.
 */
export type CryptoErrorCode =
  | "E_ARGUMENT" // a caller's mistake: wrong length, wrong range
  | "E_FORMAT" // bytes from outside that are not the structure they should be
  | "E_SUBGROUP" // a point off the curve, outside the subgroup, or the identity
  | "E_CAPSULE" // the public capsule check fails
  | "E_SHARE_INVALID" // a share or a grant does not match its commitments
  | "E_DECRYPT" // any failure to open
  | "E_ENGINE" // the curve engine fails its known-answer test
  | "NOT_CANONICAL" // CBOR that is valid but not deterministic (RFC 8949 4.2)
  | "TOO_DEEP"
  | "TOO_LARGE"
  | "MALFORMED";

/** Bad input, or a failure to open. Messages never hold keys, plaintext or keywords. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CryptoError";
    this.code = code;
  }
}

/** The single public error of every cryptographic failure on the reader's side. */
export function decryptError(): CryptoError {
  return new CryptoError("E_DECRYPT", "Cannot open: wrong key, or the data was changed");
}

/**
 * Refuses bytes of another length.
 *
 * @throws {CryptoError} `code` (default `E_ARGUMENT`), naming the field and the wanted length.
 */
export function expectLength(
  name: string,
  bytes: Uint8Array,
  length: number,
  code: CryptoErrorCode = "E_ARGUMENT",
): void {
  if (bytes.length !== length) {
    throw new CryptoError(code, `Cannot use ${name} of ${bytes.length} bytes, want ${length}`);
  }
}
