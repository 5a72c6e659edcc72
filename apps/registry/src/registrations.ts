import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, identityCommitment, verifyRegistered } from "@anamnesis/protocol";
import type { Registration } from "@anamnesis/protocol";
import type { RegistryDeps } from "./deps.ts";
import type { Person } from "./enrolments.ts";

/**
 * What somebody beside the registry signed about a new person: their registrar, or for a registrar the institution's
 * node.
 *
 * @throws {AnamnesisError} REGISTRATION_INVALID when they signed for other keys, another name, role or identifier.
 */
export function registrationFor(
  deps: Pick<RegistryDeps, "people" | "trust">,
  person: Person,
): Registration {
  const { institution, identifier, salt, registrar, registered: signature } = person;
  const commitment = identityCommitment(salt, identifier);
  const publicKey =
    registrar === null
      ? nodeKeyOf(deps, institution)
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

const nodeKeyOf = ({ trust }: Pick<RegistryDeps, "trust">, institution: string) =>
  trust.chains.flatMap(({ members }) => members).find(({ id }) => id === institution)?.nodeKey;
