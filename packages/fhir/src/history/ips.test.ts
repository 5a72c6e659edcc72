import assert from "node:assert/strict";
import { test } from "node:test";
import { objectAt, objectsAt, parse, textAt, writeJson } from "../index.ts";
import type { JsonObject } from "../index.ts";
import { syntheticLife } from "../synthetic/index.ts";
import { validate } from "../validate.ts";
import { combine, ips } from "./index.ts";

const OPTIONS = { timestamp: "2026-01-02T08:00:00Z", softwareVersion: "1" };

const historyOf = (seed: number): ReturnType<typeof combine> =>
  combine(
    syntheticLife(seed).parts.map(({ institution, bytes }) => ({
      record: institution,
      institution,
      time: 0,
      content: parse(bytes),
    })),
  );

const resourcesOf = (bundle: JsonObject): JsonObject[] =>
  objectsAt(bundle, "entry").flatMap((each) => objectsAt(each, "resource"));

test("ips() gives a closed document that our validation finds nothing in", async () => {
  for (const seed of [1, 2, 3]) {
    const bytes = new TextEncoder().encode(writeJson(ips(historyOf(seed), OPTIONS)));
    assert.deepEqual(await validate(parse(bytes)), []);
  }
});

test("ips() says that a machine compiled it, out of how much, and that there may be more", () => {
  const [composition] = resourcesOf(ips(historyOf(1), OPTIONS));
  const author = objectsAt(composition, "author")[0];
  assert.match(textAt(author, "display") ?? "", /software/);
  assert.match(textAt(composition, "title") ?? "", /5 records of 5 institutions/);
  assert.match(
    textAt(objectAt(composition, "text"), "div") ?? "",
    /no clinician has reviewed it.*more/,
  );
});

test("ips() has problems, allergies and medicines in any case, and says unavailable where nothing is known", () => {
  const [composition] = resourcesOf(ips(combine([]), { ...OPTIONS, patientName: "Ada" }));
  const sections = objectsAt(composition, "section");
  assert.deepEqual(
    sections.map((section) => objectsAt(objectAt(section, "code"), "coding")[0]?.["code"]),
    ["11450-4", "48765-2", "10160-0"],
  );
  for (const section of sections) {
    assert.equal(objectsAt(objectAt(section, "emptyReason"), "coding")[0]?.["code"], "unavailable");
    assert.equal(section["entry"], undefined);
  }
});

test("ips() tells in its words where the sources differ, and gives the same bytes for the same history", () => {
  const bundle = ips(historyOf(1), OPTIONS);
  assert.match(writeJson(bundle), /sources differ on dosage/);
  assert.equal(writeJson(bundle), writeJson(ips(historyOf(1), OPTIONS)));
});
