import assert from "node:assert/strict";
import test from "node:test";
import type { Channel, PortMessage, PortRequest } from "../worker/port.ts";
import { PortalSession } from "./portalSession.ts";
import type { StartWorker } from "./portalSession.ts";

/** A worker that answers as told, and whether it was ended. */
function scriptedWorkers(answer: (name: string) => PortMessage | undefined): {
  readonly start: StartWorker;
  readonly ended: () => number;
} {
  let ended = 0;
  const start: StartWorker = () => {
    let tell: ((event: { data: unknown }) => void) | undefined;
    const channel: Channel = {
      postMessage: (message) => {
        const { id, input } = message as PortRequest<"enter">;
        const data = answer(input.name);
        if (data !== undefined) queueMicrotask(() => tell?.({ data: { ...data, id } }));
      },
      addEventListener: (_type, listener) => {
        tell = listener;
      },
    };
    return { channel, end: () => (ended += 1) };
  };
  return { start, ended: () => ended };
}

function memoryStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

const enters = (name: string): PortMessage => ({ id: 0, output: { name, role: "patient" } });

test("enter() joins a person; leave() ends the worker and forgets the name", async () => {
  const { start, ended } = scriptedWorkers(enters);
  const storage = memoryStorage();
  const session = new PortalSession(start, storage);
  await session.enter("anna-keller");
  const state = session.state();
  assert.equal(state.status === "entered" ? state.person.name : "", "anna-keller");
  assert.equal(storage.getItem("anamnesis.person"), "anna-keller");
  session.leave();
  assert.deepEqual([session.state().status, ended()], ["choosing", 1]);
  assert.equal(storage.getItem("anamnesis.person"), null);
});

test("enter() ends the worker of the person before", async () => {
  const { start, ended } = scriptedWorkers(enters);
  const session = new PortalSession(start, memoryStorage());
  await session.enter("anna-keller");
  await session.enter("zhang-wei");
  assert.equal(ended(), 1);
});

test("enter() fails with the worker's code and keeps no name", async () => {
  const { start } = scriptedWorkers(() => ({ id: 0, failure: { code: "NOT_FOUND" } }));
  const storage = memoryStorage();
  const session = new PortalSession(start, storage);
  await session.enter("nobody");
  const state = session.state();
  assert.equal(state.status === "failed" ? state.error.code : "", "NOT_FOUND");
  assert.equal(storage.getItem("anamnesis.person"), null);
});

test("leave() while entering is not undone by the late answer", async () => {
  const { start, ended } = scriptedWorkers(enters);
  const session = new PortalSession(start, memoryStorage());
  const entering = session.enter("anna-keller");
  session.leave();
  await entering;
  assert.deepEqual([session.state().status, ended()], ["choosing", 1]);
});
