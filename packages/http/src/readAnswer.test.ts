/** Servers that send without end: a client stops, keeps little, and says so with one code. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { CBOR_BYTES_MAX } from "@anamnesis/crypto/verify";
import { mailboxRoutes, nodeRoutes, proxyRoutes } from "@anamnesis/protocol";
import type { Route } from "@anamnesis/protocol";
import { sampleCall } from "@anamnesis/testing/wireSamples";
import { Part } from "./part.ts";
import type { CallInput } from "./part.ts";
import { readAnswer } from "./readAnswer.ts";

/** Longer answers are bounded by the same code. */
const WALKED_BYTES = 64 * 1024 * 1024;
const PIECE = Buffer.alloc(256 * 1024, 0x20);

describe("readAnswer()", () => {
  let server: Server;
  let part: Part;
  /** What the server does with each request; the bytes it got rid of. */
  let answer: (response: ServerResponse) => void;
  let sent = 0;
  let closed: Promise<void>;

  before(async () => {
    server = createServer((request, response) => {
      closed = new Promise((resolve) => response.once("close", resolve));
      request.resume().on("end", () => answer(response));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    part = new Part("node of general-hospital", `http://127.0.0.1:${port}`, {});
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const endless =
    (status = 200): typeof answer =>
    (response) => {
      sent = 0;
      response.writeHead(status, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed) {
          sent += PIECE.length;
          if (!response.write(PIECE)) return void response.once("drain", more);
        }
      };
      more();
    };
  const want = (bytes: number) => ({
    code: "TOO_LARGE",
    message: `The node of general-hospital answers more than ${bytes} bytes`,
  });

  const whole = Object.entries({ ...nodeRoutes, ...mailboxRoutes, ...proxyRoutes })
    .filter(([, { method }]) => method === "GET")
    .filter(([, { response }]) => response.maxBytes <= WALKED_BYTES);
  for (const [name, route] of whole)
    test(`${name}: an answer without end is broken off at its bound`, async () => {
      const { maxBytes } = route.response;
      answer = endless();
      const asked = part.call(route, sampleCall(route) as CallInput<Route>);
      await assert.rejects(asked, want(maxBytes));
      await closed; // The client hangs up; nothing goes on behind its back.
      assert.ok(sent < maxBytes + 32 * 1024 * 1024, `the server got rid of ${sent} bytes`);
    });

  const head = (): Promise<unknown> =>
    part.call(nodeRoutes.getHead, { params: { chain: "consortium" } });

  test("an answer that says that it is too long is not begun with", async () => {
    answer = (response) => {
      sent = 0;
      response.writeHead(200, { "content-length": String(CBOR_BYTES_MAX + 1) });
      response.flushHeaders();
    };
    await assert.rejects(head(), want(CBOR_BYTES_MAX));
    await closed;
  });

  test("a small answer that unpacks without end is broken off too", async () => {
    const packed = gzipSync(Buffer.alloc(CBOR_BYTES_MAX + 1));
    assert.ok(packed.length < 10_000);
    answer = (response) => {
      response.writeHead(200, {
        "content-encoding": "gzip",
        "content-length": String(packed.length),
      });
      response.end(packed);
    };
    await assert.rejects(head(), want(CBOR_BYTES_MAX));
  });

  test("a refusal without end is a refusal", async () => {
    answer = endless(500);
    await assert.rejects(head(), { code: "UNAVAILABLE", message: /500/ });
    await closed;
  });

  test("what is within the bound arrives whole, to the last byte", async () => {
    const body = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);
    assert.deepEqual(await readAnswer(new Response(body), "node", 1000), body);
    await assert.rejects(readAnswer(new Response(body), "node", 999), { code: "TOO_LARGE" });
    assert.deepEqual(await readAnswer(new Response(null), "node", 0), new Uint8Array(0));
    const liar = new Response(body, { headers: { "content-length": "5" } });
    await assert.rejects(readAnswer(liar, "node", 999), { code: "TOO_LARGE" });
  });
});
