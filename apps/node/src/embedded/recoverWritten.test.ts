import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  certifyEntry,
  decodeCertified,
  encodeCertified,
} from "@anamnesis/protocol";
import { ChainOnDisk, writerOf } from "@anamnesis/testing/chainOnDisk";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { province } from "@anamnesis/testing/federation";
import type { Chain } from "../chain.ts";
import type { Peer } from "./peer.ts";

let made: ChainOnDisk;
let follower: Chain;
let backup: string;
let vouched: { height: number; appHash: string };

/** A writer makes blocks that a follower has; then its disk is an older one again. */
before(async () => {
  made = await ChainOnDisk.make({ pageSlips: 8 });
  backup = join(made.dir, "backup");
  const writer = await made.open();
  await made.prepare(writer);
  await writer.stop();
  await cp(made.folder(), backup, { recursive: true });
  const again = await made.open();
  follower = await made.open(province, { writer: writerOf(() => again) });
  for (let i = 0; i < 4; i++) await again.carry([made.record().bytes, made.record().bytes]);
  const { height, appHash } = await follower.headAt(again.height());
  vouched = { height, appHash: toHex(appHash) };
  await again.stop();
});
after(async () => {
  await follower.stop();
  await made.remove();
});

async function restored(from: string | undefined): Promise<string> {
  const folder = join(made.dir, "restored");
  await rm(folder, { recursive: true, force: true });
  if (from !== undefined) await cp(from, folder, { recursive: true });
  return folder;
}
const silent: Peer = {
  blocks: () => Promise.reject(new AnamnesisError("UNAVAILABLE", "away")),
  offer: () => Promise.reject(new AnamnesisError("UNAVAILABLE", "away")),
};

test("I1: a writer with an older disk, or an empty one, takes back what members hold of it", async (t) => {
  for (const from of [backup, undefined]) {
    const folder = await restored(from);
    const writer = await made.open(undefined, {
      folder,
      members: [silent, writerOf(() => follower)],
    });
    t.after(() => writer.stop());
    const head = writer.head();
    assert.deepEqual({ height: head.height, appHash: toHex(head.appHash) }, vouched);
    const [outcome] = await writer.carry([made.record().bytes]);
    assert.equal(outcome!.code, "OK");
    assert.equal((await writer.scrub()).fault, undefined);
    await writer.stop();
  }
});

test("I2: a writer that went on by itself meanwhile refuses to start beside a member that knows better", async (t) => {
  const folder = await restored(backup);
  const alone = await made.open(undefined, { folder, members: [silent] });
  t.after(() => alone.stop());
  await alone.carry([made.record().bytes]);
  await alone.stop();
  await assert.rejects(
    made.open(undefined, { folder, members: [writerOf(() => follower)] }),
    (error) => error instanceof AnamnesisError && error.code === "STORE_CORRUPT",
  );
});

test("entries that the writer never signed are not taken back", async (t) => {
  const folder = await restored(backup);
  const forger: Peer = {
    ...silent,
    blocks: async (height, limit, waitMs) =>
      (await follower.blocks(height, limit, waitMs)).map((bytes) => {
        const { entry, certificate } = decodeCertified(bytes);
        return encodeCertified(certifyEntry(entry, certificate, signer(keyOf("mallory"))));
      }),
  };
  const writer = await made.open(undefined, { folder, members: [forger] });
  t.after(() => writer.stop());
  assert.ok(writer.height() < vouched.height);
});

test("I2: an entry of the writer's own hand that leads elsewhere, or does not follow, is not taken back", async () => {
  const own = await made.open(undefined, { folder: await restored(backup), members: [silent] });
  const kept = own.height();
  await own.stop();
  const [next] = (await follower.blocks(kept, 1, 0)).map(decodeCertified);
  const { entry, certificate } = next!;
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1);
  const rows = {
    "another app hash": { certificate: { appHash: flipped(certificate.appHash) } },
    "another entry before it": { certificate: { prevHash: flipped(certificate.prevHash) } },
    "a height is left out": { entry: { height: entry.height + 1 } },
    "time goes back": { entry: { time: made.genesis.time } },
  };
  for (const [when, change] of Object.entries(rows)) {
    const changed = { entry: {}, certificate: {}, ...change };
    const lie = encodeCertified(
      certifyEntry(
        { ...entry, ...changed.entry },
        { ...certificate, ...changed.certificate },
        signer(keyOf(made.genesis.writer)),
      ),
    );
    const member: Peer = { ...silent, blocks: async (height) => (height === kept ? [lie] : []) };
    const folder = await restored(backup);
    await assert.rejects(
      made.open(undefined, { folder, members: [member] }),
      (error) => error instanceof AnamnesisError && error.code === "STORE_CORRUPT",
      when,
    );
    const again = await made.open(undefined, { folder, members: [silent] });
    assert.equal(again.height(), kept, when);
    await again.stop();
  }
});
