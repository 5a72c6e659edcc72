import { CryptoError } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** Why a record did not open. */
export type OpeningError = AnamnesisError | CryptoError;

/** What work gives, or why it was refused. A defect is thrown. */
export async function tried<T>(work: () => Promise<T>): Promise<T | OpeningError> {
  try {
    return await work();
  } catch (error) {
    if (isError(error)) return error;
    throw error;
  }
}

export const isError = (value: unknown): value is OpeningError =>
  value instanceof AnamnesisError || value instanceof CryptoError;
