/** What a proxy erases, and when: a store of its own, and a chain that says what a test wants. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fromHex, ready, sha256, toHex } from "@anamnesis/crypto/verify";
import { gidOf, limits, makeSlip, parseChainId, parseGid } from "@anamnesis/protocol";
import type { GrantView } from "@anamnesis/protocol";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { unsignedRequest } from "@anamnesis/testing/unsignedRequest";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import type { Consortium } from "./consortium.ts";
import { eraseIfEnded, eraseRevoked, sweep } from "./erasure.ts";
import type { ErasureDeps } from "./erasure.ts";
import { KeptRequests } from "./keptRequests.ts";
import { ProxyStore } from "./store.ts";
import type { Deal, HeldGrant } from "./store.ts";

await ready();
const NOW = 1_700_000_000_000;
const NOT_AFTER = NOW + 1_000;
const gid = parseGid(toHex(sha256(Uint8Array.of(1))));

const deal: Deal = {
  grant: Uint8Array.of(1),
  visits: [],
  shares: [{ share: new Uint8Array(48), commitments: [new Uint8Array(576)] }],
};
const heldOf = (digest: number): HeldGrant & { readonly replyKey: Uint8Array } => ({
  digest: new Uint8Array(32).fill(digest),
  gctx: new Uint8Array(32),
  notAfter: NOT_AFTER,
  replyKey: new Uint8Array(32).fill(7),
  revoked: false,
  erasedAt: 0,
  receipt: new Uint8Array(0),
});
const live = { expiresAt: NOT_AFTER + 1_000, revokedAt: 0 } as GrantView;

/** @param onChain - What the chain says when it is asked, and what happens meanwhile. */
async function partsOf(
  t: TestContext,
  onChain: (store: ProxyStore) => GrantView | undefined | Promise<GrantView | undefined>,
) {
  const store = new ProxyStore(await temporaryFolder("anamnesis-sweep-"));
  t.after(() => store.close());
  const kept = new KeptRequests(await temporaryFolder("anamnesis-sweep-kept-"));
  t.after(() => kept.close());
  const clock = { now: NOW };
  const asked: string[] = [];
  const grant: Consortium["grant"] = async (id) => {
    asked.push(id);
    return onChain(store);
  };
  const deps: ErasureDeps = {
    chain: "consortium",
    store,
    kept,
    consortium: { grant } as Consortium,
    signing: keyOf("proxy"),
    now: () => clock.now,
  };
  const isHeld = (): boolean => store.grant(gid)!.replyKey !== null;
  return { store, kept, clock, asked, deps, isHeld };
}

test("eraseIfEnded() keeps what is not on the chain yet until the moment at which the grant itself ends", async (t) => {
  const { store, clock, deps, isHeld } = await partsOf(t, () => undefined);
  await store.putDeal(gid, heldOf(1), deal);
  clock.now = NOT_AFTER - 1;
  await eraseIfEnded(gid, deps);
  assert.ok(isHeld());
  clock.now = NOT_AFTER;
  await eraseIfEnded(gid, deps);
  assert.ok(!isHeld());
  assert.equal(store.grant(gid)!.erasedAt, NOT_AFTER);
});

test("eraseIfEnded() erases what the chain has ended, and keeps what is live there", async (t) => {
  let onChain = live;
  const { store, deps, isHeld } = await partsOf(t, () => onChain);
  await store.putDeal(gid, heldOf(1), deal);
  await eraseIfEnded(gid, deps);
  assert.ok(isHeld());
  onChain = { ...live, revokedAt: NOW };
  await eraseIfEnded(gid, deps);
  assert.ok(!isHeld());
});

test("eraseIfEnded() asks about nothing that is not held or is erased already", async (t) => {
  const { store, clock, deps, asked } = await partsOf(t, () => undefined);
  await eraseIfEnded(gid, deps);
  await store.putErased(gid, { ...heldOf(1), replyKey: null, erasedAt: NOW });
  clock.now = NOT_AFTER;
  await eraseIfEnded(gid, deps);
  assert.deepEqual(asked, []);
  assert.equal(store.grant(gid)!.erasedAt, NOW);
});

test("eraseIfEnded() leaves a deal alone that came while it asked about another", async (t) => {
  const { store, deps, isHeld } = await partsOf(t, async (meanwhile) => {
    await meanwhile.putDeal(gid, heldOf(2), deal);
    return { ...live, revokedAt: NOW };
  });
  await store.putDeal(gid, heldOf(1), deal);
  await eraseIfEnded(gid, deps);
  assert.ok(isHeld());
  assert.equal(toHex(store.grant(gid)!.digest), toHex(heldOf(2).digest));
});

test("sweep() goes on to the other grants where one cannot be judged, and judges that one the next time", async (t) => {
  let isAway = true;
  const { store, deps, isHeld, asked } = await partsOf(t, () => {
    if (isAway && asked.at(-1) === gid) throw new Error("The node is away");
    return { ...live, revokedAt: NOW };
  });
  const other = toHex(sha256(Uint8Array.of(2)));
  await store.putDeal(gid, heldOf(1), deal);
  await store.putDeal(other, heldOf(1), deal);
  await sweep(deps);
  assert.ok(isHeld());
  assert.equal(store.grant(other)!.replyKey, null);
  isAway = false;
  await sweep(deps);
  assert.ok(!isHeld());
});

test("sweep() forgets the requests that were kept long enough", async (t) => {
  const { kept, clock, deps } = await partsOf(t, () => undefined);
  const hash = toHex(await kept.keep(gid, unsignedRequest, NOW));
  clock.now = NOW + limits.deniedKeptMs - 1;
  await sweep(deps);
  assert.ok(kept.find(gid, hash));
  clock.now += 2;
  await sweep(deps);
  assert.equal(kept.find(gid, hash), undefined);
});

test("eraseRevoked() writes once, however often the same revocation is shown", async (t) => {
  const { store, clock, deps } = await partsOf(t, () => undefined);
  const keys = keyOf("grant");
  const own = gidOf(keys.publicKey);
  await store.putDeal(own, heldOf(1), deal);
  const writes = t.mock.method(store, "putErased");
  const slip = makeSlip(
    "grant.revoke",
    { chain: parseChainId(deps.chain), time: NOW, notAfter: NOW + 60_000 },
    { key: keys.publicKey, gid: fromHex(own) },
    signer(keys),
  );
  const said = async () => {
    const { erasedAt, signature } = await eraseRevoked(own, slip.bytes, deps);
    return { erasedAt, signature: toHex(signature) };
  };
  const receipt = await said();
  clock.now += 1;
  assert.deepEqual(await said(), receipt);
  assert.equal(writes.mock.callCount(), 1);
  assert.equal(store.grant(own)!.revoked, true);
});
