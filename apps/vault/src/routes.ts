import { piecesOf, streamOf, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, vaultRoutes } from "@anamnesis/protocol";
import type { ByteStream, ResponseOf, Ticket } from "@anamnesis/protocol";
import { handling } from "@anamnesis/server";
import type { Certified, Handled } from "@anamnesis/server";
import type { ReplicaSet } from "./replicaSet.ts";
import { parseObjectId } from "./store.ts";
import type { CheckedObject, NamedObject } from "./store.ts";
import { assertOfItsChain, checkTicket } from "./tickets.ts";
import type { TicketRules } from "./tickets.ts";

/** Nobody signs here: a ticket is all that a vault asks for. */
const handle = handling<Certified>();

export interface VaultDeps extends TicketRules {
  readonly objects: ReplicaSet;
  readonly objectBytesMax: number;
}

export const routes = (deps: VaultDeps): readonly Handled<Certified>[] => [
  handle(vaultRoutes.putObject, ({ params, body, caller }) => {
    checkTicket(caller, { action: "put", object: params.id }, deps);
    return putObject(deps, { id: parseObjectId(params.id), chain: caller.chain }, body);
  }),
  handle(vaultRoutes.getObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const object = await find(deps, caller);
    return { bytes: object.bytes, sha256: object.sha256, content: streamOf(untilClosed(object)) };
  }),
  handle(vaultRoutes.headObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const object = await find(deps, caller);
    await object.close();
    return { bytes: object.bytes, sha256: object.sha256, content: streamOf([]) };
  }),
  handle(vaultRoutes.scrub, () => deps.objects.scrub()),
];

/** On ≥ 2 replicas when it answers; whatever goes wrong before leaves nothing. The whole object is checked on its way out. */
async function putObject(
  deps: VaultDeps,
  named: NamedObject,
  { bytes: announced = 0, content }: ByteStream,
): Promise<ResponseOf<typeof vaultRoutes.putObject>> {
  if (announced > deps.objectBytesMax) throw tooLarge(deps);
  const upload = await deps.objects.begin(named);
  try {
    let bytes = 0;
    for await (const chunk of piecesOf(content)) {
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

async function find(deps: VaultDeps, ticket: Ticket): Promise<CheckedObject> {
  const object = await deps.objects.open(parseObjectId(toHex(ticket.object)));
  if (object === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no object with this id");
  try {
    assertOfItsChain(ticket, object);
  } catch (error) {
    await object.close();
    throw error;
  }
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
