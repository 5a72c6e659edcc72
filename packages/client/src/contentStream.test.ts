import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenedRecord, OpeningBody } from "@anamnesis/crypto/open";
import { piecesOf, readAll, streamOf } from "@anamnesis/crypto/verify";
import { contentStream } from "./contentStream.ts";

const opened = { meta: { mediaType: "text/plain" } } as unknown as OpenedRecord;
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

function body(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): OpeningBody {
  return { content: streamOf(pieces), finished: Promise.resolve(opened) };
}

describe("contentStream()", () => {
  test("gives the pieces in order, then the meta", async () => {
    const { content, finished } = contentStream(() => body([bytes(1, 2), bytes(3)]));
    assert.deepEqual([...(await readAll(content))], [1, 2, 3]);
    assert.equal(await finished, opened.meta);
  });

  test("opens with the first read", async () => {
    let opens = 0;
    const { content } = contentStream(() => {
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
    const { content, finished } = contentStream(() =>
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
    const { content, finished } = contentStream(
      () => body([]),
      () => Promise.resolve(void order.push("done")),
    );
    await readAll(content);
    await finished;
    assert.deepEqual(order, ["done"]);
    const failure = new Error("not posted");
    const failing = contentStream(
      () => body([bytes(1)]),
      () => Promise.reject(failure),
    );
    await assert.rejects(readAll(failing.content), failure);
    await assert.rejects(failing.finished, failure);
  });

  test("whoever stops reading stops the opening", async () => {
    let isStopped = false;
    const { content, finished } = contentStream(() =>
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
});
