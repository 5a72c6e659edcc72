import { verifySignature } from "@anamnesis/crypto/verify";
import { readCertificate } from "./certificate.ts";
import type { PersonCertificate } from "./certificate.ts";
import { certificateDer } from "./certificateDer.ts";
import { AnamnesisError } from "./errors.ts";
import type { CaKey } from "./genesis.ts";
import type { Pid } from "./ids.ts";
import { bytes, document, literal, object } from "./shape.ts";
import type { Shaped } from "./shape.ts";
import { vouched } from "./visitToken.ts";

/** Whose a visit is: the patient's certificate, and its key's signature over pid (PATIENT-VISIT). */
export const traceFields = { certificate: certificateDer, certified: bytes(64) } as const;
const traceShape = object({ v: literal(1), ...traceFields });
/**
 * What leads from a visit's pseudonym to the patient. A node keeps it only sealed to the registry's trace key (info
 * `hpkeInfo.trace`, aad the 32 bytes of pid).
 */
export type Trace = Shaped<typeof traceShape>;
export const traceDocument = document("Trace", traceShape);

/**
 * Checks that a patient of this federation vouched for a visit.
 *
 * @returns The certificate, which may be out of date or revoked.
 * @throws {AnamnesisError} CERTIFICATE_INVALID, SIGNATURE_INVALID.
 */
export function verifyTrace(
  { certificate: der, certified }: Pick<Trace, "certificate" | "certified">,
  pid: Pid,
  cas: readonly CaKey[],
): PersonCertificate {
  const certificate = readCertificate(der, cas);
  if (certificate.role !== "patient")
    throw new AnamnesisError("CERTIFICATE_INVALID", "Visit refused: want a patient's certificate");
  const isVouched = verifySignature({
    type: "PATIENT-VISIT",
    message: vouched(pid),
    publicKey: certificate.signingKey,
    signature: certified,
  });
  if (!isVouched)
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Visit refused: the patient's signature over it does not verify",
    );
  return certificate;
}
