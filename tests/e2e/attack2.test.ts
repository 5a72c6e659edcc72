/**
 * Attack 2: a certified patient sends a proxy one package of the most tags that a grant may have, so that nobody opens anything
 * meanwhile; sends many; and fills its disk with what was erased. Making it costs them one tag: its share and commitments
 * are right for every other.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { visitSigningKey } from "@anamnesis/crypto/patientKeys";
import { randomBytes, sha256 } from "@anamnesis/crypto/verify";
import { grantDigest, grantDocument, limits, sharePackage } from "@anamnesis/protocol";
import { LoopWatch } from "@anamnesis/testing/loopWatch";
import { revocation } from "@anamnesis/testing/proxy/calls";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { sharesFor, tagOf } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([]);
after(() => federation.stop());
const { parties } = federation;
const reader = await federation.newReader("Dr. Reader");
const record = await federation.newRecord();
const MOST = limits.grantTags;

interface Package {
  readonly made: MadeGrant;
  readonly bytes: Uint8Array;
}

/** A package over so many tags of as many visits. @param wrong - Whether the last share is another's. */
async function packageOf(tags: number, wrong = false): Promise<Package> {
  const { seed, care } = parties;
  const visits = Array.from({ length: tags }, () => {
    const keys = visitSigningKey({ seed, visitSalt: randomBytes(16) });
    return { ...record, tag: randomBytes(16), visit: { ...record.visit, keys } };
  });
  const one = await federation.newGrant(reader, visits.slice(0, 1));
  const grant = { ...one.grant, tags: visits.map((visit) => tagOf(care, visit)) };
  const bytes = grantDocument.encode(grant);
  const commitments = visits.flatMap(() => one.dealt.commitments);
  const digest = grantDigest(bytes, sha256(one.sealed), commitments);
  const made = { ...one, grant, bytes, digest, records: visits };
  const [share, another] = one.dealt.shares.flatMap(({ points }) => points);
  const shares = visits.map((_, t) => (wrong && t === tags - 1 ? another! : share!));
  return { made, bytes: await sharesFor(parties, made, 1, { shares }, { commitments }) };
}

const post = async ({ bytes }: Package): Promise<string> =>
  codeOf(await federation.postShares(1, bytes));

test("attack 2: one package of 2,048 tags, and the proxy goes on opening", async (t) => {
  const stop = await federation.run(1);
  t.after(stop);
  const honest = await federation.granted(reader, [record]);
  const hostile = await packageOf(MOST, true);
  assert.ok(hostile.bytes.length > 3.8e6 && hostile.bytes.length < sharePackage.maxBytes);
  const watch = new LoopWatch();
  t.after(() => watch.stop());
  const ended: string[] = [];
  const judged = post(hostile).then((code) => ended.push(code));
  for (let opened = 0; opened < 3; opened++)
    ended.push(await codeOf(await federation.open(1, reader, honest, [record])));
  ended.push(await post(await packageOf(1)));
  const longestMs = watch.longestMs();
  await judged;
  assert.deepEqual(ended, ["OK", "OK", "OK", "OK", "SHARE_INVALID"]);
  assert.ok(longestMs < 1_000, `held the event loop for ${longestMs} ms`);
});

test("attack 2: a patient is charged for tags before they are judged, right or wrong", async (t) => {
  const stop = await federation.run(1, { tagsPerHour: 100 });
  t.after(stop);
  assert.equal(await post(await packageOf(60, true)), "SHARE_INVALID");
  assert.equal(await post(await packageOf(60, true)), "RATE_LIMITED");
  assert.equal(await post(await packageOf(40)), "OK");
  assert.equal(await post(await packageOf(1)), "RATE_LIMITED");
});

test("attack 2: the room of what was erased is another grant's", async (t) => {
  const stop = await federation.run(1, { quotaBytes: 500_000 });
  t.after(stop);
  const [first, second] = [await packageOf(100), await packageOf(100)];
  assert.equal(await post(first), "OK");
  assert.equal(await post(second), "STORAGE_FULL");
  const erased = await federation.erase(1, first.made.gid, revocation(parties, first.made).bytes);
  assert.equal(erased.status, 200);
  assert.equal(await post(second), "OK");
});
