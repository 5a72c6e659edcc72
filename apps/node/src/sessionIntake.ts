import { openWith } from "@anamnesis/crypto/box";
import { utf8, verifySignature } from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  AnamnesisError,
  certificateInDate,
  decodeSlip,
  pidOf,
  readCertificate,
  sessionIntake,
  vouched,
} from "@anamnesis/protocol";
import type { Chain } from "./chain.ts";
import type { NodeDeps } from "./deps.ts";

/**
 * Opens the sealed intake of a visit (H-16): the patient shows this institution, and nobody else, the certificate behind
 * the visit's pseudonym.
 *
 * @returns The `session.open` slip, ready to be carried.
 * @throws {AnamnesisError} BAD_REQUEST (not sealed to this node), CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE,
 * SIGNATURE_INVALID, UNAVAILABLE, and those of decoding.
 */
export async function openIntake(
  sealed: Uint8Array,
  chain: Chain,
  deps: NodeDeps,
): Promise<Uint8Array> {
  const intake = sessionIntake.decode(await unseal(sealed, chain, deps));
  const slip = decodeSlip(intake.slip);
  if (slip.kind !== "session.open")
    throw new AnamnesisError("BAD_REQUEST", `Visit refused: want a session.open, not ${slip.kind}`);
  const certificate = readCertificate(intake.certificate, chain.genesis.cas);
  if (certificate.role !== "patient")
    throw new AnamnesisError("CERTIFICATE_INVALID", "Visit refused: want a patient's certificate");
  if (!certificateInDate(certificate, deps.now()))
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Visit refused: the certificate is out of date",
    );
  await deps.revocations.assertNotRevoked(certificate.serial);
  const message = vouched(pidOf(slip.fields.key));
  if (
    !verifySignature({
      type: "PATIENT-VISIT",
      message,
      publicKey: certificate.signingKey,
      signature: intake.certified,
    })
  ) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Visit refused: the patient's signature over it does not verify",
    );
  }
  return intake.slip;
}

async function unseal(sealed: Uint8Array, chain: Chain, { keys }: NodeDeps): Promise<Uint8Array> {
  try {
    const aad = utf8(chain.genesis.chain);
    return await openWith({ secretKey: keys.box.secretKey, info: hpkeInfo.session, aad, sealed });
  } catch (cause) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "Visit refused: it is not sealed to this node for this chain",
      { cause },
    );
  }
}
