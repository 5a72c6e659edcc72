import assert from "node:assert/strict";
import test from "node:test";
import { parseRoute, pathOf } from "./route.ts";
import type { Route } from "./route.ts";

const id = "0123456789abcdef".repeat(4);

test("parseRoute() and pathOf() go back and forth", () => {
  const routes: Route[] = [
    { page: "home" },
    { page: "record", id },
    { page: "requests" },
    { page: "requests", id },
    { page: "history" },
    { page: "history", patient: id },
    { page: "sharing" },
    { page: "sharing", gid: id },
    { page: "log" },
    { page: "ask" },
    { page: "written" },
    { page: "help" },
  ];
  for (const route of routes) assert.deepEqual(parseRoute(pathOf(route)), route);
});

test("parseRoute() knows no page for anything but opaque ids", () => {
  const wrong = ["/records/zhang-wei", "/nothing", `/log/${id}`, `/records/${id}/x`, "/records/AB"];
  for (const path of wrong) assert.deepEqual(parseRoute(path), { page: "unknown" }, path);
});
