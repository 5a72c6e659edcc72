import assert from "node:assert/strict";
import { test } from "node:test";
import type { DealInQuestion } from "./dealCheck.ts";
import { DealJudge } from "./dealJudge.ts";

/** A deal of so many tags; what is in them is for the thread to look at. */
const deal = (tags: number): DealInQuestion =>
  ({ shares: { tags: Array.from({ length: tags }, () => 0) } }) as unknown as DealInQuestion;

/** A judge whose thread does this with each question. */
const judging = (body: string): DealJudge =>
  new DealJudge(
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from "node:worker_threads";
        parentPort.on("message", async ({ id, deal }) => { ${body} });
      `)}`,
    ),
  );

test("check() believes the thread, one verdict a deal", async (t) => {
  const judge = judging(`
    const refused = { code: "SHARE_INVALID", message: "Share refused" };
    parentPort.postMessage({ id, refused: deal.shares.tags.length > 1 ? refused : undefined });
  `);
  t.after(() => judge.stop());
  const verdicts = await Promise.allSettled([1, 2, 1].map((tags) => judge.check(deal(tags))));
  assert.deepEqual(
    verdicts.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  await assert.rejects(judge.check(deal(2)), { code: "SHARE_INVALID", message: "Share refused" });
});

test("check() refuses what a thread that died was to judge, and goes on with another thread", async (t) => {
  const judge = judging(`
    if (deal.shares.tags.length > 1) process.exit(1);
    parentPort.postMessage({ id, refused: undefined });
  `);
  t.after(() => judge.stop());
  await assert.rejects(judge.check(deal(2)), { code: "UNAVAILABLE" });
  await judge.check(deal(1));
});

test("check() is BUSY while 16,384 tags wait, and refuses what waits when it is stopped", async () => {
  const judge = judging("");
  const waiting = Array.from({ length: 8 }, () =>
    assert.rejects(judge.check(deal(2_048)), { code: "UNAVAILABLE" }),
  );
  await assert.rejects(judge.check(deal(1)), { code: "BUSY" });
  await judge.stop();
  await Promise.all(waiting);
  await assert.rejects(judge.check(deal(1)), { code: "UNAVAILABLE" });
});

test("check() refuses what a thread that broke was to judge, and says why", async (t) => {
  const judge = judging(`throw new Error("Broken");`);
  t.after(() => judge.stop());
  await assert.rejects(judge.check(deal(1)), (error: Error & { code?: string }) => {
    assert.equal(error.code, "UNAVAILABLE");
    assert.match(String((error.cause as Error).message), /Broken/);
    return true;
  });
});

test("check() believes no thread in which a bug was met", async (t) => {
  const judge = new DealJudge();
  t.after(() => judge.stop());
  await assert.rejects(judge.check(deal(1)), { code: "UNAVAILABLE" });
});

/** Refuses every deal and says which thread did; a deal of two tags takes a moment. */
const telling = `
  const { threadId } = await import("node:worker_threads");
  const refused = { code: "SHARE_INVALID", message: String(threadId) };
  const say = () => parentPort.postMessage({ id, refused });
  if (deal.shares.tags.length === 1) say();
  else setTimeout(say, 200);
`;
const threadOf = (judging: Promise<void>): Promise<string> =>
  judging.then(
    () => "accepted",
    (error: { code?: string; message: string }) =>
      error.code === "SHARE_INVALID" ? error.message : String(error.code),
  );

test("a thread ends after a minute without a deal, not while one waits, and the next deal has another", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const judge = judging(telling);
  t.after(() => judge.stop());
  const first = await threadOf(judge.check(deal(1)));
  t.mock.timers.tick(59_999);
  assert.equal(await threadOf(judge.check(deal(1))), first, "in use");
  t.mock.timers.tick(59_999);
  const long = threadOf(judge.check(deal(2)));
  const short = threadOf(judge.check(deal(1)));
  assert.equal(await short, first);
  t.mock.timers.tick(60_000);
  assert.equal(await long, first, "one waits still");
  t.mock.timers.tick(60_000);
  const next = await threadOf(judge.check(deal(2)));
  assert.match(next, /^\d+$/, "the end of the thread before ends no deal of the next");
  assert.notEqual(next, first);
});
