/** What changes while a request is checked, and what is durable before it is answered: a proxy's parts, its chain in our hands. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { findCertificate } from "@anamnesis/ledger";
import { AnamnesisError, parseFingerprint } from "@anamnesis/protocol";
import type { GrantView, ReencryptRequest } from "@anamnesis/protocol";
import { RateLimit } from "@anamnesis/server";
import { hospital } from "@anamnesis/testing/federation";
import { unsignedRequest } from "@anamnesis/testing/unsignedRequest";
import { answerItems } from "@anamnesis/testing/proxy/calls";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import type { MadeRecord } from "@anamnesis/testing/proxy/records";
import { codeOf } from "@anamnesis/testing/requests";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import type { Asked } from "./checks.ts";
import { consortiumOverHttp } from "./consortium.ts";
import type { Denials } from "./denials.ts";
import { ReadGrants } from "./readGrants.ts";
import { reencrypt } from "./release.ts";
import type { ReleaseDeps } from "./release.ts";
import { ProxyStore } from "./store.ts";

const own = await ProxyFederation.start([]);
after(() => own.stop());
const stop = await own.run(1);
const who = await own.newReader("Dr. Reader");
const target = await own.newRecord();
const sibling = await own.newRecord();
const transplanted = await own.newRecord({
  spoil: ([, author]) => [target.capsules[0]!, author!],
});
const made = await own.granted(who, [target, sibling, transplanted]);
assert.equal(await codeOf(await own.open(1, who, made, [target])), "OK");
await stop();

const { consortium: chain, nodes: fakes, trust, dataDirectories: folders } = own.parties;
const store = new ProxyStore(join(folders.get(1)!, "store"));
after(() => store.close());
const seen = consortiumOverHttp({
  genesis: chain.genesis,
  institution: hospital,
  nodeAddress: `${fakes.address}/${hospital}`,
  now: () => own.now,
});

/** What the chain is made to say or do, in the middle of the checks. */
interface Meanwhile {
  readonly grant?: (view: GrantView | undefined) => Promise<GrantView | undefined>;
  readonly fresh?: () => void;
}
let meanwhile: Meanwhile = {};
/** Codes of the refusals that were to be told the patient. */
let denied: string[] = [];
beforeEach(() => {
  meanwhile = {};
  denied = [];
});

const deps: ReleaseDeps = {
  store,
  grants: new ReadGrants((gid) => store.document(gid)),
  consortium: {
    ...seen,
    grant: async (gid) => {
      const view = await seen.grant(gid);
      return meanwhile.grant === undefined ? view : meanwhile.grant(view);
    },
    assertFresh: async () => {
      await seen.assertFresh();
      meanwhile.fresh?.();
    },
  },
  denials: { post: (_: unknown, code: string) => void denied.push(code) } as unknown as Denials,
  trust,
  index: 1,
  rate: new RateLimit({ most: 1_000_000, periodMs: 60_000, what: "records" }),
  now: () => own.now,
};
const reader = toHex(who.fingerprint);
const certificate = findCertificate(chain.state, parseFingerprint(reader))!;

/** An honest request, checked and answered by these parts. @param change - What is asked otherwise. */
function ask(
  parts: Partial<ReleaseDeps> = {},
  record = target,
  change: Partial<Asked> = {},
): Promise<Uint8Array> {
  const request = requestFor(record);
  return reencrypt(
    { ...deps, ...parts },
    { request, reader, signed: unsignedRequest, certificate, ...change },
  );
}
function requestFor(record: MadeRecord, capsules = 1): ReencryptRequest {
  const records = Array.from({ length: capsules }, () => record);
  const intent = own.intent(
    who,
    made,
    records.map(({ digest }) => digest),
  );
  return own.request(made.gid, intent, records);
}

test("an honest request is answered with one share for each capsule, of whichever tag", async () => {
  for (const record of [target, sibling]) {
    const request = requestFor(record);
    const sealed = await ask({}, record, { request });
    assert.equal((await answerItems(1, "shares", request, who, sealed)).length, 1);
  }
  assert.deepEqual(denied, []);
});

test("a request of as many capsules as one turn takes, or of one more, is answered for each", async () => {
  for (const capsules of [15, 16]) {
    const records = Array.from({ length: capsules }, (_, i) => (i % 2 === 0 ? target : sibling));
    const intent = own.intent(who, made, [target.digest, sibling.digest]);
    const digests = [target.digest, sibling.digest];
    const request = { ...own.request(made.gid, intent, records), digests };
    const sealed = await ask({}, target, { request });
    assert.equal((await answerItems(1, "shares", request, who, sealed)).length, capsules);
  }
});

test("a refusal is told the patient whose grant is held, a bug is not, nor what a stranger asks of no grant", async () => {
  await assert.rejects(ask({}, transplanted), { code: "CAPSULE_INVALID" });
  assert.deepEqual(denied, ["CAPSULE_INVALID"]);
  const request = { ...requestFor(target), gid: randomBytes(32) };
  await assert.rejects(ask({}, target, { request }), { code: "GRANT_NOT_HELD" });
  const broken = keeping({ putIntent: () => Promise.reject(new TypeError("A bug")) });
  await assert.rejects(ask({ store: broken }), TypeError);
  const shareless = keeping({ share: () => ({ share: undefined as never, commitments: [] }) });
  await assert.rejects(ask({ store: shareless }), RangeError);
  assert.deepEqual(denied, ["CAPSULE_INVALID"]);
});

test("nothing is answered to a certificate whose key cannot be sealed to", async () => {
  const keyless = { ...certificate, boxKey: new Uint8Array(certificate.boxKey.length).fill(255) };
  await assert.rejects(ask({}, target, { certificate: keyless }), { code: "CERTIFICATE_INVALID" });
});

test("whether the grant is live is asked after the chain was seen to be fresh", async () => {
  let revokedAt = 0;
  meanwhile = {
    grant: async (view) => ({ ...view!, revokedAt }),
    fresh: () => (revokedAt = own.now),
  };
  await assert.rejects(ask(), { code: "GRANT_NOT_LIVE" });
});

test("a grant that is published while a request is checked has to be the one that is held", async () => {
  let looks = 0;
  const published = (change: Partial<GrantView>) => async (view: GrantView | undefined) => {
    looks += 1;
    return looks === 1 ? undefined : { ...view!, ...change };
  };
  for (const change of [{ digest: "ab".repeat(32) }, { reader: "ab".repeat(32) }]) {
    looks = 0;
    meanwhile = { grant: published(change) };
    await assert.rejects(ask(), { code: "GRANT_SIGNATURE" });
  }
  looks = 0;
  meanwhile = { grant: published({}) };
  assert.ok((await ask()).length > 0);
});

/** The store, but for these of its parts. */
const keeping = (parts: Partial<ProxyStore>): ProxyStore =>
  new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(parts, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });

test("I8: no share leaves before its evidence is on disk, and none that cannot be put there", async () => {
  let kept: (() => void) | undefined;
  let answered = false;
  const reached = Promise.withResolvers<void>();
  const slow = keeping({
    putIntent: () =>
      new Promise((resolve) => {
        kept = resolve;
        reached.resolve();
      }),
  });
  const answer = ask({ store: slow }).then(() => (answered = true));
  await Promise.race([reached.promise, answer]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
  kept?.();
  await answer;

  const full = keeping({
    putIntent: () => Promise.reject(new AnamnesisError("STORAGE_FULL", "No room")),
  });
  await assert.rejects(ask({ store: full }), { code: "STORAGE_FULL" });
});

test("shares that are erased while a large request is answered are not used for the rest of it", async () => {
  let looks = 0;
  const grant: ProxyStore["grant"] = (gid) => {
    looks += 1;
    const held = store.grant(gid)!;
    return looks < 3 ? held : { ...held, replyKey: null, erasedAt: own.now };
  };
  const request = requestFor(target, 20);
  await assert.rejects(ask({ store: keeping({ grant }) }, target, { request }), {
    code: "GRANT_NOT_LIVE",
  });
  assert.equal(looks, 3, "once for the checks, and once for each turn");
});

test("shares that are erased while a request is checked are not used for it", async () => {
  const held = store.grant(made.gid)!;
  for (const later of [{ ...held, replyKey: null }, undefined]) {
    let looks = 0;
    const erasing = keeping({ grant: () => ((looks += 1) === 1 ? held : later) });
    await assert.rejects(ask({ store: erasing }), { code: "GRANT_NOT_LIVE" });
    assert.equal(looks, 2);
  }
});

test("putErased() leaves no share to use", async () => {
  const held = store.grant(made.gid)!;
  const folder = await temporaryFolder("anamnesis-erased-");
  const other = new ProxyStore(folder);
  try {
    const { share, commitments } = store.share(made.gid, 0);
    const deal = { grant: made.bytes, visits: [], shares: [{ share, commitments }] };
    await other.putDeal(made.gid, { ...held, replyKey: held.replyKey! }, deal);
    assert.equal(other.share(made.gid, 0).commitments.length, 3);
    await other.putErased(made.gid, { ...held, erasedAt: own.now });
    assert.throws(() => other.share(made.gid, 0), { code: "STORE_CORRUPT" });
  } finally {
    await other.close();
  }
});
