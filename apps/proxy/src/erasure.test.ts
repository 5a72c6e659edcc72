import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { verifySignature } from "@anamnesis/crypto/verify";
import { bareKeyId, evidence } from "@anamnesis/protocol";
import type { Evidence } from "@anamnesis/protocol";
import { sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import { receiptMessage } from "./erasure.ts";
import { ProxyStore } from "./store.ts";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { nodes, homes, consortium } = federation.parties;
const reader = await federation.newReader("Dr. Reader");
const record = await federation.newRecord();

async function owned(method: string, path: string, { gid, keys }: MadeGrant): Promise<Evidence> {
  const answer = await federation.send(
    1,
    { method, path: `/grants/${gid}/${path}` },
    bareKeyId(keys.publicKey),
    keys.secretKey,
  );
  assert.equal(answer.status, 200);
  return evidence.decode(new Uint8Array(await answer.arrayBuffer()));
}

function assertReceipt({ gid }: MadeGrant, { receipt }: Evidence): void {
  const { key: publicKey } = consortium.genesis.consortium!.proxies[0]!;
  assert.ok(receipt !== null);
  const message = receiptMessage(gid, receipt.erasedAt);
  assert.ok(verifySignature({ type: "RECEIPT", message, publicKey, signature: receipt.signature }));
  assert.ok(Math.abs(receipt.erasedAt - federation.now) < 60_000);
}

test("POST erase does nothing while the grant is live, and signs a receipt once it is revoked", async () => {
  const made = await federation.granted(reader, [record]);
  assert.equal((await owned("POST", "erase", made)).receipt, null);
  assert.equal(await codeOf(await federation.open(1, reader, made, [record])), "OK");
  const intent = federation.intent(reader, made.gid, [record.digest]);
  federation.revoke(made);
  const erased = await owned("POST", "erase", made);
  assertReceipt(made, erased);
  assert.equal(erased.intents.length, 1, "what was opened before stays known");
  assert.deepEqual(await owned("POST", "erase", made), erased, "once");
  assert.deepEqual(await owned("GET", "evidence", made), erased);
  assert.equal(
    await codeOf(
      await federation.ask(1, "/reencrypt", federation.request(made.gid, intent, [record]), reader),
    ),
    "GRANT_NOT_LIVE",
  );
});

test("erased shares do not come back by sending the package again", async () => {
  const made = await federation.granted(reader, [record]);
  federation.revoke(made);
  assertReceipt(made, await owned("POST", "erase", made));
  assert.equal(
    await codeOf(await federation.postShares(1, await sharesFor(federation.parties, made, 1))),
    "OK",
  );
  assert.notEqual((await owned("GET", "evidence", made)).receipt, null);
});

test("a proxy finds revoked and expired grants by itself, and keeps live ones", async () => {
  const own = await ProxyFederation.start([1], { sweepEveryMs: 20 });
  const who = await own.newReader("Dr. Reader");
  const target = await own.newRecord();
  const [revoked, expired, live] = [
    await own.granted(who, [target]),
    await own.granted(who, [target], { notAfter: own.now + 30_000 }),
    await own.granted(who, [target]),
  ];
  const hasReceipt = async ({ gid, keys }: MadeGrant): Promise<boolean> => {
    const answer = await own.send(
      1,
      { method: "GET", path: `/grants/${gid}/evidence` },
      bareKeyId(keys.publicKey),
      keys.secretKey,
    );
    return evidence.decode(new Uint8Array(await answer.arrayBuffer())).receipt !== null;
  };
  assert.deepEqual(await Promise.all([revoked, expired, live].map(hasReceipt)), [
    false,
    false,
    false,
  ]);
  own.revoke(revoked);
  await until(() => hasReceipt(revoked));
  own.parties.nodes.clock.now += 30_000;
  await until(() => hasReceipt(expired));
  assert.equal(await hasReceipt(live), false);
  assert.equal(await codeOf(await own.open(1, who, live, [target])), "OK");
  await own.stop();
});

test("a node that is away erases nothing and keeps the proxy answering", async () => {
  const made = await federation.granted(reader, [record]);
  nodes.away.add("general-hospital");
  const path = `/grants/${made.gid}/erase`;
  const answer = await federation.send(
    1,
    { method: "POST", path },
    bareKeyId(made.keys.publicKey),
    made.keys.secretKey,
  );
  assert.equal(await codeOf(answer), "STALE_CHAIN");
  nodes.away.clear();
  assert.equal(await codeOf(await federation.open(1, reader, made, [record])), "OK");
});

test("shares survive a restart; erased ones are nowhere on disk, nor is a key for them", async () => {
  const own = await ProxyFederation.start([]);
  const stop = await own.run(1);
  const who = await own.newReader("Dr. Reader");
  const target = await own.newRecord();
  const [ended, live] = [await own.granted(who, [target]), await own.granted(who, [target])];
  await stop();
  const stopAgain = await own.run(1);
  assert.equal(await codeOf(await own.open(1, who, ended, [target])), "OK");
  own.revoke(ended);
  const { gid, keys } = ended;
  await own.send(
    1,
    { method: "POST", path: `/grants/${gid}/erase` },
    bareKeyId(keys.publicKey),
    keys.secretKey,
  );
  await stopAgain();

  const home = own.parties.homes.get(1)!;
  const secrets = (made: MadeGrant): Uint8Array[] => [
    made.dealt.shares[0]!.replyKey,
    ...made.dealt.shares[0]!.points,
  ];
  assert.deepEqual(await readdir(join(home, "store", "shareKeys")), [live.gid]);
  for (const secret of [...secrets(ended), ...secrets(live)])
    assert.deepEqual(await holders(home, secret), []);
  assert.deepEqual(
    await holders(home, ended.digest),
    ["data.mdb"],
    "the search finds what is there",
  );
  assert.equal(await codeOf(await own.run(1).then(() => own.open(1, who, live, [target]))), "OK");
  await own.stop();
});

test("an erasure that a crash cut short is finished at the next start", async () => {
  const own = await ProxyFederation.start([]);
  const stop = await own.run(1);
  const who = await own.newReader("Dr. Reader");
  const made = await own.granted(who, [await own.newRecord()]);
  await stop();
  const folder = join(own.parties.homes.get(1)!, "store");
  const key = await readFile(join(folder, "shareKeys", made.gid));
  const store = new ProxyStore(folder);
  await store.putGrant(made.gid, { ...store.grant(made.gid)!, secret: null }, []);
  await store.close();
  await writeFile(join(folder, "shareKeys", made.gid), key);
  await own.run(1);
  assert.deepEqual(await readdir(join(folder, "shareKeys")), []);
  await own.stop();
});

test("shares that were changed on disk are refused, not used", async () => {
  const store = new ProxyStore(join(homes.get(2)!, "store"));
  const gid = "ab".repeat(32);
  const held = {
    grant: new Uint8Array(3),
    digest: new Uint8Array(32),
    secret: { replyKey: new Uint8Array(32), shares: [new Uint8Array(48)] },
    visits: [],
    erasedAt: 0,
    receipt: new Uint8Array(0),
  };
  await store.putGrant(gid, held, [[new Uint8Array(576)]]);
  assert.deepEqual(store.grant(gid)?.secret, held.secret);
  await writeFile(join(homes.get(2)!, "store", "shareKeys", gid), new Uint8Array(32));
  assert.throws(() => store.grant(gid), { code: "STORE_CORRUPT" });
  await store.close();
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
