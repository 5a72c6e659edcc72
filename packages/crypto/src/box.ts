/**
 * Sealing to a party's own key, and under a symmetric key.
 *
 * HPKE base mode (RFC 9180) with X-Wing (draft-connolly-cfrg-xwing-kem), HKDF-SHA-256 and AES-256-GCM.
 */
import { gcmOpen, gcmSeal } from "./primitives/aesGcm.ts";
import type { CipherSuite, SenderContext } from "@hpke/core";
import type { XWing } from "@hpke/hybridkem-x-wing";
import { concat, utf8 } from "./encoding/bytes.ts";
import { randomBytes } from "./primitives/derive.ts";
import type { RandomSource } from "./primitives/derive.ts";
import { CryptoError, decryptError, expectLength } from "./errors.ts";
import { BYTES } from "./suite.ts";

export interface BoxKeypair {
  /** X-Wing encapsulation key, 1216 bytes. */
  readonly publicKey: Uint8Array;
  /** X-Wing decapsulation key in its 32-byte seed form. */
  readonly secretKey: Uint8Array;
}

/**
 * The X-Wing keypair of a 32-byte seed; the seed is the secret key.
 *
 * @throws {CryptoError} `E_ARGUMENT` for a seed of another length.
 */
export async function boxKeypairFromSeed(seed: Uint8Array): Promise<BoxKeypair> {
  expectLength("box seed", seed, BYTES.seed);
  const xWing = await kem();
  const { publicKey } = await xWing.generateKeyPairDerand(seed);
  return {
    publicKey: new Uint8Array(await xWing.serializePublicKey(publicKey)),
    secretKey: Uint8Array.from(seed),
  };
}

/**
 * HPKE SealBase: one message to the holder of `publicKey`.
 *
 * @param input.info - Says what this is, e.g. "MRS-V1-GRANT"; the receiver must name the same.
 * @returns enc (1120 bytes) || ciphertext || tag (16 bytes).
 * @throws {CryptoError} `E_ARGUMENT` for a public key that is not 1216 bytes; `E_FORMAT` for one whose ML-KEM half
 * fails the encapsulation key check of FIPS 203 7.2.
 */
export async function sealTo(input: {
  readonly publicKey: Uint8Array;
  readonly info: string;
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
}): Promise<Uint8Array> {
  expectLength("box public key", input.publicKey, BYTES.boxPublicKey);
  const sender = await senderContext(input);
  const sealed = await sender.seal(exact(input.plaintext), exact(input.aad));
  return concat(new Uint8Array(sender.enc), new Uint8Array(sealed));
}

/**
 * HPKE OpenBase: undoes {@link sealTo}.
 *
 * @throws {CryptoError} `E_DECRYPT` whatever is wrong with the message; `E_ARGUMENT` for a secret key of wrong length.
 */
export async function openWith(input: {
  readonly secretKey: Uint8Array;
  readonly info: string;
  readonly aad: Uint8Array;
  readonly sealed: Uint8Array;
}): Promise<Uint8Array> {
  expectLength("box secret key", input.secretKey, BYTES.seed);
  if (input.sealed.length < BYTES.boxEnc + BYTES.gcmTag) throw decryptError();
  const suite = await hpke();
  try {
    const recipient = await suite.createRecipientContext({
      recipientKey: await suite.kem.deserializePrivateKey(exact(input.secretKey)),
      enc: exact(input.sealed.subarray(0, BYTES.boxEnc)),
      info: exact(utf8(input.info)),
    });
    return new Uint8Array(
      await recipient.open(exact(input.sealed.subarray(BYTES.boxEnc)), exact(input.aad)),
    );
  } catch {
    throw decryptError();
  }
}

/**
 * AES-256-GCM with a random nonce, for keys that seal few messages (below 2^32).
 *
 * @returns nonce (12 bytes) || ciphertext || tag (16 bytes).
 * @throws {CryptoError} `E_ARGUMENT` for a key that is not 32 bytes.
 */
export async function sealSymmetric(
  input: { readonly key: Uint8Array; readonly aad: Uint8Array; readonly plaintext: Uint8Array },
  random: RandomSource = randomBytes,
): Promise<Uint8Array> {
  expectLength("symmetric key", input.key, 32);
  const nonce = random(BYTES.gcmNonce);
  return concat(
    nonce,
    await gcmSeal({ key: input.key, nonce, aad: input.aad, data: input.plaintext }),
  );
}

/**
 * Undoes {@link sealSymmetric}.
 *
 * @throws {CryptoError} `E_DECRYPT` whatever is wrong with the message; `E_ARGUMENT` for a key that is not 32 bytes.
 */
export async function openSymmetric(input: {
  readonly key: Uint8Array;
  readonly aad: Uint8Array;
  readonly sealed: Uint8Array;
}): Promise<Uint8Array> {
  expectLength("symmetric key", input.key, 32);
  if (input.sealed.length < BYTES.gcmNonce + BYTES.gcmTag) throw decryptError();
  const nonce = input.sealed.subarray(0, BYTES.gcmNonce);
  const data = input.sealed.subarray(BYTES.gcmNonce);
  const plaintext = await gcmOpen({ key: input.key, nonce, aad: input.aad, data });
  if (plaintext === undefined) throw decryptError();
  return plaintext;
}

async function senderContext(input: {
  readonly publicKey: Uint8Array;
  readonly info: string;
}): Promise<SenderContext> {
  const suite = await hpke();
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(exact(input.publicKey));
    return await suite.createSenderContext({ recipientPublicKey, info: exact(utf8(input.info)) });
  } catch (cause) {
    throw new CryptoError("E_FORMAT", "Cannot seal to this key, want an X-Wing encapsulation key", {
      cause,
    });
  }
}

// The libraries are loaded by the first seal: they are a fifth of what a command line loads, and not all it does seals.

let sharedKem: Promise<XWing> | undefined;
function kem(): Promise<XWing> {
  sharedKem ??= import("@hpke/hybridkem-x-wing").then(({ XWing }) => new XWing());
  return sharedKem;
}

async function hpke(): Promise<CipherSuite> {
  const [{ Aes256Gcm, CipherSuite, HkdfSha256 }, xWing] = await Promise.all([
    import("@hpke/core"),
    kem(),
  ]);
  return new CipherSuite({ kem: xWing, kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

/** A copy with a buffer of its own: HPKE takes whole ArrayBuffers, and must not see a view's neighbours. */
function exact(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}
