import { AnamnesisError } from "@anamnesis/protocol";

const allowed = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._'-]{0,62}[\p{L}\p{M}\p{N}])?$/u;

/**
 * The name of a person on this machine: also the name of the device's folder.
 *
 * @throws {AnamnesisError} BAD_REQUEST
 */
export function parsePersonName(name: string): string {
  const plain = name.normalize("NFC");
  if (allowed.test(plain) && Buffer.byteLength(plain) <= 120 && !plain.endsWith(".part"))
    return plain;
  throw new AnamnesisError(
    "BAD_REQUEST",
    "A person's name has 1 to 64 letters, digits, spaces, dots, hyphens or apostrophes, and begins and ends with a letter or digit",
  );
}

/** The device with which an institution's registrar attests people. */
export const registrarOf = (institution: string): string => `registrar-${institution}`;
