/** Shows 2 of the ground: what a server leaves out or gets wrong in any answer is refused by the one caller. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeCanonical, utf8 } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  demoRoutes,
  deviceRoutes,
  everyRoutes,
  mailboxRoutes,
  nodeRoutes,
  proxyRoutes,
  registryRoutes,
  vaultRoutes,
} from "@anamnesis/protocol";
import type { Route, WholeBody } from "@anamnesis/protocol";
import {
  damagedCbor,
  damagedJson,
  sampleCall,
  sampleJson,
  sampleOf,
} from "@anamnesis/testing/wireSamples";
import { Part } from "./part.ts";
import type { CallInput } from "./part.ts";

const tables = {
  node: nodeRoutes,
  mailbox: mailboxRoutes,
  proxy: proxyRoutes,
  registry: registryRoutes,
  vault: vaultRoutes,
  every: everyRoutes,
  demo: demoRoutes,
  device: deviceRoutes,
};
const all: [string, Route][] = Object.entries(tables).flatMap(([server, routes]) =>
  Object.entries(routes).map(([name, route]): [string, Route] => [`${server}.${name}`, route]),
);

/** Calls a route of a server that answers with these bytes. */
const answered = (route: Route, bytes: Uint8Array): Promise<unknown> =>
  new Part("server", "http://server.example", {
    fetch: async () => new Response(Buffer.from(bytes)),
  }).call(route, sampleCall(route) as CallInput<Route>);

const refusedAs = (what: string, codes: readonly string[]) => (error: unknown) => {
  assert.ok(error instanceof AnamnesisError, what);
  assert.ok(codes.includes(error.code), `${what}: ${error.code} ${error.message}`);
  return true;
};

for (const [name, route] of all) {
  const { response } = route;
  if (response.form === "json") {
    const { shape } = response as WholeBody<unknown>;
    test(`${name}: an answer with a field left out or of another type is refused`, async () => {
      const good = sampleJson(response.schema);
      assert.deepEqual(await answered(route, utf8(JSON.stringify(good))), sampleOf(shape!));
      for (const { what, value } of damagedJson(response.schema, good))
        await assert.rejects(
          answered(route, utf8(JSON.stringify(value))),
          refusedAs(what, ["MALFORMED", "TOO_LARGE"]),
          what,
        );
      const surplus = { ...(good as object), stranger: 1 };
      await assert.rejects(answered(route, utf8(JSON.stringify(surplus))), { code: "MALFORMED" });
    });
  }
  if (response.form === "cbor") {
    const { shape, encode } = response as WholeBody<unknown>;
    test(`${name}: an answer with a field left out or of another type is refused`, async () => {
      const good = sampleOf(shape!);
      assert.deepEqual(await answered(route, encode(good)), good);
      for (const { what, value } of damagedCbor(shape!.cbor.write(good)))
        await assert.rejects(
          Promise.resolve().then(() => answered(route, encoded(value))),
          refusedAs(what, ["MALFORMED", "UNSUPPORTED_VERSION", "UNSUPPORTED_SUITE"]),
          what,
        );
    });
  }
}

/** What canonical CBOR has no form for is refused before it is sent. */
function encoded(value: unknown): Uint8Array {
  try {
    return encodeCanonical(value as CborValue);
  } catch {
    throw new AnamnesisError("MALFORMED", "It has no canonical form");
  }
}

describe("what must never be taken for granted", () => {
  const revocable = [
    nodeRoutes.getGrant,
    nodeRoutes.getCertificate,
    nodeRoutes.getCertificates,
  ] as const;
  for (const route of revocable)
    test(`${route.path}: an answer that does not say whether it was revoked is none`, async () => {
      const good = JSON.stringify(sampleJson(route.response.schema));
      assert.match(good, /"revokedAt":1/);
      const without = good.replace(/,?"revokedAt":1/, "");
      await assert.rejects(answered(route, utf8(without)), { code: "MALFORMED" });
    });
});
