import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleOf, bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples } from "@anamnesis/testing/samples/samples";
import { parse, subjectOf } from "./index.ts";
import type { JsonObject } from "./index.ts";

const PATIENT = {
  resourceType: "Patient",
  id: "p",
  identifier: [
    { use: "old", system: "urn:x:mrn", value: "0" },
    { system: "urn:x:mrn", value: " 1 ", type: { coding: [{ code: "MR" }] } },
    { value: "loose" },
  ],
  name: [
    { use: "maiden", family: "Roe" },
    { use: "official", given: ["Ann", "Lee"], family: "Doe" },
  ],
  birthDate: "1974-12-25",
  gender: "female",
};
const WANTED = {
  identifiers: [
    { system: "urn:x:mrn", value: "1", type: "MR" },
    { system: undefined, value: "loose", type: undefined },
  ],
  names: ["Ann Lee Doe", "Roe"],
  birthDate: "1974-12-25",
  sex: "female",
};
const NAMED = {
  identifiers: [{ system: "urn:x:mrn", value: "1", type: undefined }],
  names: ["Ann Doe"],
  birthDate: undefined,
  sex: undefined,
};
const reference = { identifier: { system: "urn:x:mrn", value: "1" }, display: "Ann Doe" };
const ofResource = (value: JsonObject): unknown => subjectOf(parse(bytesOf(value)));

test("subjectOf() reads the Patient of a Bundle, a document and a single resource (docs/spec/fhir.md F-1)", () => {
  const mother = { resourceType: "Patient", id: "m", gender: "female" };
  const composition = { resourceType: "Composition", subject: { reference: "urn:uuid:p" } };
  const observation = { resourceType: "Observation", status: "final" };
  assert.deepEqual(ofResource(PATIENT), WANTED);
  assert.deepEqual(subjectOf(bundleOf("collection", [observation, PATIENT])), WANTED);
  assert.deepEqual(subjectOf(bundleOf("document", [composition, mother, PATIENT])), WANTED);
  assert.deepEqual(
    ofResource({
      ...observation,
      contained: [PATIENT],
      subject: { reference: "#p" },
    }),
    WANTED,
  );
  assert.deepEqual(ofResource({ ...observation, subject: reference }), NAMED);
  assert.deepEqual(
    subjectOf(bundleOf("document", [{ resourceType: "Composition", subject: reference }])),
    NAMED,
  );
});

test("subjectOf() is nobody where a file names nobody, or several without saying which", () => {
  const patients = [PATIENT, { resourceType: "Patient", id: "q" }];
  assert.equal(ofResource({ resourceType: "Observation" }), undefined);
  assert.equal(
    ofResource({ resourceType: "Basic", subject: { reference: "Patient/1" } }),
    undefined,
  );
  assert.equal(
    ofResource({ resourceType: "Observation", subject: { type: "Group", display: "Ward 3" } }),
    undefined,
  );
  assert.equal(subjectOf(bundleOf("collection", patients)), undefined);
});

test("subjectOf() finds name, birth date and sex in each sample patient", () => {
  for (const file of patientFiles) {
    const subject = subjectOf(parse(samples.read(file)));
    assert.ok((subject?.names.length ?? 0) > 0, file);
    assert.match(subject?.birthDate ?? "", /^\d{4}-\d\d-\d\d$/);
    assert.match(subject?.sex ?? "", /^(fe)?male$/);
  }
});
