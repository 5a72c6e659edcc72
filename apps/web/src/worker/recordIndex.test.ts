import assert from "node:assert/strict";
import test from "node:test";
import type { RecordSummary } from "@anamnesis/client";
import type { Summary } from "@anamnesis/fhir/summary";
import { factOf } from "./recordFact.ts";
import { RecordIndex } from "./recordIndex.ts";
import type { Blobs } from "./sealedBlobs.ts";

const author = { fingerprint: "ff", name: "dr-li", role: "doctor", institution: "city-hospital" };
const version = { n: 1, slip: "aa", digest: "dd", time: 0, state: "confirmed", author } as const;
const record: RecordSummary = {
  id: "aa",
  chain: "demo-city-hospital",
  institution: "city-hospital",
  pid: "bb",
  tag: "cc",
  category: "laboratory",
  title: "Laboratory report: Clinic visit",
  label: {
    title: "Laboratory report: Clinic visit",
    start: "2026-03-09",
    end: null,
    type: null,
    series: null,
    sensitivity: [],
  },
  state: "confirmed",
  author,
  time: 0,
  versions: [version],
};
const fact = { label: "HbA1c", value: "8.0", unit: "%", flag: "H" };
const seed = new Uint8Array(32).fill(7);

function memoryBlobs(): Blobs & { readonly held: Map<string, Uint8Array> } {
  const held = new Map<string, Uint8Array>();
  return {
    held,
    get: (name) => Promise.resolve(held.get(name)),
    put: (name, bytes) => Promise.resolve(void held.set(name, bytes)),
  };
}

test("RecordIndex gives what was shown last to the next worker of the same person, and to nobody else", async () => {
  const blobs = memoryBlobs();
  const first = new RecordIndex(blobs, seed);
  assert.equal(await first.kept(), null);
  const [shown] = await first.show([record], 1_000);
  assert.equal(shown?.date, "2026-03-09");
  assert.equal(await first.learn("dd", { fact }), true);
  assert.equal(await first.learn("dd", { fact }), false);
  const kept = await new RecordIndex(blobs, seed).kept();
  assert.deepEqual(kept, { time: 1_000, records: [{ ...shown, fact }] });
  assert.equal(await new RecordIndex(blobs, new Uint8Array(32).fill(8)).kept(), null);
});

test("attack: the browser's database holds no word of a record, and what was changed in it is not shown", async () => {
  const blobs = memoryBlobs();
  await new RecordIndex(blobs, seed).show([record], 1_000);
  const [[name, sealed] = ["", new Uint8Array()]] = blobs.held;
  const held = Buffer.concat([Buffer.from(name), sealed]).toString("latin1");
  assert.doesNotMatch(held, /Laboratory|city-hospital|dr-li|2026/);
  sealed[sealed.length - 1]! ^= 1;
  blobs.held.set(name, sealed);
  assert.equal(await new RecordIndex(blobs, seed).kept(), null);
});

test("RecordIndex forgets what it learnt of records that are not there any more", async () => {
  const index = new RecordIndex(memoryBlobs(), seed);
  await index.show([record], 1);
  await index.learn("dd", { broken: "DIGEST_MISMATCH" });
  assert.equal((await index.kept())?.records[0]?.broken, "DIGEST_MISMATCH");
  await index.show([], 2);
  assert.equal((await index.show([record], 3))[0]?.broken, undefined);
});

test("factOf() takes what is out of range first, then what was measured, and nothing that was only copied in", () => {
  const rows = [
    { label: "Sodium", value: "140", unit: "mmol/L", flag: "N" },
    { label: "HbA1c", value: "8.0", unit: "%", flag: "H" },
  ];
  const of = (sections: Summary["sections"]): Summary => ({
    resourceType: "Bundle",
    title: "",
    category: "laboratory",
    authors: [],
    sections,
  });
  assert.deepEqual(factOf(of([{ heading: "laboratory", rows }])), fact);
  assert.equal(factOf(of([{ heading: "laboratory", rows: rows.slice(0, 1) }]))?.label, "Sodium");
  assert.equal(factOf(of([{ heading: "laboratory", related: true, rows }])), undefined);
  assert.equal(factOf(undefined), undefined);
});
