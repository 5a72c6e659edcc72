import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, identityCommitment, verifyRegistered } from "@anamnesis/protocol";
import type { Registration } from "@anamnesis/protocol";
import type { RegistryDeps } from "./deps.ts";
import { institutionNamed } from "./institutions.ts";
import type { Person } from "./enrolments.ts";

/**
 * What somebody beside the registry signed about a new person: their registrar, or for a registrar the institution's
 * node.
 *
 * @throws {AnamnesisError} REGISTRATION_INVALID when they signed for other keys, another name, role or identifier.
 */
export function registrationFor(
  deps: Pick<RegistryDeps, "people" | "trust" | "store">,
  person: Person,
): Registration {
  const { institution, identifier, salt, registrar, registered: signature } = person;
  const commitment = identityCommitment(salt, identifier);
  const publicKey =
    registrar === null
      ? institutionNamed(deps, institution)?.nodeKey
      : deps.people.certificate(toHex(registrar))?.signingKey;
  const isSigned =
    publicKey !== undefined &&
    verifyRegistered({ ...person, commitment }, { type: "REGISTERED", publicKey, signature });
  if (!isSigned)
    throw new AnamnesisError(
      "REGISTRATION_INVALID",
      "Enrolment refused: nobody of the institution has signed for this person and these keys",
    );
  return { institution, registrar, commitment, signature };
}
