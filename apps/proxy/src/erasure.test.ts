import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { sign } from "@anamnesis/crypto/sign";
import { verifySignature } from "@anamnesis/crypto/verify";
import {
  bareKeyId,
  decodeSlip,
  encodeSlip,
  erasureReceipt,
  evidence,
  limits,
  parseChainId,
} from "@anamnesis/protocol";
import type { ErasureReceipt, Evidence } from "@anamnesis/protocol";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { keyOf } from "@anamnesis/testing/keys";
import { revocation } from "@anamnesis/testing/proxy/calls";
import { sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import { receiptMessage } from "./erasure.ts";
import { ProxyStore } from "./store.ts";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { nodes, dataDirectories, consortium } = federation.parties;
const reader = await federation.newReader("Dr. Reader");
const record = await federation.newRecord();

async function evidenceOf({ gid, keys }: MadeGrant): Promise<Evidence> {
  const answer = await federation.send(
    1,
    { method: "GET", path: `/grants/${gid}/evidence` },
    bareKeyId(keys.publicKey),
    keys.secretKey,
  );
  assert.equal(answer.status, 200);
  return evidence.decode(new Uint8Array(await answer.arrayBuffer()));
}

async function erased(
  { gid }: MadeGrant,
  slip: { readonly bytes: Uint8Array },
): Promise<ErasureReceipt> {
  const answer = await federation.erase(1, gid, slip.bytes);
  assert.equal(answer.status, 200);
  return erasureReceipt.decode(new Uint8Array(await answer.arrayBuffer()));
}

function assertReceipt({ gid }: MadeGrant, { erasedAt, signature }: ErasureReceipt): void {
  const { key: publicKey } = consortium.genesis.consortium!.proxies[0]!;
  const message = receiptMessage(gid, erasedAt);
  assert.ok(verifySignature({ type: "RECEIPT", message, publicKey, signature }));
  assert.ok(Math.abs(erasedAt - federation.now) < 60_000);
}

test("POST erase stops and erases on the revocation's word alone: the chain neither answers nor says so", async () => {
  const made = await federation.granted(reader, [record]);
  assert.equal(await codeOf(await federation.open(1, reader, made, [record])), "OK");
  const slip = revocation(federation.parties, made);
  nodes.away.add("general-hospital");
  const receipt = await erased(made, slip).finally(() => nodes.away.clear());
  assertReceipt(made, receipt);
  nodes.clock.now += 1_000;
  assert.deepEqual(await erased(made, slip), receipt, "once");
  const { intents, receipt: kept } = await evidenceOf(made);
  assert.deepEqual(kept, { erasedAt: receipt.erasedAt, signature: receipt.signature });
  assert.equal(intents.length, 1, "what was opened before stays known");
  // The chain still has the grant live.
  assert.equal(await codeOf(await federation.open(1, reader, made, [record])), "GRANT_NOT_LIVE");
});

test("POST erase does nothing on anything but this grant's own revocation, in date", async (t) => {
  const made = await federation.granted(reader, [record]);
  const other = await federation.granted(reader, [record]);
  const { now } = federation;
  const honest = revocation(federation.parties, made).bytes;
  const stranger = keyOf("somebody");
  const { payload } = decodeSlip(honest);
  const rows: readonly [string, string, Uint8Array][] = [
    ["another grant's", "FORBIDDEN", revocation(federation.parties, other).bytes],
    ["with a bit of the signature flipped", "SLIP_SIGNATURE", honest.with(-1, honest.at(-1)! ^ 1)],
    [
      "signed by a stranger",
      "SLIP_SIGNATURE",
      encodeSlip(payload, sign({ type: "GRANT-REVOKE", message: payload, ...stranger })),
    ],
    [
      "signed as something else",
      "SLIP_SIGNATURE",
      encodeSlip(payload, sign({ type: "GRANT", message: payload, ...made.keys })),
    ],
    ["expired", "EXPIRED", revocation(federation.parties, made, { notAfter: now - 1 }).bytes],
    [
      "that lasts too long",
      "NOT_AFTER_TOO_FAR",
      revocation(federation.parties, made, { notAfter: now + limits.notAfterAheadMs + 60_000 })
        .bytes,
    ],
    [
      "for another chain",
      "WRONG_CHAIN",
      revocation(federation.parties, made, { chain: parseChainId("another-consortium") }).bytes,
    ],
    [
      "of another kind",
      "BAD_REQUEST",
      consortium.slip(
        "grant.publish",
        publishFields("another", { expiresAt: made.grant.notAfter }),
        made.keys,
      ).bytes,
    ],
    ["that is none", "SLIP_MALFORMED", new Uint8Array(40)],
  ];
  for (const [what, want, bytes] of rows)
    await t.test(what, async () => {
      assert.equal(await codeOf(await federation.erase(1, made.gid, bytes)), want);
      assert.equal((await evidenceOf(made)).receipt, null);
    });
  assert.equal(await codeOf(await federation.open(1, reader, made, [record])), "OK");
  await t.test("nobody learns without the grant's key whether it is held", async () => {
    const unheld = await federation.newGrant(reader, [record]);
    const flipped = revocation(federation.parties, unheld).bytes;
    flipped[flipped.length - 1]! ^= 1;
    assert.equal(await codeOf(await federation.erase(1, unheld.gid, flipped)), "SLIP_SIGNATURE");
    const own = revocation(federation.parties, unheld).bytes;
    assert.equal(await codeOf(await federation.erase(1, unheld.gid, own)), "GRANT_NOT_HELD");
  });
});

test("a request that is being checked when the revocation comes is not answered", async () => {
  const made = await federation.granted(reader, [record]);
  const intent = federation.newIntent(reader, made, [record.digest]);
  // The proxy waits for its node to have the intent.
  const asking = federation.ask(
    1,
    "/reencrypt",
    federation.request(made.gid, intent, [record]),
    reader,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  await erased(made, revocation(federation.parties, made));
  federation.commit(consortium, intent.made);
  assert.equal(await codeOf(await asking), "GRANT_NOT_LIVE");
  assert.deepEqual((await evidenceOf(made)).intents, []);
});

test("erased shares do not come back by sending the package again, nor by another deal of a revoked grant", async () => {
  const made = await federation.granted(reader, [record]);
  assertReceipt(made, await erased(made, revocation(federation.parties, made)));
  const again = await sharesFor(federation.parties, made, 1);
  assert.equal(await codeOf(await federation.postShares(1, again)), "OK");
  assert.notEqual((await evidenceOf(made)).receipt, null);

  // Somebody dealt under this gid first; the owner revokes it, though the proxy never had the owner's deal.
  const own = await federation.newGrant(reader, [record]);
  const squatting = await federation.newGrant(reader, [record], { key: own.keys.publicKey });
  const squatter = await sharesFor(federation.parties, { ...squatting, gid: own.gid }, 1);
  assert.equal(await codeOf(await federation.postShares(1, squatter)), "OK");
  federation.publish(own);
  await erased(own, revocation(federation.parties, own));
  const late = await sharesFor(federation.parties, own, 1);
  assert.equal(await codeOf(await federation.postShares(1, late)), "GRANT_NOT_LIVE");
  assert.notEqual((await evidenceOf(own)).receipt, null);
});

test("a proxy finds revoked and expired grants by itself, and keeps live ones", async (t) => {
  const own = await ProxyFederation.start([1], { sweepEveryMs: 20 });
  t.after(() => own.stop());
  const who = await own.newReader("Dr. Reader");
  const target = await own.newRecord();
  const [revoked, expired, live] = [
    await own.granted(who, [target]),
    await own.granted(who, [target], { notAfter: own.now + 30_000 }),
    await own.granted(who, [target]),
  ];
  const unpublished = await own.newGrant(who, [target], { notAfter: own.now + 30_000 });
  const left = await own.postShares(1, await sharesFor(own.parties, unpublished, 1));
  assert.equal(await codeOf(left), "OK");
  const hasReceipt = async ({ gid, keys }: MadeGrant): Promise<boolean> => {
    const answer = await own.send(
      1,
      { method: "GET", path: `/grants/${gid}/evidence` },
      bareKeyId(keys.publicKey),
      keys.secretKey,
    );
    return evidence.decode(new Uint8Array(await answer.arrayBuffer())).receipt !== null;
  };
  for (const made of [revoked, expired, unpublished, live])
    assert.equal(await hasReceipt(made), false);
  own.revoke(revoked);
  await until(() => hasReceipt(revoked));
  own.parties.nodes.clock.now += 30_000;
  await until(() => hasReceipt(expired));
  await until(() => hasReceipt(unpublished));
  assert.equal(await hasReceipt(live), false);
  assert.equal(await codeOf(await own.open(1, who, live, [target])), "OK");
});

test("a node that is away erases nothing by itself", async (t) => {
  const own = await ProxyFederation.start([1], { sweepEveryMs: 20 });
  t.after(() => own.stop());
  const who = await own.newReader("Dr. Reader");
  const target = await own.newRecord();
  const made = await own.granted(who, [target]);
  own.parties.nodes.away.add("general-hospital");
  await new Promise((resolve) => setTimeout(resolve, 200));
  own.parties.nodes.away.clear();
  assert.equal(await codeOf(await own.open(1, who, made, [target])), "OK");
});

test("shares survive a restart; erased ones are nowhere on disk, nor is a key for them", async (t) => {
  const own = await ProxyFederation.start([]);
  t.after(() => own.stop());
  const stop = await own.run(1);
  const who = await own.newReader("Dr. Reader");
  const target = await own.newRecord();
  const [ended, live] = [await own.granted(who, [target]), await own.granted(who, [target])];
  await stop();
  const stopAgain = await own.run(1);
  assert.equal(await codeOf(await own.open(1, who, ended, [target])), "OK");
  assert.equal((await own.erase(1, ended.gid, revocation(own.parties, ended).bytes)).status, 200);
  await stopAgain();

  const dataDirectory = own.parties.dataDirectories.get(1)!;
  const secrets = (made: MadeGrant): Uint8Array[] => [
    made.dealt.shares[0]!.replyKey,
    ...made.dealt.shares[0]!.points,
  ];
  assert.deepEqual(await readdir(join(dataDirectory, "store", "shareKeys")), [live.gid]);
  for (const secret of [...secrets(ended), ...secrets(live)])
    assert.deepEqual(await holders(dataDirectory, secret), []);
  assert.deepEqual(
    await holders(dataDirectory, ended.digest),
    ["data.mdb"],
    "the search finds what is there",
  );
  assert.equal(await codeOf(await own.run(1).then(() => own.open(1, who, live, [target]))), "OK");
});

test("an erasure that a crash cut short is finished at the next start", async (t) => {
  const own = await ProxyFederation.start([]);
  t.after(() => own.stop());
  const stop = await own.run(1);
  const who = await own.newReader("Dr. Reader");
  const made = await own.granted(who, [await own.newRecord()]);
  await stop();
  const folder = join(own.parties.dataDirectories.get(1)!, "store");
  const key = await readFile(join(folder, "shareKeys", made.gid));
  const store = new ProxyStore(folder);
  await store.putErased(made.gid, store.grant(made.gid)!);
  await store.close();
  await writeFile(join(folder, "shareKeys", made.gid), key);
  await own.run(1);
  assert.deepEqual(await readdir(join(folder, "shareKeys")), []);
});

test("shares that were changed on disk are refused, not used", async (t) => {
  const store = new ProxyStore(join(dataDirectories.get(2)!, "store"));
  t.after(() => store.close());
  const gid = "ab".repeat(32);
  const held = {
    digest: new Uint8Array(32),
    gctx: new Uint8Array(32),
    notAfter: 1,
    replyKey: new Uint8Array(32),
    revoked: false,
    erasedAt: 0,
    receipt: new Uint8Array(0),
  };
  const share = { share: new Uint8Array(48), commitments: [new Uint8Array(576)] };
  const grant = Uint8Array.of(1, 2, 3);
  await store.putDeal(gid, held, { grant, visits: [], shares: [share, share] });
  assert.deepEqual(store.grant(gid)?.replyKey, held.replyKey);
  assert.deepEqual(Uint8Array.from(store.document(gid)), grant);
  assert.deepEqual(store.share(gid, 1).share, share.share);
  assert.throws(() => store.share(gid, 2), { code: "STORE_CORRUPT" });
  await writeFile(join(dataDirectories.get(2)!, "store", "shareKeys", gid), new Uint8Array(32));
  assert.throws(() => store.grant(gid), { code: "STORE_CORRUPT" });
  assert.throws(() => store.share(gid, 1), { code: "STORE_CORRUPT" });
});

/** Names of the files below a folder that hold these bytes. */
async function holders(folder: string, bytes: Uint8Array): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const needle = Buffer.from(bytes);
  const found: string[] = [];
  for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
    if ((await readFile(join(parentPath, name))).includes(needle)) found.push(name);
  }
  return found;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let left = 250; !(await done()); left -= 1) {
    assert.ok(left > 0, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
