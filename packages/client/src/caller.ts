import { signRaw } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { bareKeyId } from "@anamnesis/protocol";
import type { Device } from "./device.ts";
import type { Caller } from "./ports.ts";

/** Signs requests as a key without a certificate: boxes, visits, grants. */
export const bareCaller = ({ publicKey, secretKey }: SigningKeypair): Caller => ({
  keyId: bareKeyId(publicKey),
  sign: (message) => signRaw({ message, secretKey }),
});

/** Signs requests under the device's certificate. @throws {AnamnesisError} CERTIFICATE_INVALID before enrolment. */
export async function certifiedCaller(device: Device): Promise<Caller> {
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  return {
    keyId: fingerprint,
    sign: (message) => signRaw({ message, secretKey: signing.secretKey }),
  };
}
