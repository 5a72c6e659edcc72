import assert from "node:assert/strict";
import test from "node:test";
import { MessageChannel } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { AnamnesisError } from "@anamnesis/protocol";
import { connectPort, PortError } from "./connectPort.ts";
import type { Channel, PortEvent } from "./port.ts";
import { codeOf, servePort } from "./servePort.ts";
import type { Handlers } from "./servePort.ts";

/** Two ends of a channel in one process; what crosses is copied as between threads. */
function channelPair(): {
  readonly page: Channel;
  readonly worker: Channel;
  readonly sent: unknown[];
} {
  const { port1, port2 } = new MessageChannel();
  const sent: unknown[] = [];
  const end = (port: MessagePort, record: boolean): Channel => ({
    postMessage: (message) => {
      if (record) sent.push(message);
      port.postMessage(message);
    },
    addEventListener: (_type, listener) => {
      port.on("message", (data: unknown) => listener({ data }));
      port.unref();
    },
  });
  return { page: end(port1, false), worker: end(port2, true), sent };
}

const person = {
  name: "zhang-wei",
  role: "patient",
  institution: "general-hospital",
  institutions: {},
  guards: {},
  rules: { categories: [], purposes: [], grantLifetimeMs: 1 },
};

function handlers(part: Partial<Handlers>): Handlers {
  return part as Handlers;
}

test("call() gives the output of its own call when answers come in another order", async () => {
  const { page, worker } = channelPair();
  let answerFirst = (): void => undefined;
  const first = new Promise<null>((resolve) => {
    answerFirst = () => resolve(null);
  });
  servePort(
    worker,
    handlers({ "patient.refuse": () => first, enter: () => Promise.resolve(person) }),
    () => undefined,
  );
  const port = connectPort(page, () => undefined);
  const refused = port.call("patient.refuse", { request: "aa" });
  assert.deepEqual(await port.call("enter", { name: "zhang-wei" }), person);
  answerFirst();
  assert.equal(await refused, null);
});

test("call() fails with the code alone: no message of an error crosses", async () => {
  const { page, worker, sent } = channelPair();
  const secret = Object.assign(new Error("Anna Keller has no grant"), { code: "NO_ACCESS" });
  servePort(worker, handlers({ "patient.log": () => Promise.reject(secret) }), () => undefined);
  const port = connectPort(page, () => undefined);
  await assert.rejects(port.call("patient.log", null), { name: "PortError", code: "NO_ACCESS" });
  assert.doesNotMatch(JSON.stringify(sent), /Anna/);
});

test("call() fails with INTERNAL for our own mistakes, which are reported", async () => {
  const { page, worker } = channelPair();
  const reported: unknown[] = [];
  const mistake = new Error("undefined is not a function");
  servePort(worker, handlers({ "patient.log": () => Promise.reject(mistake) }), (error) =>
    reported.push(error),
  );
  const port = connectPort(page, () => undefined);
  await assert.rejects(port.call("patient.log", null), { code: "INTERNAL" });
  assert.deepEqual(reported, [mistake]);
});

test("call() fails with BAD_REQUEST for a call that there is not, inherited names among them", async () => {
  const { page, worker } = channelPair();
  servePort(worker, handlers({}), () => undefined);
  const port = connectPort(page, () => undefined);
  for (const method of ["patient.seed", "toString", "__proto__"])
    await assert.rejects(port.call(method as "patient.log", null), { code: "BAD_REQUEST" });
});

test("close() ends the worker and lets no call wait for ever", async () => {
  const { page, worker } = channelPair();
  servePort(
    worker,
    handlers({ "patient.log": () => new Promise(() => undefined) }),
    () => undefined,
  );
  let ended = 0;
  const port = connectPort(page, () => (ended += 1));
  const waiting = port.call("patient.log", null);
  port.close();
  await assert.rejects(waiting, PortError);
  assert.equal(ended, 1);
});

test("subscribe() tells events until it is ended", async () => {
  const { page, worker } = channelPair();
  servePort(worker, handlers({ enter: () => Promise.resolve(person) }), () => undefined);
  const port = connectPort(page, () => undefined);
  const told: PortEvent[] = [];
  const end = port.subscribe((event) => told.push(event));
  worker.postMessage({ event: { what: "listening" } });
  await port.call("enter", { name: "zhang-wei" });
  end();
  worker.postMessage({ event: { what: "waiting" } });
  await port.call("enter", { name: "zhang-wei" });
  assert.deepEqual(told, [{ what: "listening" }]);
});

test("subscribe() tells late listeners how the connection stands, but no old news", async () => {
  const { page, worker } = channelPair();
  servePort(worker, handlers({ enter: () => Promise.resolve(person) }), () => undefined);
  const port = connectPort(page, () => undefined);
  worker.postMessage({ event: { what: "listening" } });
  worker.postMessage({ event: { what: "changed", news: "asked" } });
  await port.call("enter", { name: "zhang-wei" });
  const told: PortEvent[] = [];
  port.subscribe((event) => told.push(event));
  assert.deepEqual(told, [{ what: "listening" }]);
});

test("codeOf() knows codes of ours and failed fetches, and nothing else", () => {
  assert.equal(codeOf(Object.assign(new Error("x"), { code: "E_DECRYPT" })), "E_DECRYPT");
  assert.equal(codeOf(new TypeError("Failed to fetch")), "UNAVAILABLE");
  assert.equal(codeOf(new TypeError("x is not a function")), undefined);
  assert.equal(codeOf(Object.assign(new Error("x"), { code: 20 })), undefined);
  assert.equal(codeOf(undefined), undefined);
});

test("a failure brings the institutions that were away, and nothing else of an error's details", async () => {
  const { page, worker } = channelPair();
  const error = new AnamnesisError("TOO_FEW_VAULTS", "the record of somebody", {
    details: { away: ["city-hospital", "city-hospital", 7], vaults: ["secret"] },
  });
  servePort(worker, handlers({ enter: () => Promise.reject(error) }), () => undefined);
  const port = connectPort(page, () => undefined);
  await assert.rejects(port.call("enter", { name: "zhang-wei" }), (failed: PortError) => {
    assert.deepEqual([failed.code, failed.away], ["TOO_FEW_VAULTS", ["city-hospital"]]);
    assert.doesNotMatch(JSON.stringify([failed, failed.message]), /secret|somebody/);
    return true;
  });
});
