import { readdir } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { IDENTITY_FILE, isDemoDevice, openDevice } from "@anamnesis/client";
import type { Affiliation, BlobDir } from "@anamnesis/client";
import { affiliationsOf } from "@anamnesis/client/person";
import { AnamnesisError } from "@anamnesis/protocol";
import { deviceDir, parsePersonName, places } from "@anamnesis/client/folder";

interface OfPerson {
  Params: { name: string };
}
interface OfItem {
  Params: { name: string; file: string };
}

/**
 * The demo persons' devices for the browser: who they are, the identity with its demo key, and the sealed items, so that
 * the portal and the command line share one device. Exists only where every genesis says `demo: true`, and serves only
 * devices that are marked as demo, and never a registrar's: whoever has that key can make anybody a doctor.
 */
export function demoRoutes(app: FastifyInstance, dir: string): void {
  const deviceOf = async (name: string): Promise<BlobDir> => {
    const device = deviceDir(places(dir).device(parsePersonName(name)));
    if (!(await isDemoDevice(device)) || (await openDevice(device)).role === "registrar")
      throw new AnamnesisError("FORBIDDEN", "This device is no demo person's");
    return device;
  };

  app.get("/demo/people", async () => ({ people: await demoPeople(dir) }));

  app.get<OfPerson>("/demo/people/:name", async (request, reply) => {
    const device = await deviceOf(request.params.name);
    void reply.type("application/json").header("cache-control", "no-store");
    return Buffer.from((await device.read(IDENTITY_FILE)) ?? []);
  });

  app.get<OfPerson>("/demo/people/:name/items", async (request, reply) => {
    void reply.header("cache-control", "no-store");
    return { files: await (await deviceOf(request.params.name)).list() };
  });

  app.get<OfItem>("/demo/people/:name/items/:file", async (request, reply) => {
    const bytes = await (await deviceOf(request.params.name)).read(request.params.file);
    if (bytes === undefined) throw new AnamnesisError("NOT_FOUND", "The device has no such item");
    void reply.type("application/octet-stream").header("cache-control", "no-store");
    return Buffer.from(bytes);
  });

  app.put<OfItem>("/demo/people/:name/items/:file", async (request, reply) => {
    const { name, file } = request.params;
    if (!(request.body instanceof Uint8Array))
      throw new AnamnesisError("BAD_REQUEST", "An item is octets, want application/octet-stream");
    refuseIdentity(file);
    await (await deviceOf(name)).write(file, request.body);
    return reply.status(204).send();
  });

  app.delete<OfItem>("/demo/people/:name/items/:file", async (request, reply) => {
    const { name, file } = request.params;
    refuseIdentity(file);
    await (await deviceOf(name)).remove(file);
    return reply.status(204).send();
  });
}

function refuseIdentity(file: string): void {
  if (file === IDENTITY_FILE)
    throw new AnamnesisError("FORBIDDEN", "A device's identity is not changed from the portal");
}

export interface DemoPerson extends Affiliation {
  readonly name: string;
  /** What they are besides, under other certificates of the same device. */
  readonly besides: readonly Affiliation[];
}

/** Patients and staff whose devices are marked as demo, by name; registrars are left out. */
export async function demoPeople(dir: string): Promise<DemoPerson[]> {
  const found: DemoPerson[] = [];
  for (const name of (await readdir(places(dir).devices)).toSorted()) {
    const blobs = deviceDir(places(dir).device(name));
    try {
      if (!(await isDemoDevice(blobs))) continue;
      const device = await openDevice(blobs);
      const { role, institution } = device;
      if (role === "registrar") continue;
      const [, ...besides] = await affiliationsOf(device);
      found.push({ name, role, institution, besides });
    } catch {
      // A folder that is not a readable device is nobody's.
    }
  }
  return found;
}
