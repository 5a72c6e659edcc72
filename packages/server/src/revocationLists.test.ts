import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { CertificateOffice, startListServer } from "@anamnesis/testing/certificateOffice";
import type { ListServer, Lists } from "@anamnesis/testing/certificateOffice";
import { RevocationLists } from "./revocationLists.ts";

const HOUR_MS = 3_600_000;

let office: CertificateOffice;
let registry: ListServer;
let now: number;

before(async () => {
  office = await CertificateOffice.make();
  registry = await startListServer(() => office.lists({ time: now }));
});
after(() => registry.stop());
beforeEach(() => {
  now = Date.now();
  registry.asked = 0;
  registry.lists = () => office.lists({ time: now });
});

const newLists = (): RevocationLists =>
  new RevocationLists({ registry: registry.address, cas: office.cas, now: () => now });

/** The code of the refusal, or OK. */
async function codeFor(lists: RevocationLists, serial: string): Promise<string> {
  try {
    await lists.assertNotRevoked(fromHex(serial));
    return "OK";
  } catch (error) {
    assert.ok(error instanceof AnamnesisError);
    return error.code;
  }
}

test("assertNotRevoked() knows a revocation a minute later at the latest, by either intermediate", async () => {
  const [first, second, third] = await Promise.all([
    office.issue("first"),
    office.issue("second"),
    office.issue("third", { role: "researcher", issuer: office.thirdParties }),
  ]);
  const lists = newLists();
  for (const { serial } of [first, second, third]) assert.equal(await codeFor(lists, serial), "OK");
  office.revoke(first);
  office.revoke(third, { issuer: "third-parties" });
  assert.equal(registry.asked, 1);
  now += 60_001;
  assert.equal(await codeFor(lists, first.serial), "CERTIFICATE_NOT_LIVE");
  assert.equal(await codeFor(lists, second.serial), "OK");
  assert.equal(await codeFor(lists, third.serial), "CERTIFICATE_NOT_LIVE");
  assert.equal(registry.asked, 2);
});

test("assertNotRevoked() lets nobody in without a list that is signed, whole and in date", async (t) => {
  const { serial } = await office.issue("patient");
  const stranger = await CertificateOffice.make("stranger ");
  const good = await office.lists();
  const flipped = good.care.slice();
  flipped[flipped.length - 1]! ^= 1;
  const rows: { when: string; lists: () => Promise<Lists> }[] = [
    { when: "another authority signed it", lists: () => office.lists({ signedBy: stranger }) },
    { when: "its nextUpdate has passed", lists: () => office.lists({ time: now - 2 * HOUR_MS }) },
    {
      when: "the intermediates are exchanged",
      lists: async () => ({ care: good.thirdParties, thirdParties: good.care }),
    },
    {
      when: "a bit is flipped",
      lists: async () => ({ ...good, care: flipped }),
    },
    {
      when: "one is missing",
      lists: async () => ({ ...good, thirdParties: new Uint8Array(0) }),
    },
    {
      when: "it is none",
      lists: async () => ({ care: new Uint8Array(3), thirdParties: new Uint8Array(3) }),
    },
  ];
  for (const { when, lists } of rows) {
    await t.test(when, async () => {
      registry.lists = lists;
      assert.equal(await codeFor(newLists(), serial), "UNAVAILABLE");
    });
  }
  await t.test("the registry fails", async () => {
    registry.lists = undefined;
    assert.equal(await codeFor(newLists(), serial), "UNAVAILABLE");
  });
  await t.test("nobody listens", async () => {
    const config = { registry: "http://127.0.0.1:1", cas: office.cas, now: () => now };
    assert.equal(await codeFor(new RevocationLists(config), serial), "UNAVAILABLE");
  });
});

test("assertNotRevoked() does not forget a revocation when an older list is shown again", async () => {
  const { serial } = await office.issue("patient");
  const before = await office.lists({ time: now });
  office.revoke(await office.issue("another"));
  const lists = newLists();
  now += 1_000;
  const victim = await office.issue("victim");
  office.revoke(victim);
  assert.equal(await codeFor(lists, victim.serial), "CERTIFICATE_NOT_LIVE");
  registry.lists = async () => before;
  now += 60_001;
  assert.equal(await codeFor(lists, victim.serial), "CERTIFICATE_NOT_LIVE");
  assert.equal(await codeFor(lists, serial), "OK");
});

test("assertNotRevoked() keeps a revocation when one old list is shown beside a newer one of the other authority", async () => {
  const old = await office.lists({ time: now });
  const lists = newLists();
  now += 1_000;
  const victim = await office.issue("victim of one list");
  office.revoke(victim);
  const newer = await office.lists({ time: now });
  // The third parties' list is the older of the two that are known.
  registry.lists = async () => ({ care: newer.care, thirdParties: old.thirdParties });
  assert.equal(await codeFor(lists, victim.serial), "CERTIFICATE_NOT_LIVE");
  registry.lists = async () => ({ care: old.care, thirdParties: newer.thirdParties });
  now += 60_001;
  assert.equal(await codeFor(lists, victim.serial), "CERTIFICATE_NOT_LIVE");
});
