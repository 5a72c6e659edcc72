import { httpBlobDir, IDENTITY_FILE, makeSession, openDevice } from "@anamnesis/client";
import type { BlobDir, Session } from "@anamnesis/client";
import { Part } from "@anamnesis/http";
import { AnamnesisError, demoRoutes, parseTrust } from "@anamnesis/protocol";

/**
 * Opens the device of a demonstration person: the identity comes once from the portal's demo route, the items stay
 * sealed wherever they travel. The seed lives in this worker and goes nowhere. The curve engine is not loaded yet.
 *
 * @param origin - The portal's own.
 * @throws {AnamnesisError} NOT_FOUND (no such person), UNAVAILABLE, and those of opening a device.
 */
export async function openDemoSession(origin: string, name: string): Promise<Session> {
  const portal = new Part("portal", origin);
  const [trust, device] = await Promise.all([
    portal
      .call(demoRoutes.getTrust, {})
      .then((bytes) => parseTrust(new TextDecoder().decode(bytes))),
    openDevice(demoDir(portal, `${origin}/demo/people/${encodeURIComponent(name)}`, name)),
  ]);
  if (!device.demo)
    throw new AnamnesisError("FORBIDDEN", "The portal opens demonstration devices only");
  return makeSession(device, trust);
}

function demoDir(portal: Part, base: string, name: string): BlobDir {
  const items = httpBlobDir(base);
  return {
    list: () => items.list(),
    read: (file) =>
      file === IDENTITY_FILE
        ? portal.call(demoRoutes.getIdentity, { params: { name } })
        : items.read(file),
    write: (file, bytes) => items.write(file, bytes),
    remove: (file) => items.remove(file),
  };
}
