import assert from "node:assert/strict";
import { test } from "node:test";
import { categories, parse, sameResources, split, unite } from "../index.ts";
import { syntheticPatient, syntheticPdf, visitKinds } from "./index.ts";
import { Random } from "./random.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

test("syntheticPatient() gives the same bytes for the same seed and another person for another", () => {
  assert.deepEqual(syntheticPatient(7), syntheticPatient(7));
  const identifiers = Array.from(
    { length: 50 },
    (_, seed) => syntheticPatient(seed).person.identifier,
  );
  assert.equal(new Set(identifiers).size, 50);
});

test("syntheticPatient() visits several institutions in every way, and gives the categories that visits have", () => {
  const institutions = ["North Hospital", "South Hospital", "网上门诊"];
  const { bundles, documents } = syntheticPatient(11, {
    institutions,
    visits: 10,
    firstYear: 2024,
  });
  assert.equal(bundles.length, 10);
  assert.deepEqual(new Set(bundles.map(({ institution }) => institution)), new Set(institutions));
  assert.deepEqual(new Set(bundles.map(({ kind }) => kind)), new Set(visitKinds));
  assert.ok(
    bundles.every(({ kind, institution }) => (kind === "online") === (institution === "网上门诊")),
  );
  const starts = bundles.map(({ start }) => start);
  assert.deepEqual(starts.toSorted(), starts);
  const records = bundles.flatMap(({ bytes }) => split(parse(bytes), OPTIONS));
  const missing = categories.filter(
    (category) => !records.some((record) => record.category === category),
  );
  assert.deepEqual(missing, [
    "problems",
    "allergies",
    "immunizations",
    "pathology",
    "medicines",
    "patient-summary",
    "consent-paperwork",
  ]);
  assert.deepEqual(
    documents.map(({ mediaType }) => mediaType),
    ["application/pdf", "text/plain"],
  );
});

test("syntheticPatient() survives split() and unite() over all visits, decimals included", () => {
  for (let seed = 0; seed < 20; seed++) {
    const parsed = syntheticPatient(seed).bundles.map(({ bytes }) => parse(bytes));
    const documents = parsed
      .flatMap((bundle) => split(bundle, OPTIONS))
      .map(({ bytes }) => parse(bytes));
    assert.ok(
      sameResources(
        unite(documents),
        parsed.flatMap(({ entries }) => entries),
      ),
    );
  }
  const all = Array.from({ length: 20 }, (_, seed) =>
    syntheticPatient(seed).bundles.map(({ bytes }) => text(bytes)),
  )
    .flat()
    .join("");
  assert.match(all, /"value":\d\.\d0,/, "a decimal that ends in zero");
});

test("syntheticPdf() is a PDF whose table of objects is right", () => {
  const pdf = text(syntheticPdf(3));
  assert.ok(pdf.startsWith("%PDF-1.4\n") && pdf.endsWith("%%EOF\n"));
  const start = Number(/startxref\n(\d+)\n/.exec(pdf)?.[1]);
  assert.ok(pdf.startsWith("xref\n", start));
  const offsets = [...pdf.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) =>
    Number(offset),
  );
  assert.equal(offsets.length, 5);
  for (const [index, offset] of offsets.entries())
    assert.ok(pdf.startsWith(`${index + 1} 0 obj\n`, offset));
  const stream = /\/Length (\d+) >>\nstream\n([^]*?)\nendstream/.exec(pdf);
  assert.equal(stream?.[2]?.length, Number(stream?.[1]));
});

test("Random gives fixed vectors and stays within bounds", () => {
  const random = new Random(1);
  const drawn = Array.from({ length: 200 }, () => random.integer(3, 9));
  assert.deepEqual([Math.min(...drawn), Math.max(...drawn)], [3, 9]);
  assert.match(random.decimal(5, 5, 2), /^0\.05$/);
  assert.equal(random.decimal(510, 510, 2), "5.10");
  assert.deepEqual(new Random(2).some([1, 2, 3, 4], 9), [1, 2, 3, 4]);
});

test("syntheticPatient() takes a name and changes nothing else", () => {
  const [drawn, named] = [syntheticPatient(7), syntheticPatient(7, { name: "张伟 Zhang Wei" })];
  assert.equal(named.person.name, "张伟 Zhang Wei");
  assert.deepEqual({ ...named.person, name: drawn.person.name }, drawn.person);
  const first = text(named.bundles[0]?.bytes ?? new Uint8Array());
  assert.ok(first.includes("张伟 Zhang Wei") && !first.includes(drawn.person.name));
});
