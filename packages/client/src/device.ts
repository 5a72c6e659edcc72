import { deviceStorageKey, identityKeys } from "@anamnesis/crypto/patientKeys";
import type { BoxKeys } from "@anamnesis/crypto/patientKeys";
import { enc, randomBytes } from "@anamnesis/crypto/verify";
import type { RandomSource } from "@anamnesis/crypto/verify";
import { AnamnesisError, fingerprintOf } from "@anamnesis/protocol";
import type { Registration, Role } from "@anamnesis/protocol";
import type { BlobDir } from "./blobDir.ts";
import { decodeDeviceFile, encodeDeviceFile, isDemoFile } from "./deviceFile.ts";
import type { Identity, Protection } from "./deviceFile.ts";
import { ItemStore } from "./itemStore.ts";

/** Name of the identity file inside the device's folder. */
export const IDENTITY_FILE = "identity.json";

export interface OwnCertificate {
  readonly der: Uint8Array;
  readonly fingerprint: string;
  /** What was signed about this person at enrolment: patients show it with their certificate. */
  readonly registration: Registration;
}

/** Where a person works, and as what. */
export interface Affiliation {
  readonly role: Role;
  readonly institution: string;
}

/** A person's unlocked device: identity, keys, and what it remembers. */
export interface Device extends Affiliation {
  readonly name: string;
  readonly demo: boolean;
  /** 32 bytes; every secret key comes from it. */
  readonly seed: Uint8Array;
  readonly items: ItemStore;
  /** The certified signing key and X-Wing key. */
  keys(): Promise<BoxKeys>;
  /** This person under another of their certificates: keys and items of its own, from the same seed. */
  as(affiliation: Affiliation): Device;
  /** Own certificate, DER, and its fingerprint. @throws {AnamnesisError} CERTIFICATE_INVALID before enrolment. */
  certificate(): Promise<OwnCertificate>;
}

/**
 * Puts a new identity into an empty folder.
 *
 * @throws {AnamnesisError} DEVICE_EXISTS
 */
export async function createDevice(
  dir: BlobDir,
  identity: Identity,
  protection: Protection,
  random: RandomSource = randomBytes,
): Promise<Device> {
  if ((await dir.read(IDENTITY_FILE)) !== undefined)
    throw new AnamnesisError("DEVICE_EXISTS", "A device exists here already, want another name");
  await dir.write(IDENTITY_FILE, await encodeDeviceFile(identity, protection, random));
  return makeDevice(dir, { ...identity, demo: "demo" in protection }, random);
}

/**
 * Unlocks a device.
 *
 * @throws {AnamnesisError} NOT_FOUND, PASSPHRASE_REQUIRED, PASSPHRASE_WRONG, STORE_CORRUPT.
 */
export async function openDevice(
  dir: BlobDir,
  options: { readonly passphrase?: string | undefined } = {},
  random: RandomSource = randomBytes,
): Promise<Device> {
  return makeDevice(
    dir,
    await decodeDeviceFile(await identityFile(dir), options.passphrase),
    random,
  );
}

/** Whether a device opens without a passphrase because its keys are for demonstration. @throws {AnamnesisError} NOT_FOUND */
export async function isDemoDevice(dir: BlobDir): Promise<boolean> {
  return isDemoFile(await identityFile(dir));
}

async function identityFile(dir: BlobDir): Promise<Uint8Array> {
  const file = await dir.read(IDENTITY_FILE);
  if (file === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      "There is no device here, want the name of a person whose device this is",
    );
  return file;
}

function makeDevice(
  dir: BlobDir,
  identity: Identity & { readonly demo: boolean },
  random: RandomSource,
  salt: Uint8Array | string = "",
): Device {
  const items = new ItemStore(dir, deviceStorageKey(identity.seed, salt), random);
  let keys: Promise<BoxKeys> | undefined;
  return {
    ...identity,
    items,
    keys: () => (keys ??= identityKeys(identity.seed, salt)),
    as: ({ role, institution }) =>
      makeDevice(dir, { ...identity, role, institution }, random, enc(institution, role)),
    certificate: async () => {
      const item = await items.get("certificate", "own");
      if (item === undefined)
        throw new AnamnesisError(
          "CERTIFICATE_INVALID",
          "This person has no certificate yet, want enrolment by a registrar first",
        );
      const { certificate: der, registration } = item;
      return { der, fingerprint: fingerprintOf(der), registration };
    },
  };
}
