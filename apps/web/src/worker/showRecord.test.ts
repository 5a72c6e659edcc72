import assert from "node:assert/strict";
import test from "node:test";
import { streamOf } from "@anamnesis/crypto/verify";
import type { OpenRecord, RecordSummary, VersionSummary } from "@anamnesis/client";
import { prepareImport } from "@anamnesis/fhir";
import { syntheticPatient } from "@anamnesis/fhir/synthetic";
import { safeFileName, showRecord } from "./showRecord.ts";

const author = { fingerprint: "ff", name: "dr-li", role: "doctor", institution: "city-hospital" };
const version: VersionSummary = {
  n: 1,
  slip: "aa",
  digest: "dd",
  time: 0,
  state: "unconfirmed",
  author,
};
const record: RecordSummary = {
  id: "aa",
  chain: "demo-city-hospital",
  institution: "city-hospital",
  pid: "bb",
  tag: "cc",
  category: "laboratory",
  state: "unconfirmed",
  author,
  time: 0,
  versions: [version],
};

interface Content {
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
  readonly fileName?: string;
  readonly failure?: Error;
}

/** An opened record that gives its content in two chunks, and fails at its end if told to. */
function opened({
  bytes,
  mediaType = "application/fhir+json",
  fileName,
  failure,
}: Content): OpenRecord {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield bytes.subarray(0, bytes.length >> 1);
    yield bytes.subarray(bytes.length >> 1);
  }
  const meta = {
    mediaType,
    category: "laboratory",
    keywords: [],
    size: bytes.length,
    sha256: new Uint8Array(32),
    author: new Uint8Array(32),
    ...(fileName !== undefined && { fileName }),
  };
  const finished = failure === undefined ? Promise.resolve(meta) : Promise.reject(failure);
  finished.catch(() => undefined);
  return {
    record,
    version,
    content: streamOf(chunks()),
    finished,
    faultyProxies: [],
    passedVaults: [],
  };
}

function bundle(): Uint8Array {
  const [made] = syntheticPatient(7, { institutions: ["city-hospital"], visits: 1 }).bundles;
  assert.ok(made !== undefined);
  const [first] = prepareImport(made.bytes, "visit.json", { timestamp: "2026-11-20T08:00:00Z" });
  assert.ok(first !== undefined);
  return first.bytes;
}

test("showRecord() gives the exact bytes and a summary of a FHIR record", async () => {
  const bytes = bundle();
  const shown = await showRecord(opened({ bytes, fileName: "visit.json" }));
  assert.deepEqual(new Uint8Array(await shown.content.arrayBuffer()), new Uint8Array(bytes));
  assert.equal(shown.fileName, "visit.json");
  assert.ok((shown.summary?.sections.length ?? 0) > 0);
});

test("showRecord() gives nothing away when the end does not verify", async () => {
  const failure = Object.assign(new Error("tag"), { code: "E_DECRYPT" });
  await assert.rejects(showRecord(opened({ bytes: bundle(), failure })), { code: "E_DECRYPT" });
});

test("showRecord() offers what it cannot read as a file, without a summary", async () => {
  const bytes = new TextEncoder().encode('{"resourceType":"Nonsense"');
  assert.equal((await showRecord(opened({ bytes }))).summary, undefined);
  const pdf = await showRecord(opened({ bytes, mediaType: "application/pdf" }));
  assert.deepEqual([pdf.summary, pdf.fileName], [undefined, "record.pdf"]);
});

test("showRecord() types the file as octets, so that no browser runs it", async () => {
  const html = new TextEncoder().encode("<script>alert(1)</script>");
  const shown = await showRecord(opened({ bytes: html, mediaType: "text/html" }));
  assert.equal(shown.content.type, "application/octet-stream");
});

test("safeFileName() leaves no way to another folder and nothing that deceives", () => {
  const rows = [
    { name: "../../etc/passwd", want: "passwd" },
    { name: "C:\\x\\letter.pdf", want: "letter.pdf" },
    { name: "..", want: "record.pdf" },
    { name: "letter\u202Efdp.exe", want: "letterfdp.exe" },
    { name: "a\0b\nc.pdf", want: "abc.pdf" },
    { name: undefined, want: "record.pdf" },
    { name: "检验.pdf", want: "检验.pdf" },
  ];
  for (const { name, want } of rows) assert.equal(safeFileName(name, "application/pdf"), want);
});
