import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { readBody } from "./body.ts";
import { serve } from "./http.ts";

const BYTES_MAX = 1_000;

const echo = async () =>
  serve(
    "Echo",
    [
      {
        method: "POST",
        url: "/echo",
        summary: "Gives back what was sent.",
        spec: "none",
        handle: async (incoming) => ({
          body: { hex: Buffer.from(await readBody(incoming, BYTES_MAX)).toString("hex") },
        }),
      },
    ],
    { logLevel: "silent" },
  );

const post = (address: string, body: Uint8Array | string | ReadableStream) =>
  fetch(`${address}/echo`, { method: "POST", body, duplex: "half" } as RequestInit);

test("a body is given whole, in however many pieces it comes", async () => {
  const server = await echo();
  try {
    const pieces = ["a", "bc", "", "d"].map((text) => Buffer.from(text));
    const chunked = await post(server.address, ReadableStream.from(pieces));
    assert.deepEqual(await chunked.json(), { hex: Buffer.from("abcd").toString("hex") });
    const empty = await post(server.address, new Uint8Array(0));
    assert.deepEqual(await empty.json(), { hex: "" });
    const full = await post(server.address, new Uint8Array(BYTES_MAX));
    assert.equal(full.status, 200);
  } finally {
    await server.stop();
  }
});

test("a body that does not end is refused with its code, and the caller is hung up on", async () => {
  const server = await echo();
  try {
    const { hostname, port } = new URL(server.address);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined); // The server hangs up while more is being sent.
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => (received += text));
    socket.write(`POST /echo HTTP/1.1\r\nhost: ${hostname}\r\ntransfer-encoding: chunked\r\n\r\n`);
    const endless = setInterval(() => socket.write(`3e8\r\n${"x".repeat(1_000)}\r\n`), 1);
    endless.unref();
    await once(socket, "close");
    clearInterval(endless);
    assert.match(received, /^HTTP\/1\.1 413 /);
    assert.match(received, /"TOO_LARGE"/);
  } finally {
    await server.stop();
  }
});

test("a caller who hangs up in the middle of a body leaves the server well", async () => {
  const server = await echo();
  try {
    const { hostname, port } = new URL(server.address);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /echo HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 100\r\n\r\nhalf`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    assert.equal((await post(server.address, "x")).status, 200);
  } finally {
    await server.stop();
  }
});
