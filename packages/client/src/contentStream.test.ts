import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenedRecord, OpeningBody } from "@anamnesis/crypto/open";
import { piecesOf, readAll, streamOf } from "@anamnesis/crypto/verify";
import { contentStream } from "./contentStream.ts";

const opened = { meta: { mediaType: "text/plain" } } as unknown as OpenedRecord;
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

const nobodyElse = (error: unknown): never => {
  throw error;
};

/** Content of one body that nobody else has. */
const streamed = (
  open: () => OpeningBody,
  done: (opened: OpenedRecord) => Promise<void> = () => Promise.resolve(),
) => contentStream({ open: async () => open(), passOver: nobodyElse, done });

function body(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): OpeningBody {
  return { content: streamOf(pieces), finished: Promise.resolve(opened) };
}

describe("contentStream()", () => {
  test("gives the pieces in order, then the meta", async () => {
    const { content, finished } = streamed(() => body([bytes(1, 2), bytes(3)]));
    assert.deepEqual([...(await readAll(content))], [1, 2, 3]);
    assert.equal(await finished, opened.meta);
  });

  test("opens with the first read", async () => {
    let opens = 0;
    const { content } = streamed(() => {
      opens += 1;
      return body([bytes(1)]);
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(opens, 0);
    await readAll(content);
    assert.equal(opens, 1);
  });

  test("a failure fails both content and finished, after the good pieces", async () => {
    const failure = new Error("spoiled");
    const { content, finished } = streamed(() =>
      body(
        (async function* () {
          yield bytes(1);
          throw failure;
        })(),
      ),
    );
    const read: number[] = [];
    await assert.rejects(async () => {
      for await (const piece of piecesOf(content)) read.push(...piece);
    }, failure);
    assert.deepEqual(read, [1]);
    await assert.rejects(finished, failure);
  });

  test("what follows the opening runs before finished, and its failure counts", async () => {
    const order: string[] = [];
    const { content, finished } = streamed(
      () => body([]),
      () => Promise.resolve(void order.push("done")),
    );
    await readAll(content);
    await finished;
    assert.deepEqual(order, ["done"]);
    const failure = new Error("not posted");
    const failing = streamed(
      () => body([bytes(1)]),
      () => Promise.reject(failure),
    );
    await assert.rejects(readAll(failing.content), failure);
    await assert.rejects(failing.finished, failure);
  });

  test("whoever stops reading stops the opening", async () => {
    let isStopped = false;
    const { content, finished } = streamed(() =>
      body(
        (async function* () {
          try {
            for (;;) yield bytes(1);
          } finally {
            isStopped = true;
          }
        })(),
      ),
    );
    for await (const _ of piecesOf(content)) break;
    await assert.rejects(finished);
    assert.equal(isStopped, true);
  });

  test("says that reading stopped where it was not begun, and opens nothing", async () => {
    const open = () => assert.fail("opened");
    const { content, finished } = contentStream({
      open,
      passOver: (error) => assert.fail(String(error)),
    });
    await content.cancel();
    await assert.rejects(finished, TypeError);
  });

  test("goes on at the next vault where one failed, and gives no byte twice", async () => {
    const failures: unknown[] = [];
    const sources: Iterable<Uint8Array>[] = [
      [bytes(1, 2), bytes(3)],
      [bytes(1), bytes(2, 3, 4)],
      [bytes(1, 2, 3, 4, 5)],
    ];
    const { content, finished } = contentStream({
      open: async () => {
        const pieces = sources[failures.length] as Iterable<Uint8Array>;
        const isLast = failures.length === sources.length - 1;
        return body(
          (async function* () {
            yield* pieces;
            if (!isLast) throw new Error(`vault ${failures.length + 1} failed`);
          })(),
        );
      },
      passOver: (error) => failures.push((error as Error).message),
    });
    assert.deepEqual([...(await readAll(content))], [1, 2, 3, 4, 5]);
    assert.equal(await finished, opened.meta);
    assert.deepEqual(failures, ["vault 1 failed", "vault 2 failed"]);
  });
});
