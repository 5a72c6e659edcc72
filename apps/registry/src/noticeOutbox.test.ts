import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { randomBytes } from "@anamnesis/crypto/verify";
import { proveByCard } from "@anamnesis/protocol";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { NoticeOutbox } from "./noticeOutbox.ts";
import { SealedStore } from "./sealedStore.ts";

const START = 1_700_000_000_000;
const KEPT_MS = 30 * 24 * 3_600_000;

/** An outbox, and a node that refuses every message with a code. */
async function partsOf(t: TestContext) {
  const store = new SealedStore(await temporaryFolder("registry-notices-"), randomBytes(32));
  t.after(() => store.close());
  const says = { code: "UNAVAILABLE", status: 503, asked: 0 };
  const node = createServer((request, response) => {
    request.resume().on("end", () => {
      says.asked += 1;
      response.writeHead(says.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { code: says.code, message: "Refused" } }));
    });
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    node.closeAllConnections();
    node.close();
  });
  const clock = { now: START };
  const outbox = new NoticeOutbox(store, () => clock.now);
  const address = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  const keep = (at = address): void => {
    const [box, sealed] = [randomBytes(32), randomBytes(4_096)];
    const proof = proveByCard(randomBytes(32), { box, sealed });
    outbox.keep({ node: at, box, sealed, proof, time: START });
  };
  return { outbox, says, clock, keep };
}

test("a notice waits while its node does not take it, for thirty days to the millisecond", async (t) => {
  const { outbox, says, clock, keep } = await partsOf(t);
  keep();
  keep();
  assert.equal(await outbox.sendAll(), 2);
  clock.now += KEPT_MS;
  assert.equal(await outbox.sendAll(), 2);
  assert.equal(says.asked, 4);
  clock.now += 1;
  assert.equal(await outbox.sendAll(), 0);
  clock.now = START;
  assert.equal(await outbox.sendAll(), 0);
  assert.equal(says.asked, 4);
});

test("a notice for a box that is not there any more is given up", async (t) => {
  const { outbox, says, keep } = await partsOf(t);
  keep();
  Object.assign(says, { code: "NOT_FOUND", status: 404 });
  assert.equal(await outbox.sendAll(), 0);
  assert.equal(says.asked, 1);
});

test("the decoy of a look-up that found nobody goes nowhere and does not wait", async (t) => {
  const { outbox, says, keep } = await partsOf(t);
  keep("");
  assert.equal(await outbox.sendAll(), 0);
  assert.equal(says.asked, 0);
});
