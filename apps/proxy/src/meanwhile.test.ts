/** What changes while a request is checked, and what is durable before it is answered: a proxy's parts, its chain in our hands. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { findCertificate } from "@anamnesis/ledger";
import { AnamnesisError, parseFingerprint } from "@anamnesis/protocol";
import type { GrantView } from "@anamnesis/protocol";
import { RateLimit } from "@anamnesis/server";
import { hospital } from "@anamnesis/testing/federation";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
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
const made = await own.granted(who, [target]);
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
beforeEach(() => (meanwhile = {}));

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
  denials: { post: () => undefined } as unknown as Denials,
  trust,
  index: 1,
  rate: new RateLimit({ most: 100, periodMs: 60_000, what: "records" }),
  now: () => own.now,
};
const signed = {
  v: 1,
  method: "POST",
  authority: "proxy.example",
  path: "/",
  contentDigest: "",
  input: "",
  signature: "",
} as const;
const reader = toHex(who.fingerprint);
const certificate = findCertificate(chain.state, parseFingerprint(reader))!;

/** An honest request, checked and answered by these parts. */
function ask(parts: Partial<ReleaseDeps> = {}, capsules = 1): Promise<Uint8Array> {
  const targets = Array.from({ length: capsules }, () => target);
  const digests = targets.map(({ digest }) => digest);
  const request = own.request(made.gid, own.intent(who, made, digests), targets);
  return reencrypt({ ...deps, ...parts }, { request, reader, signed, certificate });
}

test("an honest request is answered", async () => {
  assert.ok((await ask()).length > 0);
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

/** The store, but for some of what it does. */
const storeBut = (other: Partial<ProxyStore>): ProxyStore =>
  new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in other ? other : target, name, target);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
const keeping = (putIntent: ProxyStore["putIntent"]): ProxyStore => storeBut({ putIntent });

test("I8: no share leaves before its evidence is on disk, and none that cannot be put there", async () => {
  let kept: (() => void) | undefined;
  let answered = false;
  const reached = Promise.withResolvers<void>();
  const slow = keeping(
    () =>
      new Promise((resolve) => {
        kept = resolve;
        reached.resolve();
      }),
  );
  const answer = ask({ store: slow }).then(() => (answered = true));
  await Promise.race([reached.promise, answer]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
  kept?.();
  await answer;

  const full = keeping(() => Promise.reject(new AnamnesisError("STORAGE_FULL", "No room")));
  await assert.rejects(ask({ store: full }), { code: "STORAGE_FULL" });
});

test("shares that are erased while a large request is answered are not used for the rest of it", async () => {
  let looks = 0;
  const grant: ProxyStore["grant"] = (gid) => {
    looks += 1;
    const held = store.grant(gid)!;
    return looks < 3 ? held : { ...held, replyKey: null, erasedAt: own.now };
  };
  await assert.rejects(ask({ store: storeBut({ grant }) }, 20), { code: "GRANT_NOT_LIVE" });
  assert.equal(looks, 3, "once for the checks, and once for each turn");
});

test("shares that are erased while a request is checked are not used for it", async () => {
  assert.equal(store.share(made.gid, 0).commitments.length, 3);
  meanwhile = {
    grant: async (view) => {
      await store.putErased(made.gid, { ...store.grant(made.gid)!, erasedAt: own.now });
      return view;
    },
  };
  await assert.rejects(ask(), { code: "GRANT_NOT_LIVE" });
  assert.throws(() => store.share(made.gid, 0), { code: "STORE_CORRUPT" });
});
