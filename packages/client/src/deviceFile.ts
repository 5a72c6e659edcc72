import { openSymmetric, sealSymmetric } from "@anamnesis/crypto/box";
import { decodeCanonical, encodeCanonical, utf8, utf8Decode } from "@anamnesis/crypto/verify";
import type { RandomSource } from "@anamnesis/crypto/verify";
import { AnamnesisError, fromJson, roles, toJson } from "@anamnesis/protocol";
import type { Role } from "@anamnesis/protocol";
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

/** Codes the identity file: JSON, sealed under the passphrase (AES-256-GCM) or plainly marked as demo. */
export async function encodeDeviceFile(
  identity: Identity,
  protection: Protection,
  random: RandomSource,
): Promise<Uint8Array> {
  if ("demo" in protection) {
    return utf8(
      toJson({
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
    { key, aad, plaintext: encodeCanonical({ ...identity }) },
    random,
  );
  return utf8(toJson({ v: 1, demo: false, scrypt: { ...SCRYPT, salt }, sealed }));
}

/** Whether a device file holds demo keys, which open without a passphrase. @throws {AnamnesisError} STORE_CORRUPT */
export const isDemoFile = (file: Uint8Array): boolean => readFile(file).demo === true;

/**
 * Opens the identity file.
 *
 * @throws {AnamnesisError} PASSPHRASE_REQUIRED, PASSPHRASE_WRONG, STORE_CORRUPT, UNSUPPORTED_VERSION.
 */
export async function decodeDeviceFile(
  file: Uint8Array,
  passphrase: string | undefined,
): Promise<Identity & { readonly demo: boolean }> {
  const { demo, identity, scrypt, sealed } = readFile(file);
  if (demo === true) return { ...parseIdentity(identity), demo: true };
  if (passphrase === undefined)
    throw new AnamnesisError("PASSPHRASE_REQUIRED", "This device is locked, want its passphrase");
  if (!(sealed instanceof Uint8Array)) throw corrupt("it holds nothing sealed");
  const key = await deriveKey(passphrase, parseScrypt(scrypt));
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
  return { ...parseIdentity(decodeCanonical(plaintext)), demo: false };
}

interface RawFile {
  readonly v?: unknown;
  readonly demo?: unknown;
  readonly identity?: unknown;
  readonly scrypt?: unknown;
  readonly sealed?: unknown;
}

function readFile(file: Uint8Array): RawFile {
  let raw: RawFile | null;
  try {
    raw = fromJson(utf8Decode(file)) as RawFile | null;
  } catch (cause) {
    throw new AnamnesisError(
      "STORE_CORRUPT",
      "The device's identity file cannot be read, want JSON",
      { cause },
    );
  }
  if (raw?.v !== 1)
    throw new AnamnesisError(
      "UNSUPPORTED_VERSION",
      "The device's identity file has an unknown version, want 1",
    );
  return raw;
}

function parseScrypt(value: unknown): { N: number; r: number; p: number; salt: Uint8Array } {
  const { N, r, p, salt } = (value ?? {}) as Record<string, unknown>;
  const fits =
    typeof N === "number" &&
    N >= SCRYPT.N &&
    N <= SCRYPT_N_MAX &&
    (N & (N - 1)) === 0 &&
    r === SCRYPT.r &&
    p === SCRYPT.p;
  if (!fits || !(salt instanceof Uint8Array) || salt.length !== 16)
    throw corrupt("its passphrase parameters are out of range");
  return { N, r: SCRYPT.r, p: SCRYPT.p, salt };
}

const deriveKey = (
  passphrase: string,
  { salt, N, r, p }: { N: number; r: number; p: number; salt: Uint8Array },
): Promise<Uint8Array> =>
  scryptAsync(utf8(passphrase.normalize("NFKC")), salt, { N, r, p, dkLen: 32 });

function parseIdentity(value: unknown): Identity {
  const { role, name, institution, seed } = (value ?? {}) as Record<string, unknown>;
  if (!roles.includes(role as Role) || typeof name !== "string" || typeof institution !== "string")
    throw corrupt("it names no person");
  if (!(seed instanceof Uint8Array) || seed.length !== 32)
    throw corrupt("its seed is not 32 bytes");
  return { role: role as Role, name, institution, seed };
}

const corrupt = (why: string) =>
  new AnamnesisError("STORE_CORRUPT", `The device's identity file cannot be used: ${why}`);
