/**
 * What the platform gives: `#primitives` resolves to `primitives.node.ts` under Node and to `primitives.web.ts`
 * elsewhere. Both export exactly this, and answer byte for byte alike.
 */
export interface Primitives {
  /** `length` bytes of the platform's generator. */
  randomBytes(length: number): Uint8Array;
  /** SHA-256 of the parts joined: 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  createSha256(): Sha256;
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** SHAKE128 of FIPS 202 with `length` bytes of output. */
  shake128(bytes: Uint8Array, length: number): Uint8Array;
  /** AES-256-GCM; answers ciphertext || 16-byte authentication tag. */
  gcmSeal(input: GcmInput): Promise<Uint8Array>;
  /** Undoes {@link gcmSeal}; `undefined` if the authentication tag does not match. */
  gcmOpen(input: GcmInput): Promise<Uint8Array | undefined>;
  ed25519PublicKey(secretKey: Uint8Array): Uint8Array;
  ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
  /**
   * RFC 8032 5.1.7 without the cofactor: `true` iff the encoding of [S]B - [k]A is R, byte for byte, with k reduced mod L.
   * Small orders, S and the encoding of A were checked by the caller. May throw where A is no point.
   */
  ed25519Verify(input: Ed25519VerifyInput): boolean;
}

/** An incremental SHA-256. `digest` may be called once. */
export interface Sha256 {
  update(bytes: Uint8Array): Sha256;
  digest(): Uint8Array;
}

export interface GcmInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly data: Uint8Array;
}

export interface Ed25519VerifyInput {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}
