/**
 * The entry of the child process in which a new person's keys are born: it makes the device, asks for a certificate, and
 * keeps it. The registrar's process sees the request and the sealed certificate, never a key.
 */
import { readFile, rm } from "node:fs/promises";
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

export type KeysCall =
  /** Makes the device → the certificate request and the box key. */
  | { readonly id: number; readonly verb: "make"; readonly person: NewPerson }
  /** Keeps the certificate, sealed to the new person or (registrars) as it is; patients get their contact box → the fingerprint. */
  | {
      readonly id: number;
      readonly verb: "keep";
      readonly folder: string;
      readonly trustFile: string;
      readonly certificate: { readonly sealed: Uint8Array } | { readonly credential: Credential };
    }
  /** Enrolment failed: the device goes again. */
  | { readonly id: number; readonly verb: "drop"; readonly folder: string };

/** Devices that were made here and have no certificate yet. */
const made = new Map<string, Device>();

async function answer(call: KeysCall): Promise<unknown> {
  switch (call.verb) {
    case "make": {
      const { folder, protection, name, role, institution } = call.person;
      const device = await createDevice(
        deviceDir(folder),
        makeKeys({ role, name, institution }),
        protection,
      );
      made.set(folder, device);
      return certificateRequest(device);
    }
    case "keep": {
      const device = made.get(call.folder);
      if (device === undefined)
        throw new InvariantError("a certificate comes only for a device that was made here");
      const trust = parseTrust(await readFile(call.trustFile, "utf8"));
      if ("credential" in call.certificate)
        await keepCertificate(device, trust, call.certificate.credential);
      else await acceptCertificate(device, trust, call.certificate.sealed);
      if (device.role === "patient") await openContactBox(await openSession(device, trust));
      made.delete(call.folder);
      return fingerprintOf((await device.certificate()).der);
    }
    case "drop":
      if (made.delete(call.folder)) await rm(call.folder, { recursive: true, force: true });
      return undefined;
  }
}

process.on("message", (call: KeysCall) => {
  answer(call).then(
    (value) => process.send?.({ id: call.id, ok: true, value }),
    (error: unknown) => {
      const { code, message } = error as { code?: unknown; message?: unknown };
      process.send?.({
        id: call.id,
        ok: false,
        code: typeof code === "string" ? code : "INTERNAL",
        message: String(message),
      });
    },
  );
});
process.on("disconnect", () => process.exit(0));
