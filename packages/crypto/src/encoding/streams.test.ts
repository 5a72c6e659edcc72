import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { concat } from "./bytes.ts";
import { StreamFront } from "./streamFront.ts";
import { inRuns, piecesOf, readAll, streamOf } from "./streams.ts";

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
/** A source that notes how it ended. */
function noted(pieces: readonly Uint8Array[]) {
  const ended: string[] = [];
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
      ended.push("read");
    } finally {
      ended.push("over");
    }
  }
  return { source: source(), ended };
}

suite("streamOf()", () => {
  test("ends its source where it is cancelled, and says so where nothing was read before", async () => {
    const rows: readonly [number, readonly string[]][] = [
      [0, ["unread"]],
      [1, ["over"]],
      [2, ["over"]],
    ];
    for (const [pulls, want] of rows) {
      const { source, ended } = noted([bytes(1), bytes(2), bytes(3)]);
      const stream = streamOf(source, () => void ended.push("unread"));
      const reader = stream.getReader();
      for (let i = 0; i < pulls; i += 1) await reader.read();
      await reader.cancel();
      assert.deepEqual(ended, want, `${pulls} pulls`);
    }
    await streamOf([bytes(1)]).cancel();
  });

  test("takes nothing before it is pulled, and pieces of both kinds of source", async () => {
    const { source, ended } = noted([bytes(1), bytes(2)]);
    const stream = streamOf(source, () => assert.fail("was read"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(ended, []);
    assert.deepEqual(await readAll(stream), bytes(1, 2));
    assert.deepEqual(ended, ["read", "over"]);
    assert.deepEqual(await readAll(streamOf([bytes(1), bytes(2)])), bytes(1, 2));
  });
});

suite("piecesOf()", () => {
  test("lets go of the stream at its end, where it fails, and where reading stops", async () => {
    const whole = streamOf([bytes(1)]);
    for await (const _ of piecesOf(whole));
    assert.equal(whole.locked, false);
    const { source, ended } = noted([bytes(1), bytes(2)]);
    const left = streamOf(source);
    for await (const _ of piecesOf(left)) break;
    assert.deepEqual([left.locked, ended], [false, ["over"]]);
    const broken = new Error("broken");
    const failing = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(broken) });
    await assert.rejects(async () => {
      for await (const _ of piecesOf(failing));
    }, broken);
    assert.equal(failing.locked, false);
  });
});

test("inRuns() cuts alike however the pieces come, and knows the last run", async () => {
  const size = 4;
  const cases: readonly [number, readonly string[]][] = [
    [0, ["0 last"]],
    [1, ["1 last"]],
    [4, ["4 last"]],
    [5, ["4", "1 last"]],
    [8, ["4", "4 last"]],
    [13, ["4", "4", "4", "1 last"]],
  ];
  for (const [length, want] of cases) {
    const data = Uint8Array.from({ length }, (_, i) => i + 1);
    for (const step of [1, 3, 4, 5, 8, 9, 20]) {
      const runs: string[] = [];
      const pieces = Array.from({ length: Math.ceil(length / step) }, (_, i) =>
        data.subarray(i * step, (i + 1) * step),
      );
      const cut = inRuns(size, async (run, last) => {
        runs.push(`${run.length}${last ? " last" : ""}`);
        return run.slice();
      });
      assert.deepEqual(await readAll(streamOf(pieces).pipeThrough(cut)), data);
      assert.deepEqual(runs, want, `${length} bytes by ${step}`);
    }
  }
});

test("StreamFront gives runs of any length, then all that is left, then nothing", async () => {
  const pieces = [bytes(1, 2, 3), bytes(), bytes(4, 5), bytes(6)];
  for (const lengths of [[], [0], [1, 1], [3], [4], [2, 3], [6], [7]]) {
    const front = new StreamFront(streamOf(pieces));
    const read: Uint8Array[] = [];
    for (const length of lengths) {
      const run = await front.read(length);
      assert.equal(run.length, Math.min(length, 6));
      read.push(run);
    }
    const rest: Uint8Array[] = [];
    for await (const piece of piecesOf(front.rest())) rest.push(piece);
    assert.deepEqual(concat(...read, ...rest), bytes(1, 2, 3, 4, 5, 6), lengths.join());
  }
  const { source, ended } = noted(pieces);
  const front = new StreamFront(streamOf(source));
  await front.read(1);
  await front.rest().cancel();
  assert.deepEqual(ended, ["over"]);
});
