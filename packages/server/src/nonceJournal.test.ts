import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { limits } from "@anamnesis/protocol";
import { PowerLoss } from "@anamnesis/testing/powerLoss";
import { NonceJournal } from "./nonceJournal.ts";

const start = 1_800_000_000_000;
const periodMs = 2 * limits.requestSkewMs;

let folder: string;
let opened: NonceJournal[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nonces-"));
  opened = [];
});
afterEach(async () => {
  for (const journal of opened) await journal.close();
  await rm(folder, { recursive: true, force: true });
});

/** Opens the folder as a process does that knows nothing of the one before. */
async function open(now = start): Promise<NonceJournal> {
  const journal = await NonceJournal.open(folder, now);
  opened.push(journal);
  return journal;
}

test("use() refuses a nonce for as long as its request could come again, over restarts that nobody prepared", async () => {
  const journal = await open();
  await journal.use("key", "nonce", start);
  await assert.rejects(journal.use("key", "nonce", start), { code: "NONCE_REUSED" });
  await journal.use("another key", "nonce", start);
  for (const later of [0, 1_000, periodMs - 1, periodMs]) {
    const next = await open(start + later);
    await assert.rejects(next.use("key", "nonce", start + later), { code: "NONCE_REUSED" });
    await next.use("key", `fresh ${later}`, start + later);
  }
  const forgotten = await open(start + 2 * periodMs);
  await forgotten.use("key", "nonce", start + 2 * periodMs);
});

test("use() remembers over a period's edge in one process, and forgets a period later", async () => {
  const journal = await open();
  const edge = (Math.floor(start / periodMs) + 1) * periodMs;
  await journal.use("key", "nonce", edge - 1);
  for (const now of [edge, edge + periodMs - 1]) {
    // Another request begins the next period's file, and lets go of what is too old.
    await journal.use("key", `other ${now}`, now);
    await assert.rejects(journal.use("key", "nonce", now), { code: "NONCE_REUSED" });
    await assert.rejects((await open(now)).use("key", "nonce", now), { code: "NONCE_REUSED" });
  }
  await journal.use("key", "another", edge + periodMs);
  await journal.use("key", "nonce", edge + periodMs);
});

test("use() keeps what was written together at a period's edge for as long as the later of it", async () => {
  const journal = await open();
  const edge = (Math.floor(start / periodMs) + 1) * periodMs;
  const first = journal.use("key", "first", edge - 2);
  const together = [journal.use("key", "early", edge - 1), journal.use("key", "late", edge)];
  await Promise.all([first, ...together]);
  const now = edge + periodMs;
  await assert.rejects((await open(now)).use("key", "late", now), { code: "NONCE_REUSED" });
});

test("use() remembers while the clock is put back", async () => {
  const journal = await open();
  await journal.use("key", "nonce", start);
  const back = start - 10 * periodMs;
  await assert.rejects(journal.use("key", "nonce", back), { code: "NONCE_REUSED" });
  await assert.rejects((await open(back)).use("key", "nonce", back), { code: "NONCE_REUSED" });
});

test("use() lets one of many at once pass, and keeps all that passed", async () => {
  const journal = await open();
  const nonces = Array.from({ length: 200 }, (_, i) => `nonce ${i % 100}`);
  const outcomes = await Promise.allSettled(nonces.map((n) => journal.use("key", n, start)));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 100);
  const next = await open();
  for (const nonce of nonces)
    await assert.rejects(next.use("key", nonce, start), { code: "NONCE_REUSED" });
});

test("use() is on disk when it resolves: a loss of power forgets no nonce", async (t) => {
  await open();
  const power = await PowerLoss.over(folder);
  t.after(() => power.end());
  const journal = await open();
  await journal.use("key", "first", start);
  await Promise.all([journal.use("key", "second", start), journal.use("key", "third", start)]);
  await journal.use("key", "fourth", start + periodMs);
  await journal.close();
  await power.strike();
  const next = await open(start + periodMs);
  for (const nonce of ["first", "second", "third", "fourth"])
    await assert.rejects(next.use("key", nonce, start + periodMs), { code: "NONCE_REUSED" });
});

test("open() reads past an entry that a crash cut short, and what follows is whole", async () => {
  await (await open()).use("key", "first", start);
  const [file] = await readdir(folder);
  await appendFile(join(folder, file!), Buffer.alloc(17, 1));
  await (await open()).use("key", "second", start);
  const next = await open();
  await assert.rejects(next.use("key", "first", start), { code: "NONCE_REUSED" });
  await assert.rejects(next.use("key", "second", start), { code: "NONCE_REUSED" });
});

test("the folder tells nothing of who asked, and does not grow beyond two periods", async () => {
  const journal = await open();
  for (let period = 0; period < 5; period++)
    await journal.use("ab".repeat(32), `nonce-in-clear-${period}`, start + period * periodMs);
  const files = await readdir(folder);
  assert.equal(files.length, 2);
  for (const file of files) {
    const bytes = await readFile(join(folder, file));
    assert.equal(bytes.length, 32);
    for (const secret of [
      Buffer.from("ab".repeat(32)),
      Buffer.from("nonce"),
      Buffer.alloc(4, 0xab),
    ])
      assert.equal(bytes.includes(secret), false);
  }
});

test("use() refuses everything once closed or when it cannot write", async () => {
  const journal = await open();
  await rm(folder, { recursive: true });
  await assert.rejects(journal.use("key", "nonce", start), { code: "STORAGE_FULL" });
  await journal.close();
  await assert.rejects(journal.use("key", "other", start), { code: "UNAVAILABLE" });
});
