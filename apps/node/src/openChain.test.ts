import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { rows } from "@anamnesis/ledger";
import { ChainOnDisk } from "@anamnesis/testing/chainOnDisk";
import { ChainStore } from "./store/chainStore.ts";

let made: ChainOnDisk;
let height: number;
let appHash: string;
let roots: Uint8Array;

before(async () => {
  made = await ChainOnDisk.make({ pageSeconds: 600 });
  const chain = await made.open();
  await made.prepare(chain);
  for (let block = 0; block < 16; block++) await chain.carry([made.record().bytes]);
  ({ height } = chain.head());
  appHash = toHex(chain.head().appHash);
  await chain.stop();
  const store = new ChainStore(made.folder());
  roots = Uint8Array.from(store.state.get(rows.roots.key())!);
  await store.close();
});
after(() => made.remove());

/** A copy of the chain in which every place that holds `bytes` holds others, as long. */
async function copyWith(bytes: Uint8Array, others: Uint8Array): Promise<string> {
  const folder = join(made.dir, "damaged");
  await rm(folder, { recursive: true, force: true });
  await cp(made.folder(), folder, { recursive: true });
  const file = join(folder, "data.mdb");
  const data = await readFile(file);
  for (let at = data.indexOf(bytes); at >= 0; at = data.indexOf(bytes, at + 1))
    data.set(others, at);
  await writeFile(file, data);
  return folder;
}

const lastAs = (text: string): [Uint8Array, Uint8Array] => [
  Buffer.from(`last${height}`),
  Buffer.from(`last${text}`),
];

test("I1, I7: openChain() refuses a store whose state is not of its height, and rebuilds it when started again", async (t) => {
  assert.equal(String(height).length, 2);
  const flipped = Uint8Array.from(roots);
  flipped[40]! ^= 1;
  const rows: { readonly when: string; readonly change: [Uint8Array, Uint8Array] }[] = [
    { when: "the height is lower", change: lastAs("08") },
    { when: "the height is greater", change: lastAs("99") },
    { when: "a root was changed", change: [roots, flipped] },
  ];
  for (const { when, change } of rows) {
    await t.test(when, async (t) => {
      const folder = await copyWith(...change);
      await assert.rejects(made.open(undefined, { folder }), {
        code: "STORE_CORRUPT",
        message: /not that of height/,
      });
      const chain = await made.open(undefined, { folder });
      t.after(() => chain.stop());
      assert.equal(chain.height(), height);
      assert.equal(toHex(chain.head().appHash), appHash);
      assert.equal((await chain.scrub()).fault, undefined);
    });
  }
});

test("openChain() says in plain words that a file is no store, or that its height is none", async () => {
  const folder = await copyWith(...lastAs("1x"));
  await assert.rejects(made.open(undefined, { folder }), { code: "STORE_CORRUPT" });
  const other = join(made.dir, "other");
  await mkdir(other);
  await writeFile(join(other, "data.mdb"), Buffer.alloc(65_536, 1));
  await assert.rejects(made.open(undefined, { folder: other }), {
    code: "STORE_CORRUPT",
    message: /cannot be read: .*; put back a copy/,
  });
});
