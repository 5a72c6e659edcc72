import { openWith } from "@anamnesis/crypto/box";
import { utf8 } from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  AnamnesisError,
  certificateInDate,
  decodeSlip,
  pidOf,
  sessionIntake,
  slipCodeText,
  verifySlip,
  verifyTrace,
} from "@anamnesis/protocol";
import type { Chain } from "./chain.ts";
import type { NodeDeps } from "./deps.ts";

/**
 * Opens the sealed intake of a visit (H-16): the patient shows this institution, and nobody else, the certificate behind
 * the visit's pseudonym. Who it was is kept sealed to the registry alone, before anybody is let in (H-16a).
 *
 * The slip's own signature is judged here already: else whoever read a pid could leave a trace of their own for it.
 *
 * @returns The `session.open` slip, ready to be carried.
 * @throws {AnamnesisError} BAD_REQUEST (not sealed to this node), SLIP_SIGNATURE, CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE,
 * SIGNATURE_INVALID, STORAGE_FULL, UNAVAILABLE, and those of decoding.
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
  if (!verifySlip(slip, slip.fields.key))
    throw new AnamnesisError("SLIP_SIGNATURE", slipCodeText.SLIP_SIGNATURE);
  const pid = pidOf(slip.fields.key);
  const certificate = verifyTrace(intake, pid, chain.genesis.cas);
  if (!certificateInDate(certificate, deps.now()))
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Visit refused: the certificate is out of date",
    );
  await deps.revocations.assertNotRevoked(certificate.serial);
  const { certificate: der, certified } = intake;
  await deps.traces.keep(pid, { v: 1, certificate: der, certified });
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
