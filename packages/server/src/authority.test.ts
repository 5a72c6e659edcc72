import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signRaw, signingKeypair } from "@anamnesis/crypto/sign";
import { randomBytes, ready } from "@anamnesis/crypto/verify";
import {
  NonceMemory,
  bareKeyId,
  json,
  literal,
  nothing,
  object,
  route,
  signRequest,
  signedBy,
} from "@anamnesis/protocol";
import { forwarded } from "@anamnesis/testing/forwarded";
import { OwnAuthorities, authorityOf } from "./authority.ts";
import { CallerCheck } from "./caller.ts";
import type { Certified } from "./caller.ts";
import { handling } from "./handle.ts";
import { serve } from "./serve.ts";
import type { HttpConfig, Server } from "./serve.ts";

const servers: Server[] = [];
before(() => ready());
after(() => Promise.all(servers.map((server) => server.stop())));

const routes = {
  signed: route({
    method: "POST",
    path: "/signed",
    params: {},
    caller: signedBy("key"),
    request: nothing,
    response: json("Known", object({ known: literal(true) }), 100),
    codes: [],
    summary: "Know the caller",
    spec: "H-0",
  }),
};

/** A server that tells signed callers that it knows them. */
async function start(config: HttpConfig = {}): Promise<{ port: string; host: string }> {
  const callers = new CallerCheck({
    now: Date.now,
    nonces: new NonceMemory(),
    certificateOf: () => assert.fail("No certificates here"),
  });
  const known = handling<Certified>()(routes.signed, () => ({ known: true as const }));
  const server = await serve("test", routes, [known], {
    logLevel: "silent",
    now: Date.now,
    callers,
    ...config,
  });
  servers.push(server);
  const { port, host } = new URL(server.address);
  return { port, host };
}

const keys = signingKeypair(randomBytes(32));
const signedFor = (authority: string): Record<string, string> =>
  signRequest(
    { method: "POST", authority, path: "/signed", body: new Uint8Array(0) },
    bareKeyId(keys.publicKey),
    (message) => signRaw({ message, secretKey: keys.secretKey }),
    Date.now(),
    randomBytes(16),
  );

const send = (port: string, host: string, headers: Record<string, string>): Promise<string> =>
  forwarded(`http://127.0.0.1:${port}/signed`, host, { method: "POST", headers });

test("a request signed for one server is refused by another that gets it under the first one's name", async () => {
  const [first, second] = [await start(), await start()];
  const captured = signedFor(first.host);
  assert.equal(await send(second.port, first.host, captured), "SIGNATURE_INVALID");
  assert.equal(await send(second.port, second.host, captured), "SIGNATURE_INVALID");
  assert.equal(await send(first.port, first.host, captured), "OK");
});

test("callerOf() knows the authorities that configuration names, however they are written, and no others", async () => {
  const { port, host } = await start({
    authorities: ["https://Records.Example", "gate.example:8443", ""],
  });
  const rows = [
    ["records.example", "OK"],
    ["RECORDS.example", "OK"],
    ["gate.example:8443", "OK"],
    [host, "OK"],
    ["records.example:8443", "SIGNATURE_INVALID"],
    ["other.example", "SIGNATURE_INVALID"],
    ["", "SIGNATURE_INVALID"],
  ] as const;
  for (const [name, want] of rows)
    assert.equal(await send(port, name, signedFor(name)), want, `Host: ${name}`);
});

test("a forwarded name is not believed", async () => {
  const [first, second] = [await start(), await start({ reverseProxies: ["127.0.0.1"] })];
  const headers = { ...signedFor(first.host), "x-forwarded-host": first.host };
  assert.equal(await send(second.port, second.host, headers), "SIGNATURE_INVALID");
  assert.equal(await send(second.port, first.host, headers), "SIGNATURE_INVALID");
});

test("authorityOf() leaves a scheme's own port out and refuses what is no URL", () => {
  assert.equal(authorityOf("https://a.example:443/path"), "a.example");
  assert.equal(authorityOf("http://A.example:8080"), "a.example:8080");
  assert.throws(() => authorityOf("https://"), { code: "BAD_REQUEST" });
});

test("OwnAuthorities names nothing before it is told", () => {
  const own = new OwnAuthorities([]);
  assert.equal(own.named("127.0.0.1:80"), undefined);
  assert.equal(own.named(undefined), undefined);
  own.listensOn("http://127.0.0.1:8080", "localhost");
  assert.equal(own.named("LOCALHOST:8080"), "localhost:8080");
  assert.equal(own.named("127.0.0.1:8080"), "127.0.0.1:8080");
});
