import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { intentFields, publishFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { LoopWatch } from "@anamnesis/testing/loopWatch";
import { TestChain } from "@anamnesis/testing/testChain";
import { Admission, passed } from "./admission.ts";

const chain = new TestChain(makeGenesis("consortium"));

/** Half of what nothing may hold the event loop for (D10). */
const LONGEST_MS = 50;

test("attack 9: a batch whose every slip is refused is judged in turns of the event loop", async (t) => {
  const admission = new Admission({
    machine: chain.machine,
    state: chain.state,
    carrier: chain.genesis.writer,
    verify: async (checks) => checks.map(() => false),
    now: () => chain.time,
    counts: () => true,
  });
  // Every second one names a certificate that nobody has: such a slip refuses any group it stands in.
  const key = keyOf("nobody");
  const slips = Array.from({ length: limits.batchSlips }, (_, i) =>
    i % 2 === 0
      ? chain.slip("usage.intent", intentFields("a grant", bytesOf(`nobody ${i}`)), key).bytes
      : chain.slip(
          "grant.publish",
          publishFields(`grant ${i}`, { expiresAt: chain.time - 1 }),
          keyOf(`grant ${i}`),
        ).bytes,
  );
  const watch = new LoopWatch();
  t.after(() => watch.stop());
  const judged = await admission.judge(slips);
  const longest = watch.longestMs();
  assert.deepEqual(
    new Set(judged.map((entry) => (passed(entry) ? "OK" : entry.code))),
    new Set(["UNKNOWN_KEY", "EXPIRY_IN_PAST"]),
  );
  assert.ok(longest < LONGEST_MS, `the event loop was held for ${longest.toFixed(0)} ms`);
});
