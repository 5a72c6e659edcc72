import { toBase64url } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Answer, Incoming, Route } from "@anamnesis/server";
import type { ReplicaSet } from "./replicaSet.ts";
import { parseObjectId } from "./store.ts";
import type { CheckedObject, ObjectId } from "./store.ts";
import { checkTicket, ticketHeader } from "./tickets.ts";
import type { NodeKeys } from "./tickets.ts";

export interface VaultDeps {
  readonly objects: ReplicaSet;
  readonly keys: NodeKeys;
  readonly objectBytesMax: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export const routes = (deps: VaultDeps): readonly Route[] => [
  {
    method: "PUT",
    url: "/objects/:id",
    spec: "H-20",
    summary: "Store an object once",
    handle: (request) => putObject(deps, request),
  },
  {
    method: "GET",
    url: "/objects/:id",
    spec: "H-21",
    summary: "Read an object",
    handle: (request) => getObject(deps, request),
  },
  {
    method: "HEAD",
    url: "/objects/:id",
    spec: "H-21",
    summary: "Check an object",
    handle: (request) => headObject(deps, request),
  },
  {
    method: "POST",
    url: "/scrub",
    spec: "H-22",
    summary: "Check and mend every replica (loopback only)",
    handle: (request) => scrub(deps, request),
  },
];

/** PUT /objects/{id}. On ≥ 2 replicas when it answers; whatever goes wrong before leaves nothing. */
async function putObject(deps: VaultDeps, request: Incoming): Promise<Answer> {
  const id = admitted(deps, request, "put");
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > deps.objectBytesMax) throw tooLarge(deps);
  const upload = await deps.objects.begin(id);
  try {
    let bytes = 0;
    for await (const chunk of request.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > deps.objectBytesMax) throw tooLarge(deps);
      await upload.write(chunk);
    }
    const stored = await upload.commit();
    return {
      body: { sha256: toBase64url(stored.sha256), bytes: stored.bytes, replicas: stored.replicas },
    };
  } catch (error) {
    await upload.abort();
    throw brokenOff(error);
  }
}

/** GET /objects/{id}. The whole object was checked before the first byte leaves. */
async function getObject(deps: VaultDeps, request: Incoming): Promise<Answer> {
  const object = await find(deps, admitted(deps, request, "get"));
  return { headers: describe(object), body: untilClosed(object) };
}

async function headObject(deps: VaultDeps, request: Incoming): Promise<Answer> {
  const object = await find(deps, admitted(deps, request, "get"));
  await object.close();
  return { headers: describe(object) };
}

/** POST /scrub, for the operator of this machine; pages in a browser are not, nor whom a reverse proxy speaks for. */
async function scrub(deps: VaultDeps, request: Incoming): Promise<Answer> {
  const isLoopback = /^(?:::ffff:)?127\.|^::1$/.test(request.remoteAddress);
  const isForAnother = ["origin", "forwarded", "x-forwarded-for", "via"].some(
    (name) => request.headers[name] !== undefined,
  );
  if (!isLoopback || isForAnother) {
    throw new AnamnesisError(
      "FORBIDDEN",
      "Scrub refused: only the operator of this machine may ask for it",
    );
  }
  return { body: await deps.objects.scrub() };
}

function admitted(deps: VaultDeps, request: Incoming, action: "get" | "put"): ObjectId {
  const id = parseObjectId(request.params["id"] ?? "");
  checkTicket(
    request.headers[ticketHeader],
    { action, object: id },
    { keys: deps.keys, now: deps.now() },
  );
  return id;
}

async function find(deps: VaultDeps, id: ObjectId): Promise<CheckedObject> {
  const object = await deps.objects.open(id);
  if (object === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no object with this id");
  return object;
}

const describe = ({ bytes, sha256 }: CheckedObject): Record<string, string> => ({
  "content-length": String(bytes),
  // RFC 9530
  "repr-digest": `sha-256=:${Buffer.from(sha256).toString("base64")}:`,
});

async function* untilClosed(object: CheckedObject): AsyncIterable<Uint8Array> {
  try {
    yield* object.content();
  } finally {
    await object.close();
  }
}

const tooLarge = ({ objectBytesMax }: VaultDeps): AnamnesisError =>
  new AnamnesisError("TOO_LARGE", `Object refused: at most ${objectBytesMax} bytes wanted`);

/** A caller who hangs up is no fault of the vault's. */
const brokenOff = (error: unknown): unknown =>
  error instanceof AnamnesisError
    ? error
    : new AnamnesisError("BAD_REQUEST", "Upload broke off; nothing of it was kept", {
        cause: error,
      });
