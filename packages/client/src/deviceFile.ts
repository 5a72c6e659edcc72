import { openSymmetric, sealSymmetric } from "@anamnesis/crypto/box";
import { utf8, utf8Decode } from "@anamnesis/crypto/verify";
import type { RandomSource } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  blob,
  bytes,
  checkVersion,
  item,
  jsonValue,
  literal,
  object,
  oneOf,
  roles,
  text,
  toJsonFile,
  uintUpTo,
} from "@anamnesis/protocol";
import type { Role, Shape } from "@anamnesis/protocol";
import { scryptAsync } from "@noble/hashes/scrypt.js";

/** Who a device belongs to. Every secret key is derived from `seed` (32 bytes), which was born on the device. */
export interface Identity {
  readonly role: Role;
  /** The name the device goes by; a patient's never leaves the device except where the patient gives it. */
  readonly name: string;
  /** Where the person was enrolled: staff work there. */
  readonly institution: string;
  readonly seed: Uint8Array;
}

/** How the identity file is protected. `demo` keys lie open and say so; nobody's records belong under them. */
export type Protection = { readonly passphrase: string } | { readonly demo: true };

/** scrypt (RFC 7914) with 32 MiB of memory; about 0.1 s. */
const SCRYPT = { N: 1 << 15, r: 8, p: 1 } as const;
const SCRYPT_N_MAX = 1 << 20;
const aad = utf8("MRS-V1-DEVICE");

const identityShape = object({
  role: oneOf(...roles),
  name: text(),
  institution: text(64),
  seed: bytes(32),
});
const sealedIdentity = item("Identity", identityShape);
const openFile = object({
  v: literal(1),
  demo: literal(true),
  note: text(),
  identity: identityShape,
});
const sealedFile = object({
  v: literal(1),
  demo: literal(false),
  scrypt: object({
    N: uintUpTo(SCRYPT_N_MAX),
    r: literal(SCRYPT.r),
    p: literal(SCRYPT.p),
    salt: bytes(16),
  }),
  /** Canonical CBOR of the identity, AES-256-GCM. */
  sealed: blob(4_096),
});

/** Codes the identity file: JSON, sealed under the passphrase (AES-256-GCM) or plainly marked as demo. */
export async function encodeDeviceFile(
  identity: Identity,
  protection: Protection,
  random: RandomSource,
): Promise<Uint8Array> {
  if ("demo" in protection) {
    return utf8(
      toJsonFile(openFile, {
        v: 1,
        demo: true,
        note: "Demonstration keys: not secret, not for real records",
        identity,
      }),
    );
  }
  const salt = random(16);
  const key = await deriveKey(protection.passphrase, { ...SCRYPT, salt });
  const sealed = await sealSymmetric(
    { key, aad, plaintext: sealedIdentity.encode(identity) },
    random,
  );
  return utf8(toJsonFile(sealedFile, { v: 1, demo: false, scrypt: { ...SCRYPT, salt }, sealed }));
}

/** Whether a device file holds demo keys, which open without a passphrase. @throws {AnamnesisError} STORE_CORRUPT */
export const isDemoFile = (file: Uint8Array): boolean => isDemo(fileValue(file));

/**
 * Opens the identity file.
 *
 * @throws {AnamnesisError} PASSPHRASE_REQUIRED, PASSPHRASE_WRONG, STORE_CORRUPT, UNSUPPORTED_VERSION.
 */
export async function decodeDeviceFile(
  file: Uint8Array,
  passphrase: string | undefined,
): Promise<Identity & { readonly demo: boolean }> {
  const value = fileValue(file);
  if (isDemo(value)) return { ...read(openFile, value).identity, demo: true };
  if (passphrase === undefined)
    throw new AnamnesisError("PASSPHRASE_REQUIRED", "This device is locked, want its passphrase");
  const { scrypt, sealed } = read(sealedFile, value);
  if (scrypt.N < SCRYPT.N || (scrypt.N & (scrypt.N - 1)) !== 0)
    throw corrupt("its passphrase parameters are out of range");
  const key = await deriveKey(passphrase, scrypt);
  let plaintext: Uint8Array;
  try {
    plaintext = await openSymmetric({ key, aad, sealed });
  } catch (cause) {
    throw new AnamnesisError(
      "PASSPHRASE_WRONG",
      "The passphrase does not open this device, or its file was changed",
      { cause },
    );
  }
  return { ...orCorrupt(() => sealedIdentity.decode(plaintext)), demo: false };
}

const isDemo = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "demo" in value && value.demo === true;

/** @throws {AnamnesisError} STORE_CORRUPT, UNSUPPORTED_VERSION */
function fileValue(file: Uint8Array): unknown {
  const what = "The device's identity file";
  const value = orCorrupt(() => jsonValue(utf8Decode(file), what));
  checkVersion(value, what);
  return value;
}

const read = <T>(shape: Shape<T>, value: unknown): T =>
  orCorrupt(() => shape.json.read(value, "The device's identity file"));

function orCorrupt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : "it is in no known form", cause);
  }
}

const deriveKey = (
  passphrase: string,
  { salt, N, r, p }: { N: number; r: number; p: number; salt: Uint8Array },
): Promise<Uint8Array> =>
  scryptAsync(utf8(passphrase.normalize("NFKC")), salt, { N, r, p, dkLen: 32 });

const corrupt = (why: string, cause?: unknown) =>
  new AnamnesisError("STORE_CORRUPT", `The device's identity file cannot be used: ${why}`, {
    cause,
  });
