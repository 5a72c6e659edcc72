import type { Role } from "@anamnesis/protocol";
import type { Protection } from "../deviceFile.ts";
import { enrol } from "../person/identity.ts";
import type { Session } from "../session.ts";
import { places } from "./federationFile.ts";
import type { KeysProcess } from "./keysProcess.ts";

export interface EnrolledPerson {
  readonly name: string;
  readonly role: Role;
  readonly institution: string;
  readonly fingerprint: string;
}

/**
 * Enrols one person: the child makes the device, the registrar attests it, the child keeps the certificate. A device
 * without a certificate does not stay behind.
 *
 * @param registrar - A session with the registrar's device.
 * @throws {AnamnesisError} DEVICE_EXISTS, ALREADY_ENROLLED, and what the registry answers.
 */
export async function enrolPerson(
  dir: string,
  registrar: Session,
  keys: KeysProcess,
  person: {
    readonly name: string;
    readonly role: Role;
    readonly identifier: string;
    readonly protection: Protection;
  },
): Promise<EnrolledPerson> {
  const { name, role, identifier, protection } = person;
  const { institution } = registrar.device;
  const folder = places(dir).device(name);
  const request = await keys.make({ name, role, institution, folder, protection });
  try {
    const sealed = await enrol(registrar, { request, role, name, identifier });
    const fingerprint = await keys.keep(folder, places(dir).trust, { sealed });
    return { name, role, institution, fingerprint };
  } catch (error) {
    await keys.drop(folder);
    throw error;
  }
}
