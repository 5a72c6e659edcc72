import assert from "node:assert/strict";
import { test } from "node:test";
import { readAll, streamOf } from "@anamnesis/crypto/verify";
import { uploadOf, wholeOrBroken } from "./bodies.ts";

const MIB = 1024 * 1024;

/** So many pieces of one MiB, and whether whoever reads them was done with them. */
function source(pieces: number): { content: ReadableStream<Uint8Array>; isEnded: () => boolean } {
  let ended = false;
  async function* made(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < pieces; at++) yield new Uint8Array(MIB).fill(at);
    } finally {
      ended = true;
    }
  }
  return { content: streamOf(made()), isEnded: () => ended };
}

test("uploadOf() gives a small body whole and a large one as it comes, each in order", async () => {
  const small = await uploadOf(source(4));
  assert.ok(small instanceof Blob);
  const large = await uploadOf(source(7));
  assert.ok(large instanceof ReadableStream);
  for (const [read, pieces] of [
    [new Uint8Array(await small.arrayBuffer()), 4],
    [await readAll(large), 7],
  ] as const) {
    assert.equal(read.length, pieces * MIB);
    for (let at = 0; at < pieces; at++) assert.equal(read[at * MIB], at);
  }
});

test("uploadOf() ends the source when nobody takes the upload", async () => {
  const { content, isEnded } = source(7);
  const upload = await uploadOf({ content });
  assert.ok(upload instanceof ReadableStream);
  await upload.cancel();
  assert.ok(isEnded());
});

test("wholeOrBroken() says why a body ended too early, and ends one that nobody reads", async () => {
  let cancelled = 0;
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError("terminated")),
  });
  const said = wholeOrBroken(broken, (cause) => new Error("it broke off", { cause }));
  await assert.rejects(readAll(said), { message: "it broke off" });
  const unread = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled += 1) });
  await wholeOrBroken(unread, () => new Error("never")).cancel();
  assert.equal(cancelled, 1);
  assert.deepEqual(
    await readAll(wholeOrBroken(streamOf([Uint8Array.of(1)]), () => new Error("never"))),
    Uint8Array.of(1),
  );
});
