import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { signRaw, signingKeypair } from "@anamnesis/crypto/sign";
import { randomBytes, ready } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  NonceMemory,
  anybody,
  bareKeyId,
  json,
  object,
  octets,
  operator,
  route,
  signRequest,
  signedBy,
  stream,
  uint,
} from "@anamnesis/protocol";
import type { Routes } from "@anamnesis/protocol";
import { CallerCheck } from "./caller.ts";
import type { Certified } from "./caller.ts";
import { handling } from "./handle.ts";
import { RateLimit } from "./rateLimit.ts";
import { serve } from "./serve.ts";
import type { HttpConfig, Server } from "./serve.ts";

const BYTES_MAX = 1_000;
const common = {
  method: "POST",
  params: {},
  request: octets(BYTES_MAX),
  response: json("Count", object({ bytes: uint }), 100),
  codes: [],
  summary: "Count what was sent",
  spec: "H-0",
} as const;
const routes = {
  open: route({ ...common, path: "/open", caller: anybody, rate: "counts" }),
  held: route({ ...common, path: "/held", caller: anybody }),
  signed: route({ ...common, path: "/signed", caller: signedBy("key") }),
  own: route({ ...common, path: "/own", caller: operator }),
  dear: route({ ...common, path: "/dear", caller: anybody, cost: 5 }),
  partly: route({ ...common, path: "/partly", caller: anybody }),
};

const servers: Server[] = [];
before(() => ready());
after(() => Promise.all(servers.map((server) => server.stop())));

const handle = handling<Certified>();
const count = ({ body }: { body: Uint8Array }) => ({ bytes: body.length });

async function start(config: HttpConfig = {}, held?: Promise<void>): Promise<Server> {
  const handled = [
    handle(routes.open, count),
    handle(routes.signed, count),
    handle(routes.own, count),
    handle(routes.dear, ({ body }) => {
      if (body.length === 1) throw new AnamnesisError("FORBIDDEN", "No");
      if (body.length === 2) throw new AnamnesisError("UNAVAILABLE", "Not now");
      return count({ body });
    }),
    handle(routes.partly, ({ body, spending }) => {
      spending.take(body.length);
      spending.waste(1);
      return count({ body });
    }),
    handle(routes.held, async (incoming) => {
      await held;
      return count(incoming);
    }),
  ];
  const callers = new CallerCheck<Certified>({
    now: Date.now,
    nonces: new NonceMemory(),
    certificateOf: () => assert.fail("No certificates here"),
  });
  const counts = new RateLimit({ most: 1, periodMs: 3_600_000, what: "counts" });
  const server = await serve("test", routes, handled, {
    logLevel: "silent",
    now: () => 0,
    callers,
    rates: { counts },
    ...config,
  });
  servers.push(server);
  return server;
}

const post = async (url: string, body: Uint8Array, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { method: "POST", body, headers } as RequestInit);
  const answer = (await response.json()) as { bytes?: number; error?: { code: string } };
  return answer.error?.code ?? answer.bytes;
};

const keys = signingKeypair(randomBytes(32));
const signedFor = (address: string, body: Uint8Array): Record<string, string> =>
  signRequest(
    { method: "POST", authority: new URL(address).host, path: "/signed", body },
    bareKeyId(keys.publicKey),
    (message) => signRaw({ message, secretKey: keys.secretKey }),
    Date.now(),
    randomBytes(16),
  );

test("another body than was signed is refused, and so is the same request a second time", async () => {
  const { address } = await start();
  const [signed, other] = [Uint8Array.of(1, 2), Uint8Array.of(1, 3)];
  const url = `${address}/signed`;
  assert.equal(await post(url, other, signedFor(address, signed)), "SIGNATURE_INVALID");
  const headers = signedFor(address, signed);
  assert.equal(await post(url, signed, headers), 2);
  assert.equal(await post(url, signed, headers), "NONCE_REUSED");
});

test("a body that announces too much is refused before it is counted", async () => {
  const { address } = await start();
  const url = `${address}/open`;
  for (let i = 0; i < 3; i += 1)
    assert.equal(await post(url, new Uint8Array(BYTES_MAX + 1)), "TOO_LARGE");
  assert.equal(await post(url, new Uint8Array(BYTES_MAX)), BYTES_MAX);
  assert.equal(await post(url, new Uint8Array(1)), "RATE_LIMITED");
});

test("only a program on this machine that speaks for nobody else is its operator", async () => {
  const { address } = await start();
  const url = `${address}/own`;
  assert.equal(await post(url, Uint8Array.of(1)), 1);
  for (const name of ["origin", "forwarded", "x-forwarded-for", "via"])
    assert.equal(await post(url, Uint8Array.of(1), { [name]: "x" }), "FORBIDDEN", name);
});

test("bodies that wait for their answers fill no more memory than they may", async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const { address } = await start({ waitingBytes: { perOrigin: 1_500, inAll: 4_000 } }, held);
  const url = `${address}/held`;
  const first = post(url, new Uint8Array(BYTES_MAX));
  const second = post(url, new Uint8Array(BYTES_MAX));
  assert.equal(await Promise.race([first, second]), "BUSY");
  letGo();
  assert.deepEqual(new Set(await Promise.all([first, second])), new Set([BYTES_MAX, "BUSY"]));
  assert.equal(await post(url, new Uint8Array(BYTES_MAX)), BYTES_MAX);
});

test("one origin keeps no more connections than it may, and those that end make room", async () => {
  const { address } = await start({ connections: { perOrigin: 2, inAll: 10 } });
  const { hostname, port } = new URL(address);
  const open = () => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    return socket;
  };
  const closed = (socket: ReturnType<typeof open>) =>
    new Promise((resolve) => socket.once("close", resolve));
  const kept = [open(), open()];
  await Promise.all(
    kept.map((socket) => new Promise((resolve) => socket.once("connect", resolve))),
  );
  await closed(open());
  assert.ok(kept.every((socket) => !socket.destroyed));
  for (const socket of kept) socket.destroy();
  await Promise.all(kept.map(closed));
  let answer: unknown;
  while (answer !== 1)
    answer = await post(`${address}/held`, Uint8Array.of(1)).catch(() => undefined);
});

test("connections that a named reverse proxy brings are counted in all alone", async () => {
  const { address } = await start({
    connections: { perOrigin: 0, inAll: 10 },
    reverseProxies: ["127.0.0.0/8"],
  });
  assert.equal(await post(`${address}/held`, Uint8Array.of(1)), 1);
  const strict = await start({ connections: { perOrigin: 0, inAll: 10 } });
  await assert.rejects(post(`${strict.address}/held`, Uint8Array.of(1)));
});

test("a server that cannot judge what its routes promise does not start", async () => {
  const streamed = {
    put: route({ ...common, path: "/put", caller: signedBy("key"), request: stream(1) }),
  };
  const rows: readonly [Routes, RegExp][] = [
    [{ open: routes.open }, /no rate 'counts'/],
    [{ signed: routes.signed }, /nobody judges the signatures/],
  ];
  for (const [described, why] of rows) {
    const handled = Object.values(described).map((each) => handle(each, () => ({ bytes: 0 })));
    await assert.rejects(serve("test", described, handled, { now: Date.now }), why);
  }
  const callers = {} as CallerCheck<Certified>;
  const put = handle(streamed.put, () => ({ bytes: 0 }));
  await assert.rejects(
    serve("test", streamed, [put], { now: Date.now, callers }),
    /what was signed/,
  );
});

test("attack 9: work in vain is charged to its origin before it is done; good work, and what the server cannot do, is not", async () => {
  const { address } = await start({ vainWork: 11 });
  const asked = (path: string, bytes: number): Promise<unknown> =>
    post(address + path, new Uint8Array(bytes));
  for (let i = 0; i < 5; i++) {
    assert.equal(await asked("/dear", 3), 3);
    assert.equal(await asked("/dear", 2), "UNAVAILABLE");
  }
  assert.equal(await asked("/dear", 1), "FORBIDDEN");
  assert.equal(await asked("/partly", 4), 4, "of five units one was in vain");
  assert.equal(await asked("/dear", 1), "FORBIDDEN");
  assert.equal(await asked("/dear", 3), "RATE_LIMITED");
  assert.equal(await asked("/held", 3), "RATE_LIMITED", "for whatever it asks");
});
