import { literal, object } from "../shape.ts";
import { json, nothing } from "./body.ts";
import { anybody, route } from "./route.ts";

/** What every server answers. `GET /openapi.json` stands beside it: it is made from descriptions and needs none. */
export const everyRoutes = {
  getHealth: route({
    method: "GET",
    path: "/health",
    params: {},
    caller: anybody,
    request: nothing,
    response: json("Health", object({ status: literal("ok") }), 4 * 1024),
    codes: ["UNAVAILABLE"],
    summary: "Say whether the server is to be relied on",
    spec: "H-54",
  }),
} as const;
