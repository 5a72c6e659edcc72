import { AnamnesisError, vaultRoutes } from "@anamnesis/protocol";
import type { ByteStream, ResponseOf } from "@anamnesis/protocol";
import { handling } from "@anamnesis/server";
import type { Certified, Handled } from "@anamnesis/server";
import type { ReplicaSet } from "./replicaSet.ts";
import { parseObjectId } from "./store.ts";
import type { CheckedObject } from "./store.ts";
import { checkTicket } from "./tickets.ts";
import type { NodeKeys } from "./tickets.ts";

/** Nobody signs here: a ticket is all that a vault asks for. */
const handle = handling<Certified>();

export interface VaultDeps {
  readonly objects: ReplicaSet;
  readonly keys: NodeKeys;
  readonly objectBytesMax: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export const routes = (deps: VaultDeps): readonly Handled<Certified>[] => [
  handle(vaultRoutes.putObject, ({ params, body, caller }) => {
    checkTicket(caller, { action: "put", object: params.id }, deps);
    return putObject(deps, params.id, body);
  }),
  handle(vaultRoutes.getObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const object = await find(deps, params.id);
    return { bytes: object.bytes, sha256: object.sha256, content: untilClosed(object) };
  }),
  handle(vaultRoutes.headObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const object = await find(deps, params.id);
    await object.close();
    return { bytes: object.bytes, sha256: object.sha256, content: noContent() };
  }),
  handle(vaultRoutes.scrub, () => deps.objects.scrub()),
];

/** On ≥ 2 replicas when it answers; whatever goes wrong before leaves nothing. The whole object is checked on its way out. */
async function putObject(
  deps: VaultDeps,
  id: string,
  { bytes: announced = 0, content }: ByteStream,
): Promise<ResponseOf<typeof vaultRoutes.putObject>> {
  if (announced > deps.objectBytesMax) throw tooLarge(deps);
  const upload = await deps.objects.begin(parseObjectId(id));
  try {
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > deps.objectBytesMax) throw tooLarge(deps);
      await upload.write(chunk);
    }
    const { sha256, bytes: stored, replicas } = await upload.commit();
    return { sha256, bytes: stored, replicas };
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

async function find(deps: VaultDeps, id: string): Promise<CheckedObject> {
  const object = await deps.objects.open(parseObjectId(id));
  if (object === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no object with this id");
  return object;
}

async function* untilClosed(object: CheckedObject): AsyncIterable<Uint8Array> {
  try {
    yield* object.content();
  } finally {
    await object.close();
  }
}

const tooLarge = ({ objectBytesMax }: VaultDeps): AnamnesisError =>
  new AnamnesisError("TOO_LARGE", `Object refused: at most ${objectBytesMax} bytes wanted`);

async function* noContent(): AsyncIterable<Uint8Array> {}
