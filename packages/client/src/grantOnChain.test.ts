/** What a device takes from the chain about a grant: its status to the millisecond, and all of its use. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { NodeApi, Session } from "@anamnesis/client";
import { consortiumOf } from "@anamnesis/protocol";
import type { GrantView, UsageView } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { makeTrust } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { randomBytes } from "@anamnesis/crypto/verify";
import { grantOnChain, grantStatus, usageOf } from "./grantOnChain.ts";

test("grantStatus() says what the chain says first, and 'expired' from the millisecond on that either end names", () => {
  const published = { revokedAt: 0, expiresAt: 100 } as GrantView;
  const rows = [
    [undefined, 100, 50, "unpublished"],
    [published, 100, 99, "live"],
    [published, 100, 100, "expired"],
    [published, 90, 90, "expired"],
    [published, 90, 89, "live"],
    [published, 200, 100, "expired"],
    [{ ...published, revokedAt: 1 }, 100, 50, "revoked"],
    [{ ...published, revokedAt: 1 }, 100, 150, "revoked"],
  ] as const;
  for (const [onChain, notAfter, now, status] of rows)
    assert.equal(grantStatus(onChain, notAfter, now), status);
});

test("grantOnChain() says nothing of a grant that was never published", async () => {
  const federation = await ClientFederation.make();
  const session = federation.session(undefined as never);
  assert.equal(await grantOnChain(session, "0".repeat(64)), undefined);
});

type Page = Awaited<ReturnType<NodeApi["grantUsage"]>>;
const trust = makeTrust();
const key = keyOf("a grant");
const used = (slip: string, time: number) => ({ kind: "usage.intent", slip, time }) as UsageView;

/** What is listed where each member gives these pages; a failure is one of all. */
async function listed(pages: (member: string, after: number | undefined) => Page) {
  const node = (member: string) => ({
    head: async () => ({}),
    grantUsage: async (chain: string, gid: string, after: number | undefined) => {
      assert.deepEqual([chain, gid], [consortiumOf(trust).chain, "gid"]);
      return pages(member, after);
    },
  });
  const session = { trust, random: randomBytes, network: { node } } as unknown as Session;
  return (await usageOf(session, "gid", key)).map(({ slip }) => slip);
}

suite("usageOf()", () => {
  test("goes on until the last page, and tells each once, oldest first", async () => {
    const pages = new Map<number | undefined, Page>([
      [undefined, { usage: [used("c", 3), used("a", 1)], next: 2 }],
      [2, { usage: [used("b", 2)] }],
    ]);
    assert.deepEqual(await listed((_, after) => pages.get(after)!), ["a", "b", "c"]);
    const [first] = consortiumOf(trust).members;
    const some = (member: string) => (member === first!.id ? [] : [used("d", 4)]);
    const told = await listed((member) => ({ usage: some(member) }));
    assert.deepEqual(told, ["d"], "two members are asked: one leaves something out in vain");
  });

  test("does not follow a node that lists without an end", async () => {
    const endless = { code: "UNAVAILABLE", message: /MALFORMED/ };
    for (const next of [0, 5])
      await assert.rejects(
        listed(() => ({ usage: [], next })),
        endless,
        "the same page again",
      );
    await assert.rejects(
      listed((_, after = 9) => ({ usage: [], next: after - 1 })),
      endless,
      "back again",
    );
    const many = Array.from({ length: 60_000 }, (_, i) => used(`${i}`, i));
    let asked = 0;
    await assert.rejects(
      listed((_, after = 0) => {
        asked += 1;
        return { usage: many, next: after + 1 };
      }),
      endless,
    );
    assert.ok(asked <= 2 * consortiumOf(trust).members.length, "two pages hold more than the most");
    const [only, rest] = [many.slice(0, 50_000), many.slice(10_000)];
    const most = await listed((_, after) =>
      after === undefined
        ? { usage: only, next: 1 }
        : { usage: rest, ...(after === 1 ? { next: 2 } : {}) },
    );
    assert.equal(most.length, 60_000, "as many as are allowed are");
  });
});
