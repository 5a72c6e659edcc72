import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { fromBase64url, toHex } from "@anamnesis/crypto/verify";
import { decodeGroup, parseGenesis } from "@anamnesis/protocol";
import { seededNumbers } from "@anamnesis/testing/chainScenario";
import { makeMachine, verifyGroup } from "./machine.ts";
import { MemoryState } from "./memoryState.ts";
import type { Machine } from "./state.ts";

interface Log {
  readonly kind: string;
  readonly genesis: object;
  readonly genesisAppHash: string;
  readonly blocks: readonly {
    readonly time: number;
    readonly proposer: string;
    readonly groups: readonly string[];
    readonly codes: readonly (readonly string[])[];
    readonly sealed: number;
    readonly appHash: string;
  }[];
}
const vectors = new URL("../../../tests/vectors/ledger-log.json", import.meta.url);
const { logs } = JSON.parse(readFileSync(vectors, "utf8")) as { logs: readonly Log[] };

/** Executes a log; `between` may exchange the state for an equal one after each block. */
function replay(
  log: Log,
  between = (state: MemoryState, _height: number): MemoryState => state,
): void {
  const machine: Machine = makeMachine(parseGenesis(JSON.stringify(log.genesis)));
  const start = machine.initChain();
  assert.equal(toHex(start.appHash), log.genesisAppHash);
  let state = new MemoryState(start.writes as Map<string, Uint8Array>);
  for (const [i, block] of log.blocks.entries()) {
    const groups = block.groups.map((group) => decodeGroup(fromBase64url(group)));
    for (const group of groups)
      if (block.codes.flat().includes("OK")) verifyIfKnown(machine, state, group);
    const result = machine.finalizeBlock(state, {
      height: i + 1,
      time: block.time,
      proposer: block.proposer as never,
      absent: [],
      misbehaviour: [],
      groups,
    });
    assert.deepEqual(
      result.results.map((group) => group.map(({ code }) => code)),
      block.codes,
    );
    assert.equal(result.sealed.length, block.sealed);
    assert.equal(toHex(result.appHash), block.appHash, `app hash of height ${i + 1}`);
    state.commit(result.writes);
    state = between(state, i + 1);
  }
}

/** Groups that a rule refuses stand in the log too, as a Byzantine proposer could put them there. */
function verifyIfKnown(
  machine: Machine,
  state: MemoryState,
  group: ReturnType<typeof decodeGroup>,
): void {
  try {
    verifyGroup(machine, state, group);
  } catch (error) {
    assert.match((error as { code: string }).code, /^(?:UNKNOWN_CARRIER|UNKNOWN_KEY)$/);
  }
}

for (const log of logs) {
  test(`the golden log of a ${log.kind} chain gives its app hashes, codes and pages`, () =>
    replay(log));

  test(`a ${log.kind} chain does not depend on the order in which a restore filled the state`, () => {
    const below = seededNumbers(3);
    replay(log, (state) => {
      const entries = [...state.range("")];
      for (let i = entries.length - 1; i > 0; i -= 1) {
        const j = below(i + 1);
        [entries[i], entries[j]] = [entries[j]!, entries[i]!];
      }
      return new MemoryState(entries);
    });
  });

  test(`finalizeBlock() on a ${log.kind} chain reads and never writes the state, and answers the same when asked again`, () => {
    const machine = makeMachine(parseGenesis(JSON.stringify(log.genesis)));
    const state = new MemoryState(machine.initChain().writes as Map<string, Uint8Array>);
    for (const [i, block] of log.blocks.entries()) {
      const request = {
        height: i + 1,
        time: block.time,
        proposer: block.proposer as never,
        absent: [],
        misbehaviour: [],
        groups: block.groups.map((group) => decodeGroup(fromBase64url(group))),
      };
      const before = [...state.range("")];
      const first = machine.finalizeBlock(state, request);
      assert.deepEqual([...state.range("")], before);
      const second = machine.finalizeBlock(state, request);
      assert.deepEqual([...second.writes], [...first.writes]);
      state.commit(second.writes);
    }
  });
}

test("the machine runs where clock, randomness, timers and locale are gone", async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    (async () => {
      const { makeMachine, MemoryState } = await import(workerData.ledger);
      const { decodeGroup, parseGenesis } = await import(workerData.protocol);
      const { fromBase64url, toHex } = await import(workerData.verify);
      const gone = (what) => () => { throw new Error(what + ' was used'); };
      globalThis.Date = new Proxy(function () {}, { get: gone('Date'), apply: gone('Date'), construct: gone('Date') });
      for (const name of ['random', 'sin', 'cos', 'exp', 'log', 'pow', 'sqrt']) Math[name] = gone('Math.' + name);
      for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch']) globalThis[name] = gone(name);
      for (const name of ['performance', 'Intl', 'crypto', 'process']) Object.defineProperty(globalThis, name, { get: gone(name) });
      String.prototype.localeCompare = gone('localeCompare');
      String.prototype.toLocaleLowerCase = gone('toLocaleLowerCase');
      JSON.stringify = gone('JSON.stringify');
      const hashes = workerData.logs.map((log) => {
        const machine = makeMachine(parseGenesis(log.genesis));
        const state = new MemoryState(machine.initChain().writes);
        return log.blocks.map((block, i) => {
          const groups = block.groups.map((group) => decodeGroup(fromBase64url(group)));
          const result = machine.finalizeBlock(state, { height: i + 1, time: block.time, proposer: block.proposer, absent: [], misbehaviour: [], groups });
          state.commit(result.writes);
          return toHex(result.appHash);
        });
      });
      parentPort.postMessage(hashes);
    })();`;
  const workerData = {
    ledger: new URL("index.ts", import.meta.url).href,
    protocol: new URL("../../protocol/src/index.ts", import.meta.url).href,
    verify: new URL("../../crypto/src/verify.ts", import.meta.url).href,
    logs: logs.map((log) => ({ ...log, genesis: JSON.stringify(log.genesis) })),
  };
  const worker = new Worker(code, { eval: true, workerData });
  const hashes = await new Promise((resolve, reject) =>
    worker.once("message", resolve).once("error", reject),
  );
  await worker.terminate();
  assert.deepEqual(
    hashes,
    logs.map(({ blocks }) => blocks.map(({ appHash }) => appHash)),
  );
});
