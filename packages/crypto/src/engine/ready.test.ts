/** An engine is used only once it has given the known answers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { CurveEngine } from "./curveEngine.ts";
import { mclEngine } from "./engineMcl.ts";
import { curve, ready, useEngine } from "./ready.ts";

/** The engine in use, with its calls counted, and with one answer changed. */
function counted(change: Partial<CurveEngine> = {}) {
  const calls: string[] = [];
  const engine: CurveEngine = {
    ...mclEngine,
    async init() {
      await mclEngine.init();
      calls.push("init");
    },
    pairing(left, right) {
      calls.push("pairing");
      return mclEngine.pairing(left, right);
    },
    ...change,
  };
  return { engine, calls };
}

suite("useEngine()", () => {
  test("refuses an engine that pairs or hashes otherwise, and goes on with the one before", async (t) => {
    await ready();
    t.after(() => useEngine(mclEngine));
    const wrong: readonly Partial<CurveEngine>[] = [
      {
        pairing: () =>
          mclEngine.pairing(mclEngine.g1Base(), mclEngine.g2Multiply(mclEngine.g2Base(), 2n)),
      },
      { gtEncode: (element) => mclEngine.gtEncode(element).reverse() },
      { hashToG1: (message) => mclEngine.hashToG1(message, "another tag") },
    ];
    for (const change of wrong) {
      const { engine } = counted(change);
      const refused = { code: "E_ENGINE", message: /mcl/ };
      await assert.rejects(useEngine(engine), refused);
      assert.equal(curve(), mclEngine);
      await assert.rejects(useEngine(engine), refused);
    }
  });

  test("loads an engine before it asks it, and asks it once", async (t) => {
    t.after(() => useEngine(mclEngine));
    const { engine, calls } = counted();
    await useEngine(engine);
    assert.equal(curve(), engine);
    assert.deepEqual(calls, ["init", "pairing"]);
    await ready();
    assert.deepEqual(calls, ["init", "pairing", "init"]);
  });
});

test("ready() has to be awaited: before, the curve is refused by name", async (t) => {
  const at = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  // Nothing is loaded in a new thread.
  const thread = new Worker(
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from "node:worker_threads";
        const { curve, ready } = await import(${at("./ready.ts")});
        const said = [];
        const ask = () => {
          try {
            curve().g1Encode(curve().g1Base());
            said.push("answered");
          } catch ({ code }) {
            said.push(code);
          }
        };
        ask();
        await ready();
        ask();
        parentPort.postMessage(said);
      `)}`,
    ),
  );
  t.after(() => thread.terminate());
  assert.deepEqual(await once(thread, "message"), [["E_ENGINE", "answered"]]);
});
