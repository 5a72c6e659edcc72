import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { anybody, json, object, octets, route, text } from "@anamnesis/protocol";
import type { Pace } from "./body.ts";
import type { Certified } from "./caller.ts";
import { handling } from "./handle.ts";
import { serve } from "./serve.ts";

const BYTES_MAX = 1_000;

const routes = {
  echo: route({
    method: "POST",
    path: "/echo",
    params: {},
    caller: anybody,
    request: octets(BYTES_MAX),
    response: json("Echo", object({ hex: text(2 * BYTES_MAX) }), 4 * BYTES_MAX),
    codes: [],
    summary: "Give back what was sent",
    spec: "H-0",
  }),
};
const echo = async (bodyPace?: Pace) =>
  serve(
    "Echo",
    routes,
    [
      handling<Certified>()(routes.echo, ({ body }) => ({
        hex: Buffer.from(body).toString("hex"),
      })),
    ],
    { logLevel: "silent", now: Date.now, ...(bodyPace === undefined ? {} : { bodyPace }) },
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
    await new Promise((resolve) => socket.once("close", resolve)); // With an error before it, or without.
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

test("a body that trickles, or never ends, is refused with its code, and only the slow caller is", async () => {
  const server = await echo({ graceMs: 80, bytesPerSecond: 1_000, deadlineMs: 10_000 });
  try {
    const { hostname, port } = new URL(server.address);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => (received += text));
    socket.write(`POST /echo HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 900\r\n\r\n`);
    const trickle = setInterval(() => socket.write("x"), 10);
    trickle.unref();
    assert.equal((await post(server.address, "quick")).status, 200);
    while (received === "") await new Promise((resolve) => socket.once("data", resolve));
    clearInterval(trickle);
    assert.match(received, /^HTTP\/1\.1 408 /);
    assert.match(received, /"TOO_SLOW"/);
    socket.destroy();
  } finally {
    await server.stop();
  }
});
