/**
 * The entry of the child process in which a new person's keys are born: it makes the device, asks for a certificate, and
 * keeps it. The registrar's process sees the request and the sealed certificate, never a key.
 */
import { readFile, rm } from "node:fs/promises";
import { createBirpc } from "birpc";
import { fingerprintOf, InvariantError, parseTrust } from "@anamnesis/protocol";
import type { Credential, Role } from "@anamnesis/protocol";
import { createDevice } from "../device.ts";
import type { Device } from "../device.ts";
import type { Protection } from "../deviceFile.ts";
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

export interface KeysCalls {
  /** Makes the device. @returns the certificate request to attest. @throws {AnamnesisError} DEVICE_EXISTS */
  make(person: NewPerson): Promise<Uint8Array>;
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
  keep: async (folder, trustFile, certificate) => {
    const device = made.get(folder);
    if (device === undefined)
      throw new InvariantError("a certificate comes only for a device that was made here");
    const trust = parseTrust(await readFile(trustFile, "utf8"));
    if ("credential" in certificate) await keepCertificate(device, trust, certificate.credential);
    else await acceptCertificate(device, trust, certificate.sealed);
    if (device.role === "patient") await openContactBox(await openSession(device, trust));
    made.delete(folder);
    return fingerprintOf((await device.certificate()).der);
  },
  drop: async (folder) => {
    if (made.delete(folder)) await rm(folder, { recursive: true, force: true });
  },
};

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
