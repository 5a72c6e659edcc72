import assert from "node:assert/strict";
import { test } from "node:test";
import { readAll, streamOf } from "@anamnesis/crypto/verify";
import { branchesOf } from "./branches.ts";

/** A source that says how many pieces were taken, and whether it was told to end. */
function counted(pieces: number) {
  const state = { taken: 0, isEnded: false };
  const source = streamOf(
    (async function* () {
      try {
        for (let i = 0; i < pieces; i += 1) {
          state.taken += 1;
          yield Uint8Array.of(i);
        }
      } finally {
        state.isEnded = true;
      }
    })(),
  );
  return { state, source };
}
const all = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("branchesOf() gives every reader the same pieces", async () => {
  const { source } = counted(100);
  const { streams } = branchesOf(source, 3);
  for (const read of await Promise.all(streams.map(readAll))) assert.deepEqual(read, all(100));
});

test("branchesOf() takes a piece only once every reader wants it", async () => {
  const { source, state } = counted(100);
  const [one, other] = branchesOf(source, 2).streams.map((stream) => stream.getReader());
  const first = one!.read();
  await settled();
  assert.equal(state.taken, 0);
  await Promise.all([first, other!.read()]);
  void one!.read();
  await settled();
  assert.equal(state.taken, 1);
});

test("branchesOf() goes on without whoever cancels or is told to leave, and ends with the last", async () => {
  const { source, state } = counted(100);
  const { streams, leave } = branchesOf(source, 3);
  const [staying, cancelling, leaving] = streams as [
    ReadableStream<Uint8Array>,
    ReadableStream<Uint8Array>,
    ReadableStream<Uint8Array>,
  ];
  const reading = readAll(staying);
  await settled();
  await cancelling.cancel();
  leave(leaving);
  assert.deepEqual(await reading, all(100));
  leave(staying);
  assert.equal(state.taken, 100);

  const alone = counted(100);
  const branches = branchesOf(alone.source, 2);
  const readers = branches.streams.map((stream) => stream.getReader());
  await Promise.all(readers.map((reader) => reader.read()));
  for (const reader of readers) await reader.cancel();
  await settled();
  assert.equal(alone.state.isEnded, true);
});

test("branchesOf() fails all readers with the source, and says why", async () => {
  const failure = new Error("spoiled");
  const { streams, failure: why } = branchesOf(
    streamOf(
      (async function* () {
        yield Uint8Array.of(1);
        throw failure;
      })(),
    ),
    2,
  );
  const read = await Promise.allSettled(streams.map(readAll));
  assert.deepEqual(
    read.map((result) => (result as PromiseRejectedResult).reason as unknown),
    [failure, failure],
  );
  assert.equal(why(), failure);
});
