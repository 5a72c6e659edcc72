/** Who vouches for people in tests: a registrar of each institution, whom genesis documents name, and the nodes for those. */
import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { concat, i2osp, sha256, utf8 } from "@anamnesis/crypto/verify";
import { identityCommitment, registeredBytes } from "@anamnesis/protocol";
import type {
  GenesisRegistrar,
  InstitutionId,
  Registered,
  RegistrationType,
} from "@anamnesis/protocol";
import { boxKeyOf, bytesOf, keyOf } from "./keys.ts";

/** The label of a registrar's keys, and their name. */
export const registrarName = (institution: string): string => `Registrar of ${institution}`;

/** What stands for a certificate where nobody reads X.509. */
export const madeUpDer = (name: string, validTo: number): Uint8Array =>
  concat(utf8(name), i2osp(validTo, 8));

/** 2100-01-01T00:00:00Z */
const registrarsEnd = 4_102_444_800_000;

/** Fingerprint of the registrar whom genesis documents name. */
export const registrarOf = (institution: string): Uint8Array =>
  sha256(madeUpDer(registrarName(institution), registrarsEnd));

/** A commitment to whoever bears this name. */
export const commitmentTo = (name: string): Uint8Array =>
  identityCommitment(bytesOf(`salt of ${name}`), name);

/** @param node - With whose key the institution's node vouches. */
export function genesisRegistrar(
  institution: InstitutionId,
  node: Pick<SigningKeypair, "secretKey"> = keyOf(institution),
): GenesisRegistrar {
  const name = registrarName(institution);
  const fields = {
    issuer: "care",
    name,
    institution,
    signingKey: keyOf(name).publicKey,
    boxKey: boxKeyOf(name),
    validFrom: 0,
    validTo: registrarsEnd,
    der: madeUpDer(name, registrarsEnd),
    commitment: commitmentTo(name),
  };
  return { ...fields, registered: registeredBy(node, { ...fields, role: "registrar" }) };
}

export const registeredBy = (
  { secretKey }: Pick<SigningKeypair, "secretKey">,
  about: Registered,
  type: RegistrationType = "REGISTERED",
): Uint8Array => sign({ type, message: registeredBytes(about), secretKey });

/**
 * The same certificate, vouched for by another.
 *
 * @param registrar - Fingerprint of the certificate whose key it says made the signature; `null` for a node's.
 */
export const vouchedBy = <F extends Registered>(
  fields: F,
  registrar: Uint8Array | null,
  key: Pick<SigningKeypair, "secretKey">,
  type?: RegistrationType,
): F & { readonly registrar: Uint8Array | null; readonly registered: Uint8Array } => ({
  ...fields,
  registrar,
  registered: registeredBy(key, fields, type),
});
