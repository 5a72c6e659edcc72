import assert from "node:assert/strict";
import { test } from "node:test";
import { gidOf } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { holderOf, intentFields, publishFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certify } from "@anamnesis/testing/testChain";
import { numberKey } from "./keys.ts";
import { usagePage } from "./queries.ts";
import type { StateView } from "./state.ts";

test("usagePage() reads one page and one entry more, however much came before", () => {
  const chain = new TestChain(makeGenesis("consortium"));
  const reader = certify(chain, "dr-lin");
  const key = keyOf("grant");
  const grant = { expiresAt: chain.time + 3_600_000, reader: holderOf(reader) };
  chain.submit(chain.slip("grant.publish", publishFields("grant", grant), key), undefined, 0);
  const gid = gidOf(key.publicKey);
  for (const label of ["a", "b", "c", "d"]) {
    const fields = intentFields("grant", reader, { commitment: bytesOf(label) });
    const intent = chain.slip("usage.intent", fields, keyOf("dr-lin"));
    assert.equal(chain.submit(intent), "OK");
  }
  const { found: whole } = usagePage(chain.state, gid, { limit: 10 });
  assert.equal(whole.length, 4);
  const { next } = usagePage(chain.state, gid, { limit: 2 });
  let read = 0;
  const counted: StateView = {
    get: (entry) => chain.state.get(entry),
    *range(prefix, options) {
      for (const entry of chain.state.range(prefix, options)) {
        read += 1;
        yield entry;
      }
    },
  };
  assert.deepEqual(usagePage(counted, gid, { after: next, limit: 1 }).found, whole.slice(2, 3));
  assert.equal(read, 2);
});

test("numberKey() refuses what would stand for another number", () => {
  assert.equal(numberKey(2 ** 48 - 1), "\xff".repeat(6));
  for (const large of [2 ** 48, 2 ** 48 + 5])
    assert.throws(() => numberKey(large), { name: "InvariantError" });
});
