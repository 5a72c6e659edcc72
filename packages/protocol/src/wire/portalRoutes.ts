import { roles } from "../enrolment.ts";
import { limits } from "../limits.ts";
import { list, matching, object, oneOf, text } from "../shape.ts";
import { json, nothing, octets } from "./body.ts";
import { anybody, route } from "./route.ts";

/** A file of a device: what it is called says nothing. */
const fileShape = matching<string>("the name of a file", /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const file = { file: fileShape };
const documentBytes = 16 * 1024 * 1024;
/** An item of 16 MiB, sealed. */
const itemBytes = 2 * limits.messageBytes + 1_024;

/** The demo persons whom the portal knows (H-60), on loopback and in demo federations alone. */
/** Where a person works, and as what. */
const affiliation = { role: oneOf(...roles), institution: text(64) };

export const demoRoutes = {
  listPeople: route({
    method: "GET",
    path: "/demo/people",
    params: {},
    caller: anybody,
    request: nothing,
    response: json(
      "Demo people",
      object({
        people: list(
          object({ name: text(64), ...affiliation, besides: list(object(affiliation), 64) }),
          10_000,
        ),
      }),
      1024 * 1024,
    ),
    codes: [],
    summary: "List the demo persons",
    spec: "H-60",
  }),
  getTrust: route({
    method: "GET",
    path: "/trust.json",
    params: {},
    caller: anybody,
    request: nothing,
    response: octets(documentBytes, "application/json"),
    codes: [],
    summary: "Read the genesis documents of the federation",
    spec: "H-60",
  }),
  getIdentity: route({
    method: "GET",
    path: "/demo/people/{name}",
    params: { name: text(64, 1) },
    caller: anybody,
    request: nothing,
    response: octets(documentBytes, "application/json"),
    codes: ["FORBIDDEN"],
    summary: "Read the identity of a demo person's device, with its demo key",
    spec: "H-60",
  }),
} as const;

/** A device's files (H-60), below the address of one device. */
export const deviceRoutes = {
  listItems: route({
    method: "GET",
    path: "/items",
    params: {},
    caller: anybody,
    request: nothing,
    response: json(
      "List of items",
      object({ files: list(fileShape, 1_000_000) }),
      64 * 1024 * 1024,
    ),
    codes: ["FORBIDDEN"],
    summary: "List a device's items",
    spec: "H-60",
  }),
  getItem: route({
    method: "GET",
    path: "/items/{file}",
    params: file,
    caller: anybody,
    request: nothing,
    response: octets(itemBytes),
    codes: ["FORBIDDEN"],
    summary: "Read a sealed item",
    spec: "H-60",
  }),
  putItem: route({
    method: "PUT",
    path: "/items/{file}",
    params: file,
    caller: anybody,
    request: octets(itemBytes),
    response: nothing,
    codes: ["FORBIDDEN"],
    summary: "Keep a sealed item",
    spec: "H-60",
  }),
  removeItem: route({
    method: "DELETE",
    path: "/items/{file}",
    params: file,
    caller: anybody,
    request: nothing,
    response: nothing,
    codes: ["FORBIDDEN"],
    summary: "Forget an item",
    spec: "H-60",
  }),
} as const;
