import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenedRecord } from "@anamnesis/crypto/open";
import { contentStream } from "./contentStream.ts";
import { pulled } from "./handoff.ts";

const opened = { meta: { mediaType: "text/plain" } } as unknown as OpenedRecord;
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

async function all(stream: AsyncIterable<Uint8Array>): Promise<number[]> {
  const read: number[] = [];
  for await (const piece of stream) read.push(...piece);
  return read;
}

describe("contentStream()", () => {
  test("gives what is pushed in order, then the meta", async () => {
    const { content, finished } = contentStream(async (sink) => {
      await sink(bytes(1, 2));
      await sink(bytes(3));
      return opened;
    });
    assert.deepEqual(await all(content), [1, 2, 3]);
    assert.equal(await finished, opened.meta);
  });

  test("starts with the first pull and never runs more than one piece ahead", async () => {
    let pushed = 0;
    const { content } = contentStream(async (sink) => {
      for (; pushed < 5; pushed += 1) await sink(bytes(pushed));
      return opened;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(pushed, 0);
    let taken = 0;
    for await (const _ of content) {
      taken += 1;
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(pushed <= taken + 1, `${pushed} pushed, ${taken} taken`);
    }
    assert.equal(taken, 5);
  });

  test("a failure fails both content and finished, after the good pieces", async () => {
    const failure = new Error("spoiled");
    const { content, finished } = contentStream(async (sink) => {
      await sink(bytes(1));
      throw failure;
    });
    const read: number[] = [];
    await assert.rejects(async () => {
      for await (const piece of content) read.push(...piece);
    }, failure);
    assert.deepEqual(read, [1]);
    await assert.rejects(finished, failure);
  });

  test("what follows the opening runs before finished, and its failure counts", async () => {
    const order: string[] = [];
    const { content, finished } = contentStream(
      () => Promise.resolve(opened),
      () => Promise.resolve(void order.push("done")),
    );
    await all(content);
    await finished;
    assert.deepEqual(order, ["done"]);
  });

  test("whoever stops reading stops the opening", async () => {
    let stopped = false;
    const { content, finished } = contentStream(async (sink) => {
      try {
        for (;;) await sink(bytes(1));
      } catch (error) {
        stopped = true;
        throw error;
      }
    });
    for await (const _ of content) break;
    await assert.rejects(finished);
    assert.equal(stopped, true);
  });

  test("pulled() passes pieces and failures on", async () => {
    assert.deepEqual(await all(pulled((sink) => sink(bytes(4, 5)))), [4, 5]);
    await assert.rejects(all(pulled(() => Promise.reject(new Error("no")))), /no/);
  });
});
