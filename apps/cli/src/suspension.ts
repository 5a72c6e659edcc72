import { registrarOf } from "@anamnesis/client/folder";
import { suspendCertificate } from "@anamnesis/client/person";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "./actor.ts";
import { changeMember, institutionId, staffNamed } from "./memberChange.ts";
import type { CommandOptions } from "./options.ts";

/**
 * Suspends a certificate, or lifts that: at the registry as the institution's registrar, and of staff on the chains by the
 * institution's node; or on the chains alone by those who vote.
 *
 * @param until - Unix milliseconds; 0 lifts.
 * @returns the certificate's fingerprint.
 * @throws {AnamnesisError} NOT_FOUND, AMBIGUOUS_NAME, FORBIDDEN, BAD_REQUEST; slip codes.
 */
export async function suspendPerson(
  options: CommandOptions,
  who: string,
  until: number,
): Promise<string> {
  const institution = institutionId(options["at"]);
  const staff = await staffNamed(options, who, institution);
  const fingerprint = staff?.fingerprint ?? who;
  const isByVoters = options["byVoters"] === true;
  if (!/^[0-9a-f]{64}$/.test(fingerprint) || (isByVoters && staff === undefined))
    throw new AnamnesisError(
      "NOT_FOUND",
      `Nobody at ${institution} is called '${who}'; a patient is named by the fingerprint of their certificate`,
    );
  if (!isByVoters) {
    const registrar = await actingAs(options, registrarOf(institution), ["registrar"]);
    await suspendCertificate(registrar, fingerprint, until);
  }
  const by = isByVoters ? "voters" : "institution";
  if (staff !== undefined)
    await changeMember(options, { what: "suspend-staff", fingerprint, institution, until, by });
  return fingerprint;
}
