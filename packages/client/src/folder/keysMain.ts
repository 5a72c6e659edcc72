/**
 * The entry of the child process in which a new person's keys are born: it makes the device, asks for a certificate, and
 * keeps it. The registrar's process sees the request and the sealed certificate, never a key.
 */
import { readFile, rm } from "node:fs/promises";
import { createBirpc } from "birpc";
import { AnamnesisError, fingerprintOf, InvariantError, parseTrust } from "@anamnesis/protocol";
import type { Credential, Role } from "@anamnesis/protocol";
import { createDevice, openDevice } from "../device.ts";
import type { Affiliation, Device } from "../device.ts";
import type { Protection } from "../deviceFile.ts";
import { affiliationsOf, noteAffiliation } from "../person/affiliations.ts";
import { openContactBox } from "../person/contactBox.ts";
import {
  acceptCertificate,
  certificateRequest,
  keepCertificate,
  makeKeys,
} from "../person/identity.ts";
import { openSession } from "../session.ts";
import { deviceDir } from "./deviceDir.ts";

export interface NewPerson {
  readonly name: string;
  readonly role: Role;
  readonly institution: string;
  /** The device's folder. */
  readonly folder: string;
  readonly protection: Protection;
}

export interface NewAffiliation extends Affiliation {
  /** The device's folder. */
  readonly folder: string;
  readonly passphrase: string | undefined;
}

export interface KeysCalls {
  /** Makes the device. @returns the certificate request to attest. @throws {AnamnesisError} DEVICE_EXISTS */
  make(person: NewPerson): Promise<Uint8Array>;
  /**
   * Opens a device that is there, for another certificate of its person. @returns the certificate request to attest.
   * @throws {AnamnesisError} NOT_FOUND, PASSPHRASE_REQUIRED, PASSPHRASE_WRONG; ALREADY_ENROLLED: it has one there in that role.
   */
  affiliate(person: NewAffiliation): Promise<Uint8Array>;
  /**
   * Keeps the certificate, sealed to the new person or (registrars) as it is; patients get their contact box.
   * @returns the certificate's fingerprint.
   */
  keep(
    folder: string,
    trustFile: string,
    certificate: { readonly sealed: Uint8Array } | { readonly credential: Credential },
  ): Promise<string>;
  /** Enrolment failed: a device that was made here and got no certificate goes again. */
  drop(folder: string): Promise<void>;
}

/** Devices that were made here and have no certificate yet. */
const made = new Map<string, Device>();
/** Devices that were there before, with whom they are to be beside. */
const joining = new Map<string, { readonly first: Device; readonly affiliated: Device }>();

const calls: KeysCalls = {
  make: async ({ folder, protection, name, role, institution }) => {
    const device = await createDevice(
      deviceDir(folder),
      makeKeys({ role, name, institution }),
      protection,
    );
    made.set(folder, device);
    return certificateRequest(device);
  },
  affiliate: async ({ folder, passphrase, role, institution }) => {
    const first = await openDevice(deviceDir(folder), { passphrase });
    const known = await affiliationsOf(first);
    if (known.some((one) => one.institution === institution && one.role === role))
      throw new AnamnesisError(
        "ALREADY_ENROLLED",
        `'${first.name}' is ${role} at ${institution} already`,
      );
    const affiliated = first.as({ role, institution });
    joining.set(folder, { first, affiliated });
    return certificateRequest(affiliated);
  },
  keep: async (folder, trustFile, certificate) => {
    const joined = joining.get(folder);
    const device = joined?.affiliated ?? made.get(folder);
    if (device === undefined)
      throw new InvariantError("a certificate comes only for a device that was made here");
    const trust = parseTrust(await readFile(trustFile, "utf8"));
    if ("credential" in certificate) await keepCertificate(device, trust, certificate.credential);
    else await acceptCertificate(device, trust, certificate.sealed);
    if (device.role === "patient") await openContactBox(await openSession(device, trust));
    if (joined !== undefined) await noteAffiliation(joined.first, affiliationOf(device));
    made.delete(folder);
    joining.delete(folder);
    return fingerprintOf((await device.certificate()).der);
  },
  drop: async (folder) => {
    joining.delete(folder);
    if (made.delete(folder)) await rm(folder, { recursive: true, force: true });
  },
};

const affiliationOf = ({ role, institution }: Affiliation): Affiliation => ({ role, institution });

createBirpc<object, KeysCalls>(calls, {
  post: (message) => process.send?.(message),
  on: (listener) => process.on("message", listener),
  // An error keeps no code when it crosses.
  serialize: (message) => ("e" in message ? { ...message, e: plain(message.e) } : message),
  timeout: -1,
});
process.on("disconnect", () => process.exit(0));

function plain(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "INTERNAL", message: String(message) };
}
