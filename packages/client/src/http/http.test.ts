import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { encodeCanonical, randomBytes, toHex, streamOf } from "@anamnesis/crypto/verify";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { NonceMemory, parseRequestSignature, parseTrust, trustJson } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { ticketFor } from "@anamnesis/testing/tickets";
import { bareCaller } from "../caller.ts";
import { httpBlobDir, httpNetwork } from "./index.ts";
import { httpVault } from "./parties.ts";
import { Part } from "@anamnesis/http";

type Handler = (url: URL, init: RequestInit) => Response | Promise<Response>;
const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(value), { status, headers });
const answering =
  (handler: Handler): typeof fetch =>
  async (input, init = {}) =>
    handler(new URL(input as string), init);

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

describe("httpNetwork()", () => {
  let trust: Trust;
  const network = (handler: Handler, timeoutMs = 15_000) =>
    httpNetwork(trust, { fetch: answering(handler), timeoutMs });
  const node = (handler: Handler) => network(handler).node("general-hospital");

  before(async () => {
    trust = parseTrust(trustJson((await ClientFederation.make()).trust));
  });

  test("names the part that does not answer", async () => {
    const dead = network(() => {
      throw new TypeError("fetch failed");
    });
    await assert.rejects(dead.node("city-hospital").head("x"), {
      code: "UNAVAILABLE",
      message: /node of city-hospital/,
    });
    await assert.rejects(
      dead.proxy(2).evidence("ab".repeat(32), bareCaller(signingKeypair(randomBytes(32)))),
      {
        code: "UNAVAILABLE",
        message: /proxy of city-hospital/,
      },
    );
    await assert.rejects(dead.registry().enrol(new Uint8Array(1)), {
      code: "UNAVAILABLE",
      message: /registry/,
    });
    assert.throws(() => dead.node("nowhere"), { code: "NOT_FOUND" });
    assert.throws(() => dead.proxy(9), { code: "NOT_FOUND" });
  });

  test("a part that takes too long is unavailable", async () => {
    const slow = network(
      (_url, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason as Error)),
        ),
      20,
    );
    await assert.rejects(slow.node("general-hospital").head("x"), { code: "UNAVAILABLE" });
  });

  test("gives the code that a server answers, and does not believe unknown ones", async () => {
    await assert.rejects(
      node(() => json({ error: { code: "GRANT_REVOKED", message: "Revoked" } }, 409)).grant(
        "c",
        "g",
      ),
      { code: "GRANT_REVOKED", message: "Revoked" },
    );
    await assert.rejects(
      node(() => json({ error: { code: "WHATEVER", message: "?" } }, 400)).grant("c", "g"),
      { code: "UNAVAILABLE" },
    );
    await assert.rejects(node(() => new Response("<html>", { status: 502 })).grant("c", "g"), {
      code: "UNAVAILABLE",
      message: /502/,
    });
  });

  test("waits and repeats while a server is busy, but not for ever", async () => {
    let calls = 0;
    const busy =
      (until: number): Handler =>
      () => {
        calls += 1;
        return calls < until
          ? json({ error: { code: "BUSY", message: "Busy" } }, 429, { "retry-after": "0" })
          : json({ records: [] });
      };
    assert.deepEqual(await node(busy(3)).records("c", { pid: "p" }), []);
    calls = 0;
    await assert.rejects(node(busy(99)).records("c", { pid: "p" }), { code: "BUSY" });
    assert.equal(calls, 4);
  });

  test("refuses answers that are not what the route describes, and says which part gave them", async () => {
    const good = {
      record: "a".repeat(64),
      institution: "general-hospital",
      pid: "b".repeat(64),
      tag: "c".repeat(32),
      versions: [],
      confirmed: [],
      disputed: [],
    };
    assert.equal(
      (await node(() => json({ records: [good] })).records("c", { pid: "p" }))[0]?.record,
      good.record,
    );
    for (const row of [{ records: [{ ...good, record: "A".repeat(64) }] }, { records: {} }, []])
      await assert.rejects(node(() => json(row)).records("c", { pid: "p" }), {
        code: "MALFORMED",
        message: /node of general-hospital/,
      });
    await assert.rejects(
      node(() => new Response("{", { status: 200 })).records("c", { pid: "p" }),
      { code: "MALFORMED" },
    );
    await assert.rejects(
      node(() => new Response(new Uint8Array([0xff]))).head("c"),
      (error: { code?: string }) => error.code === "MALFORMED" || error.code === "NOT_CANONICAL",
    );
  });

  test("signs requests so that servers accept them once", async () => {
    const key = signingKeypair(randomBytes(32));
    const nonces = new NonceMemory();
    let seen = 0;
    const box = randomBytes(32);
    const mailbox = network((url, init) => {
      const headers = init.headers as Record<string, string>;
      const request = {
        method: init.method ?? "",
        authority: url.host,
        path: url.pathname,
      };
      const parsed = parseRequestSignature(request, headers, Date.now());
      assert.equal(parsed.verify(key.publicKey), true);
      assert.equal(parsed.covers(new Uint8Array(0)), true);
      nonces.use(parsed.keyId, parsed.nonce, Date.now());
      assert.equal(url.search, "?wait=5");
      seen += 1;
      return new Response(Buffer.from(encodeCanonical([[new Uint8Array(14), Uint8Array.of(1)]])));
    }).mailbox("general-hospital");
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual(await mailbox.read(box, { waitMs: 5 }, bareCaller(key)), [
        { id: "00".repeat(14), sealed: Uint8Array.of(1) },
      ]);
    }
    assert.equal(seen, 2);
  });

  test("the vault gets small records in one piece and large ones as a stream, byte for byte", async () => {
    const object = randomBytes(32);
    const ticket = ticketFor("put", object);
    for (const [count, streamed] of [
      [3, false],
      [80, true],
    ] as const) {
      const piece = new Uint8Array(65_536).fill(count);
      let isStream = false;
      let bytes = 0;
      const vault = network(async (url, init) => {
        assert.equal(url.pathname, `/objects/${toHex(object)}`);
        assert.ok((init.headers as Record<string, string>)["x-anamnesis-ticket"]);
        isStream = init.body instanceof ReadableStream;
        const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer());
        assert.ok(body.every((byte) => byte === count));
        bytes = body.length;
        return json({ sha256: "A".repeat(43), bytes });
      }).vault("vault");
      await vault.put(
        object,
        ticket,
        streamOf(
          (async function* () {
            for (let i = 0; i < count; i += 1) yield piece;
          })(),
        ),
      );
      assert.equal(isStream, streamed);
      assert.equal(bytes, count * piece.length);
    }
  });

  test("a large upload keeps nothing of what was sent", async () => {
    const server = createServer((request, response) => {
      const stored = { sha256: "A".repeat(43), bytes: 1 };
      request.resume().on("end", () => response.end(JSON.stringify(stored)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const object = randomBytes(32);
      const ticket = ticketFor("put", object);
      const { port } = server.address() as AddressInfo;
      const vault = httpVault(new Part("vault", `http://127.0.0.1:${port}`, {}));
      const pieces = 1024;
      const made: WeakRef<Uint8Array>[] = [];
      let alive = 0;
      await vault.put(
        object,
        ticket,
        streamOf(
          (async function* () {
            for (let i = 0; i < pieces; i += 1) {
              const piece = new Uint8Array(65_536);
              made.push(new WeakRef(piece));
              yield piece;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
            collectGarbage();
            alive = made.filter((piece) => piece.deref() !== undefined).length;
          })(),
        ),
      );
      assert.equal(made.length, pieces);
      assert.ok(alive < pieces / 4, `${alive} of ${pieces} pieces are still in memory`);
    } finally {
      server.close();
    }
  });

  test("a redirect is refused", async () => {
    let asked: RequestInit = {};
    const seen = node((_url, init) => {
      asked = init;
      return json({ records: [] });
    });
    await seen.records("c", { pid: "p" });
    assert.equal(asked.redirect, "error");
  });

  test("a transfer that breaks off is told as such", async () => {
    const object = randomBytes(32);
    const ticket = ticketFor("get", object);
    const vault = network(
      () =>
        new Response(
          new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }),
        ),
    ).vault("vault");
    await assert.rejects(
      async () => {
        for await (const _ of await vault.get(object, ticket)) assert.fail("nothing comes");
      },
      { code: "UNAVAILABLE", message: /broke off/ },
    );
  });

  test("httpBlobDir() keeps items behind a URL", async () => {
    const stored = new Map<string, Uint8Array>();
    const dir = httpBlobDir("http://portal.example/demo/people/maria/", {
      fetch: answering(async (url, init) => {
        const name = decodeURIComponent(url.pathname.split("/")[5] ?? "");
        if (init.method === "GET" && name === "") return json({ files: [...stored.keys()] });
        if (init.method === "PUT")
          stored.set(name, new Uint8Array(await new Response(init.body ?? null).arrayBuffer()));
        if (init.method === "DELETE") stored.delete(name);
        const found = stored.get(name);
        if (init.method !== "GET") return new Response(null, { status: 204 });
        return found === undefined
          ? json({ error: { code: "NOT_FOUND", message: "None" } }, 404)
          : new Response(Buffer.from(found));
      }),
    });
    assert.equal(await dir.read("a"), undefined);
    await dir.write("a", Uint8Array.of(1, 2));
    assert.deepEqual(await dir.list(), ["a"]);
    assert.deepEqual(await dir.read("a"), Uint8Array.of(1, 2));
    await dir.remove("a");
    assert.deepEqual(await dir.list(), []);
  });
});
