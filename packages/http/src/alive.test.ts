import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { readAll, streamOf } from "@anamnesis/crypto/verify";
import { Alive } from "./alive.ts";
import { Part } from "./part.ts";

/** A server whose health is `isWell`; asked for it so many times. */
async function server(t: TestContext) {
  const state = { isWell: true, asked: 0 };
  const http = createServer((_request, response) => {
    state.asked += 1;
    if (!state.isWell) return; // As a frozen process: the connection stands, nothing comes.
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "ok" }));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { state, http, part: new Part("vault", `http://127.0.0.1:${port}`) };
}
const after = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));

test("Alive.until() waits as long as it takes while the server says that it is there", async (t) => {
  const { part, state } = await server(t);
  assert.equal(await new Alive(part).until(after(1_800, "done")), "done");
  assert.ok(state.asked >= 2);
});

test("Alive.until() asks nothing when the answer comes soon, and passes a failure on", async (t) => {
  const { part, state } = await server(t);
  assert.equal(await new Alive(part).until(after(50, "done")), "done");
  await assert.rejects(new Alive(part).until(Promise.reject(new Error("no"))), /^Error: no$/);
  assert.equal(state.asked, 0);
});

test("Alive.until() gives a frozen server 2 s and one that is gone less, and ends the call", async (t) => {
  const { part, state, http } = await server(t);
  state.isWell = false;
  const never = new Promise<never>(() => undefined);
  for (const isGone of [false, true]) {
    if (isGone) {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
    const alive = new Alive(part);
    const since = Date.now();
    await assert.rejects(alive.until(never), {
      code: "UNAVAILABLE",
      message: /^The vault cannot be used: it does not answer/,
    });
    const ms = Date.now() - since;
    assert.ok(ms < (isGone ? 1_500 : 3_000), `${ms} ms`);
    assert.equal(alive.signal.aborted, true);
  }
});

test("Alive.stream() fails when the server freezes between two pieces, and not while it is slow", async (t) => {
  const { part, state } = await server(t);
  const slow = async function* (freezes: boolean): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1);
    await after(700, undefined);
    yield Uint8Array.of(2);
    if (freezes) await new Promise(() => undefined);
  };
  const read = await readAll(new Alive(part).stream(streamOf(slow(false))));
  assert.deepEqual([...read], [1, 2]);
  const stream = new Alive(part).stream(streamOf(slow(true)));
  const reader = stream.getReader();
  await reader.read();
  await reader.read();
  state.isWell = false;
  await assert.rejects(reader.read(), { code: "UNAVAILABLE" });
});

test("Alive.stream() lets go of content that nobody begins to read", async (t) => {
  const { part } = await server(t);
  let isEnded = false;
  const content = new ReadableStream<Uint8Array>({ cancel: () => void (isEnded = true) });
  await new Alive(part).stream(content).cancel();
  assert.equal(isEnded, true);
});
