import { piecesOf, streamOf, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, vaultRoutes } from "@anamnesis/protocol";
import type { ByteStream, ResponseOf, Ticket } from "@anamnesis/protocol";
import { handling } from "@anamnesis/server";
import type { Certified, Handled } from "@anamnesis/server";
import type { Repairs, ScrubResult } from "./repairs.ts";
import { parseObjectId } from "./store.ts";
import type { CheckedObject, NamedObject, Store } from "./store.ts";
import { assertOfItsChain, checkTicket } from "./tickets.ts";
import type { TicketRules } from "./tickets.ts";

/** Nobody signs here: a ticket is all that a vault asks for. */
const handle = handling<Certified>();

export interface VaultDeps extends TicketRules {
  readonly objects: Store;
  readonly repairs: Repairs;
  readonly objectBytesMax: number;
  scrub(): Promise<ScrubResult>;
}

export const routes = (deps: VaultDeps): readonly Handled<Certified>[] => [
  handle(vaultRoutes.putObject, ({ params, body, caller }) => {
    checkTicket(caller, { action: "put", object: params.id }, deps);
    return putObject(deps, { id: parseObjectId(params.id), chain: caller.chain }, body);
  }),
  handle(vaultRoutes.getObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const object = await find(deps, caller);
    await deps.objects.keep(object.id);
    const content = streamOf(untilClosed(object), () => object.close());
    return { bytes: object.bytes, sha256: object.sha256, content };
  }),
  handle(vaultRoutes.headObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const object = await find(deps, caller);
    await object.close();
    return { bytes: object.bytes, sha256: object.sha256, content: streamOf([]) };
  }),
  handle(vaultRoutes.keepObject, async ({ params, caller }) => {
    checkTicket(caller, { action: "get", object: params.id }, deps);
    const id = parseObjectId(params.id);
    const known = await deps.objects.known(id);
    if (known === undefined) throw notFound();
    assertOfItsChain(caller, known);
    if (!(await deps.objects.keep(id))) throw notFound();
    return { bytes: known.bytes, sha256: known.sha256 };
  }),
  handle(vaultRoutes.scrub, () => deps.scrub()),
];

/** Durable when it answers; whatever goes wrong before leaves nothing. */
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
    const { sha256, bytes: stored } = await upload.commit();
    return { sha256, bytes: stored };
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** A damaged object is repaired from another vault, whose copy the reader gets from there meanwhile. */
async function find({ objects, repairs }: VaultDeps, ticket: Ticket): Promise<CheckedObject> {
  const id = parseObjectId(toHex(ticket.object));
  const object = await objects.open(id).catch((error: unknown) => {
    if (error instanceof AnamnesisError && error.code === "OBJECT_CORRUPT")
      void repairs.repair(id).catch(() => undefined);
    throw error;
  });
  if (object === undefined) throw notFound();
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

const notFound = (): AnamnesisError =>
  new AnamnesisError("NOT_FOUND", "There is no object with this id");

const tooLarge = ({ objectBytesMax }: VaultDeps): AnamnesisError =>
  new AnamnesisError("TOO_LARGE", `Object refused: at most ${objectBytesMax} bytes wanted`);
