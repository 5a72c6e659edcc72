import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse, recogniseMedia } from "@anamnesis/fhir";
import { ownSamples } from "./ownSamples.ts";
import { openSamples, samples } from "./samples.ts";

const kinds = [
  { folder: "fhir/patients", atLeast: 20, mediaType: "application/fhir+json" },
  { folder: "fhir/intl", atLeast: 1, mediaType: "application/fhir+json" },
  { folder: "fhir/ips", atLeast: 3, mediaType: "application/fhir+json" },
  { folder: "fhir/official", atLeast: 10, mediaType: "application/fhir+json" },
  { folder: "fhir/files", atLeast: 3, mediaType: undefined },
] as const;

test("the samples that tests read hold every kind, and so do our own", () => {
  for (const source of [samples, ownSamples()]) {
    for (const { folder, atLeast, mediaType } of kinds) {
      const files = source.in(folder);
      assert.ok(files.length >= atLeast, `${folder} has ${files.length} files, wanted ${atLeast}`);
      for (const file of files) {
        const media = recogniseMedia(source.read(file), file).mediaType;
        if (mediaType === undefined) assert.match(media, /^application\/(?:pdf|dicom)$/, file);
        else assert.equal(media, mediaType, file);
      }
    }
  }
});

test("ownSamples() gives the same bytes each time, and patients as large as real ones", () => {
  const [one, other] = [ownSamples(), ownSamples()];
  for (const file of one.in("fhir/patients")) {
    assert.deepEqual(one.read(file), other.read(file));
    assert.ok(parse(one.read(file)).entries.length >= 60, file);
  }
  assert.throws(() => one.read("fhir/patients/nobody.json"), /nobody\.json/);
});

test("openSamples() reads the folder that has a manifest, else our own, else fails where they are required", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "samples-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const own = ownSamples();
  const said: string[] = [];
  t.mock.method(console, "error", (line: string) => said.push(line));

  assert.equal(
    openSamples(folder, false, () => own),
    own,
  );
  assert.match(said.join("\n"), /SAMPLE RECORDS ARE NOT THERE/);
  assert.throws(() => openSamples(folder, true, () => own), /missing and required/);

  mkdirSync(join(folder, "fhir/ips"), { recursive: true });
  writeFileSync(join(folder, "fhir/manifest.json"), "{}");
  writeFileSync(join(folder, "fhir/ips/b.json"), "b");
  writeFileSync(join(folder, "fhir/ips/a.json"), "a");
  said.length = 0;
  const read = openSamples(folder, true, () => assert.fail());
  assert.deepEqual(read.in("fhir/ips"), ["fhir/ips/a.json", "fhir/ips/b.json"]);
  assert.deepEqual([...read.read("fhir/ips/a.json")], [97]);
  assert.deepEqual(said, []);
});
