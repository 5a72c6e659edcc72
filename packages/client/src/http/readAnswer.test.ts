/** Servers that send without end: a client stops, keeps little, and says so with one code. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { limits } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { httpNode } from "./node.ts";
import { httpMailbox, httpProxy } from "./parties.ts";
import { HttpPart } from "./request.ts";
import { readAnswer } from "./readAnswer.ts";

const PIECE = Buffer.alloc(256 * 1024, 0x20);

describe("readAnswer()", () => {
  let server: Server;
  let part: HttpPart;
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
    part = new HttpPart("node of general-hospital", `http://127.0.0.1:${port}`, {});
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
  const caller = bareCaller(signingKeypair(new Uint8Array(32).fill(1)));

  test("an answer without end is broken off at its bound, whatever is asked", async () => {
    const [node, proxy, mailbox] = [httpNode(part), httpProxy(part), httpMailbox(part)];
    const rows: [string, () => Promise<unknown>, number][] = [
      ["JSON", () => node.grant("c", "g"), limits.answerJsonBytes],
      ["a document", () => node.head("c"), limits.answerBytes],
      ["shares", () => proxy.reencrypt(new Uint8Array(1), caller), limits.messageBytes],
      ["evidence", () => proxy.evidence("aa", caller), limits.messageBytes],
      [
        "messages",
        () => mailbox.read(new Uint8Array(32), { waitMs: 0 }, caller),
        limits.boxBytes + limits.boxMessages * 64,
      ],
    ];
    for (const [what, ask, bytes] of rows) {
      answer = endless();
      await assert.rejects(ask(), want(bytes), what);
      await closed; // The client hangs up; nothing goes on behind its back.
      assert.ok(sent < bytes + 32 * 1024 * 1024, `${what}: the server got rid of ${sent} bytes`);
    }
  });

  test("an answer that says that it is too long is not begun with", async () => {
    answer = (response) => {
      sent = 0;
      response.writeHead(200, { "content-length": String(limits.answerBytes + 1) });
      response.flushHeaders();
    };
    await assert.rejects(httpNode(part).head("c"), want(limits.answerBytes));
    await closed;
  });

  test("a small answer that unpacks without end is broken off too", async () => {
    const packed = gzipSync(Buffer.alloc(limits.answerBytes + 1));
    assert.ok(packed.length < 10_000);
    answer = (response) => {
      response.writeHead(200, {
        "content-encoding": "gzip",
        "content-length": String(packed.length),
      });
      response.end(packed);
    };
    await assert.rejects(httpNode(part).head("c"), want(limits.answerBytes));
  });

  test("a refusal without end is a refusal", async () => {
    answer = endless(500);
    await assert.rejects(httpNode(part).head("c"), { code: "UNAVAILABLE", message: /500/ });
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
