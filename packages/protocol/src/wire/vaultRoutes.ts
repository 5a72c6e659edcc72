import { bytes, hexId, object, uint } from "../shape.ts";
import { json, nothing, stream } from "./body.ts";
import { bearer, operator, route } from "./route.ts";

/** Where an object lies: 32 random bytes. It says nothing about what is inside. */
const objectId = { id: hexId<string>() };
const objectBytesMax = 64 * 1024 ** 3;
const TRANSFER_MS = 30 * 60_000;
const SMALL_BYTES = 4 * 1024;
const bearing = ["TICKET_INVALID", "TICKET_FOR_ANOTHER_VAULT"] as const;

const stored = json("Stored object", object({ sha256: bytes(32), bytes: uint }), SMALL_BYTES);

/** Objects (H-20 to H-22) at a vault. */
export const vaultRoutes = {
  putObject: route({
    method: "PUT",
    path: "/objects/{id}",
    params: objectId,
    caller: bearer,
    request: stream(objectBytesMax),
    response: stored,
    timeoutMs: TRANSFER_MS,
    codes: [...bearing, "OBJECT_EXISTS", "STORAGE_FULL"],
    summary: "Store an object once",
    spec: "H-20",
  }),
  getObject: route({
    method: "GET",
    path: "/objects/{id}",
    params: objectId,
    caller: bearer,
    request: nothing,
    response: stream(objectBytesMax),
    timeoutMs: TRANSFER_MS,
    codes: [...bearing, "TICKET_FOR_ANOTHER_CHAIN", "OBJECT_CORRUPT"],
    summary: "Read an object",
    spec: "H-21",
  }),
  headObject: route({
    method: "HEAD",
    path: "/objects/{id}",
    params: objectId,
    caller: bearer,
    request: nothing,
    response: stream(objectBytesMax),
    codes: [...bearing, "TICKET_FOR_ANOTHER_CHAIN", "OBJECT_CORRUPT"],
    summary: "Check an object",
    spec: "H-21",
  }),
  keepObject: route({
    method: "POST",
    path: "/objects/{id}/keep",
    params: objectId,
    caller: bearer,
    request: nothing,
    response: stored,
    codes: [...bearing, "TICKET_FOR_ANOTHER_CHAIN"],
    summary: "Have an object kept",
    spec: "H-61",
  }),
  scrub: route({
    method: "POST",
    path: "/scrub",
    params: {},
    caller: operator,
    request: nothing,
    response: json(
      "Result of a scrub",
      object({
        objects: uint,
        repaired: uint,
        lost: uint,
        differing: uint,
        alone: uint,
        swept: uint,
      }),
      SMALL_BYTES,
    ),
    timeoutMs: TRANSFER_MS,
    codes: ["FORBIDDEN"],
    summary: "Forget what nobody had kept, check and repair every object",
    spec: "H-22",
  }),
} as const;
