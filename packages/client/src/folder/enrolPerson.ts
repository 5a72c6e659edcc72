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

/** Whom a registrar attests, and where the device lies or is to lie. */
interface Attested {
  readonly name: string;
  readonly role: Role;
  readonly identifier: string;
}

/**
 * Enrols one person: the child makes the device, the registrar attests it, the child keeps the certificate. A device
 * without a certificate does not stay behind.
 *
 * @param registrar - A session with the registrar's device.
 * @param person.replaces - Fingerprint of the certificate whose device was lost; this one takes its place.
 * @throws {AnamnesisError} DEVICE_EXISTS, ALREADY_ENROLLED, and what the registry answers.
 */
export async function enrolPerson(
  dir: string,
  registrar: Session,
  keys: KeysProcess,
  person: Attested & { readonly protection: Protection; readonly replaces?: string },
): Promise<EnrolledPerson> {
  const { name, role, protection } = person;
  const { institution } = registrar.device;
  const folder = places(dir).device(name);
  const request = await keys.make({ name, role, institution, folder, protection });
  return certify(dir, registrar, keys, { ...person, request });
}

/**
 * Enrols a person whose device is there in another role, or at another institution: the same device, another certificate.
 *
 * @throws {AnamnesisError} NOT_FOUND, PASSPHRASE_REQUIRED, PASSPHRASE_WRONG, ALREADY_ENROLLED, and what the registry answers.
 */
export async function affiliatePerson(
  dir: string,
  registrar: Session,
  keys: KeysProcess,
  person: Attested & { readonly passphrase: string | undefined },
): Promise<EnrolledPerson> {
  const { name, role, passphrase } = person;
  const { institution } = registrar.device;
  const folder = places(dir).device(name);
  const request = await keys.affiliate({ role, institution, folder, passphrase });
  return certify(dir, registrar, keys, { ...person, request });
}

async function certify(
  dir: string,
  registrar: Session,
  keys: KeysProcess,
  {
    name,
    role,
    ...attested
  }: Attested & { readonly request: Uint8Array; readonly replaces?: string },
): Promise<EnrolledPerson> {
  const { institution } = registrar.device;
  const folder = places(dir).device(name);
  try {
    const sealed = await enrol(registrar, { ...attested, role, name });
    const fingerprint = await keys.keep(folder, places(dir).trust, { sealed });
    return { name, role, institution, fingerprint };
  } catch (error) {
    await keys.drop(folder);
    throw error;
  }
}
