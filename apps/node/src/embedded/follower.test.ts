import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fromHex, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { findRecord } from "@anamnesis/ledger";
import {
  AnamnesisError,
  certifyEntry,
  decodeCertified,
  decodeSlip,
  encodeCertified,
  parseSlipId,
} from "@anamnesis/protocol";
import type { CertifiedEntry, SignatureCheck } from "@anamnesis/protocol";
import { ChainOnDisk, writerOf } from "@anamnesis/testing/chainOnDisk";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { province } from "@anamnesis/testing/federation";
import { until } from "@anamnesis/testing/until";
import type { Chain } from "../chain.ts";
import type { ChainConfig } from "../openChain.ts";
import type { Peer } from "./peer.ts";

let made: ChainOnDisk;
let writer: Chain;

before(async () => {
  made = await ChainOnDisk.make({ pageSlips: 8 });
  writer = await made.open();
  await made.prepare(writer);
  for (let block = 0; block < 5; block++)
    await writer.carry(Array.from({ length: 6 }, () => made.record().bytes));
});
after(async () => {
  await writer.stop();
  await made.remove();
});

let folders = 0;
const follow = (
  source: Peer,
  more: Partial<Pick<ChainConfig, "onFault" | "verify">> = {},
): Promise<Chain> =>
  made.open(province, {
    folder: `${made.folder(province)}-${(folders += 1)}`,
    writer: source,
    ...more,
  });

type Change = (certified: CertifiedEntry) => CertifiedEntry;

/** The writer, with its entries changed on the way. */
const changing = (change: Change): Peer => ({
  ...writerOf(() => writer),
  blocks: async (...args) =>
    (await writerOf(() => writer).blocks(...args)).map((bytes) =>
      encodeCertified(change(decodeCertified(bytes))),
    ),
});

/** As the writer itself would sign it: only re-execution can tell. */
const resigned = (
  { entry, certificate }: CertifiedEntry,
  changes: Partial<CertifiedEntry["entry"] & CertifiedEntry["certificate"]>,
  key: string = made.genesis.writer,
): CertifiedEntry =>
  certifyEntry({ ...entry, ...changes }, { ...certificate, ...changes }, signer(keyOf(key)));

test("I2: a follower reaches the writer's app hash, countersigns its pages and signs heads", async (t) => {
  const follower = await follow(writerOf(() => writer));
  t.after(() => follower.stop());
  const head = await follower.headAt(writer.height());
  assert.equal(toHex(head.appHash), toHex(writer.head().appHash));
  assert.equal(head.institution, province);
  assert.equal((await follower.scrub()).fault, undefined);
  await assert.rejects(follower.takeGroup(new Uint8Array(1)), { code: "FORBIDDEN" });
});

test("a follower does not verify again what it carried, and verifies all that others did", async (t) => {
  const asked: string[] = [];
  const verify = async (checks: readonly SignatureCheck[]) => {
    asked.push(...checks.map(({ signature }) => toHex(signature)));
    return checks.map(verifySignatureRaw);
  };
  const timesAsked = ({ bytes }: { bytes: Uint8Array }): number =>
    asked.filter((signature) => signature === toHex(decodeSlip(bytes).signature)).length;
  const follower = await follow(
    writerOf(() => writer),
    { verify },
  );
  t.after(() => follower.stop());
  const [record, others] = [made.record(), made.record()];
  const [written] = await writer.carry([record.bytes, others.bytes]);
  await follower.headAt(written!.height!);
  const confirm = { bytes: confirmation(record.id, keyOf("visit").publicKey) };
  const [carried] = await follower.carry([confirm.bytes]);
  await follower.headAt(carried!.height!);
  assert.equal(timesAsked(confirm), 1);
  assert.equal(timesAsked(others), 1);
});

test("a follower whose verifier dies blames nobody, and goes on when there is another", async (t) => {
  let isDead = true;
  const verify = async (checks: readonly SignatureCheck[]) => {
    if (isDead) throw new AnamnesisError("UNAVAILABLE", "The verifier died");
    return checks.map(verifySignatureRaw);
  };
  const follower = await follow(
    writerOf(() => writer),
    { verify },
  );
  t.after(() => follower.stop());
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(follower.height(), 0);
  assert.equal(follower.fault(), undefined);
  isDead = false;
  await follower.headAt(writer.height());
});

test("a follower stops loudly at an entry that leads elsewhere, and serves no heads", async (t) => {
  const flipped = (bytes: Uint8Array): Uint8Array =>
    Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
  const at3 =
    (change: Change): Change =>
    (certified) =>
      certified.entry.height === 3 ? change(certified) : certified;
  const rows = [
    {
      when: "another app hash",
      change: at3((it) => resigned(it, { appHash: flipped(it.certificate.appHash) })),
    },
    {
      when: "another block before",
      change: at3((it) => resigned(it, { prevHash: flipped(it.certificate.prevHash) })),
    },
    {
      when: "time goes back",
      change: at3((it) => resigned(it, { time: made.genesis.time - 1 })),
    },
    { when: "a group is left out", change: at3((it) => resigned(it, { groups: [] })) },
    {
      when: "another's signature",
      change: at3((it) => resigned(it, {}, "mallory")),
    },
    {
      when: "another proposer",
      change: at3((it) =>
        resigned(it, { proposer: province as CertifiedEntry["entry"]["proposer"] }),
      ),
    },
    {
      when: "a slip's signature is broken",
      change: at3((it) => resigned(it, { groups: it.entry.groups.map(brokenSlip) })),
    },
  ];
  for (const { when, change } of rows) {
    await t.test(when, async () => {
      const faults: string[] = [];
      const follower = await follow(changing(change), {
        onFault: (why) => void faults.push(why),
      });
      await until("the follower has stopped", () => follower.fault() !== undefined);
      await until("the entries before are written", () => follower.height() === 2);
      assert.equal(faults.length, 1);
      assert.throws(() => follower.head(), { code: "UNAVAILABLE" });
      await assert.rejects(follower.headAt(1), { code: "UNAVAILABLE" });
      await assert.rejects(follower.carry([made.record().bytes]), { code: "UNAVAILABLE" });
      await follower.stop();
      assert.equal(follower.height(), 2);
    });
  }
});

/** One bit of a slip inside a group flipped; the carrier's signature is then wrong, too. */
function brokenSlip(group: Uint8Array): Uint8Array {
  const broken = Uint8Array.from(group);
  broken[broken.length >> 1]! ^= 1;
  return broken;
}

test("a follower carries slips by the writer, and finds them committed here when it answers", async (t) => {
  const follower = await follow(writerOf(() => writer));
  t.after(() => follower.stop());
  await follower.headAt(writer.height());
  const visit = keyOf("visit").publicKey;
  const record = made.record();
  const [mine] = await writer.carry([record.bytes]);
  await follower.headAt(mine!.height!);
  assert.ok(follower.snapshot(({ state }) => findRecord(state, record.id)));
  const confirm = confirmation(record.id, visit);
  const [outcome] = await follower.carry([confirm]);
  assert.equal(outcome!.code, "OK");
  assert.ok(follower.height() >= outcome!.height!);
  const [again] = await follower.carry([confirm]);
  assert.equal(again!.code, "REPLAYED");
});

test("H-2: a group offered again after a lost answer is acknowledged with the height where it stands", async (t) => {
  let losses = 0;
  const straight = writerOf(() => writer);
  const lossy: Peer = {
    ...straight,
    offer: async (group) => {
      const answer = await straight.offer(group);
      if (losses++ === 0) throw new AnamnesisError("UNAVAILABLE", "the answer is lost");
      return answer;
    },
  };
  const follower = await follow(lossy);
  t.after(() => follower.stop());
  const record = made.record();
  await writer.carry([record.bytes]);
  await follower.headAt(writer.height());
  const [outcome] = await follower.carry([confirmation(record.id, keyOf("visit").publicKey)]);
  assert.equal(losses, 2);
  assert.equal(outcome!.code, "OK");
  assert.equal(outcome!.height, writer.height() - 1);
});

test("H-65: a follower whose writer is away says so, and names it", async (t) => {
  const follower = await follow({
    ...writerOf(() => writer),
    offer: () => Promise.reject(new AnamnesisError("UNAVAILABLE", "away")),
  });
  t.after(() => follower.stop());
  await follower.headAt(writer.height());
  const slip = confirmation(made.record().id, keyOf("visit").publicKey);
  const named = { code: "WRITER_AWAY", message: new RegExp(made.genesis.writer) };
  await assert.rejects(follower.carry([slip]), named);
  assert.equal(follower.fault(), undefined);
});

function confirmation(record: string, key: Uint8Array): Uint8Array {
  const found = writer.snapshot(({ state }) => findRecord(state, parseSlipId(record)));
  const digest = fromHex(found?.versions[0]?.digest ?? "00".repeat(32));
  const fields = { key, record: Uint8Array.from(Buffer.from(record, "hex")), digest };
  return made.slip("record.confirm", fields, "visit").bytes;
}
