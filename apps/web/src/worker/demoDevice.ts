import { httpBlobDir, IDENTITY_FILE, openDevice, openSession } from "@anamnesis/client";
import type { BlobDir, Session } from "@anamnesis/client";
import { AnamnesisError, parseTrust } from "@anamnesis/protocol";

/**
 * Opens the device of a demonstration person: the identity comes once from the portal's demo route, the items stay
 * sealed wherever they travel. The seed lives in this worker and goes nowhere.
 *
 * @param origin - The portal's own.
 * @throws {AnamnesisError} NOT_FOUND (no such person), UNAVAILABLE, and those of opening a device.
 */
export async function openDemoSession(origin: string, name: string): Promise<Session> {
  const base = `${origin}/demo/people/${encodeURIComponent(name)}`;
  const [trust, device] = await Promise.all([
    read(`${origin}/trust.json`).then((bytes) => parseTrust(new TextDecoder().decode(bytes))),
    openDevice(demoDir(base)),
  ]);
  if (!device.demo)
    throw new AnamnesisError("FORBIDDEN", "The portal opens demonstration devices only");
  return openSession(device, trust);
}

function demoDir(base: string): BlobDir {
  const items = httpBlobDir(`${base}/items`);
  return {
    list: () => items.list(),
    read: (name) => (name === IDENTITY_FILE ? read(base) : items.read(name)),
    write: (name, bytes) => items.write(name, bytes),
    remove: (name) => items.remove(name),
  };
}

async function read(url: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { cache: "no-store" });
  } catch (cause) {
    throw new AnamnesisError("UNAVAILABLE", "The portal's server does not answer", { cause });
  }
  if (response.status === 404)
    throw new AnamnesisError("NOT_FOUND", "There is no such demonstration person");
  if (!response.ok)
    throw new AnamnesisError("UNAVAILABLE", `The portal's server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
