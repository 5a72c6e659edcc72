import assert from "node:assert/strict";
import { test } from "node:test";
import { compareSubjects, statedSubject } from "./index.ts";
import type { StatedSubject, Subject } from "./index.ts";

const mrn = (value: string, system = "urn:x:mrn") => ({ system, value });
const ANN: StatedSubject = { name: "Ann Doe", birthDate: "1974-12-25", sex: "female" };

function verdictsOf(file: StatedSubject, known: StatedSubject): string {
  const { verdict, points } = compareSubjects(statedSubject(file), [statedSubject(known)]);
  return [verdict, ...points.map((point) => `${point.field} ${point.verdict}`)].join(", ");
}
const verdictOf = (file: StatedSubject, known: StatedSubject): string =>
  verdictsOf(file, known).split(",")[0] as string;

test("compareSubjects() weighs identifiers, name, birth date and sex (docs/spec/fhir.md F-2, F-3, F-4, F-5)", async (t) => {
  const rows: readonly (readonly [string, StatedSubject, StatedSubject, string])[] = [
    ["all agree", ANN, ANN, "agreement, name agreement, birthDate agreement, sex agreement"],
    ["nothing known", ANN, {}, "noEvidence, name noEvidence, birthDate noEvidence, sex noEvidence"],
    ["nothing on either side", {}, {}, "noEvidence"],
    [
      "only the name",
      { name: "Ann Doe" },
      ANN,
      "noEvidence, name agreement, birthDate noEvidence, sex noEvidence",
    ],
    [
      "name and year",
      { name: "Ann Doe", birthDate: "1974" },
      ANN,
      "noEvidence, name agreement, birthDate agreement, sex noEvidence",
    ],
    [
      "an identifier",
      { identifiers: [mrn("1")] },
      { identifiers: [mrn("1")] },
      "agreement, identifier agreement",
    ],
    [
      "written otherwise",
      { identifiers: [mrn("12 34-a")] },
      { identifiers: [mrn("1234A")] },
      "agreement, identifier agreement",
    ],
    [
      "another value",
      { identifiers: [mrn("2")] },
      { identifiers: [mrn("1")] },
      "conflict, identifier conflict",
    ],
    [
      "another system",
      { identifiers: [mrn("2", "urn:x:other")] },
      { identifiers: [mrn("1")] },
      "noEvidence, identifier noEvidence",
    ],
    [
      "two of one system, one known",
      { identifiers: [mrn("2"), mrn("1")] },
      { identifiers: [mrn("1")] },
      "agreement, identifier agreement",
    ],
    [
      "one system agrees, one conflicts",
      { identifiers: [mrn("1"), mrn("8", "urn:y")] },
      { identifiers: [mrn("1"), mrn("9", "urn:y")] },
      "conflict, identifier agreement, identifier conflict",
    ],
    [
      "OID in capitals",
      { identifiers: [mrn("1", "urn:oid:1.2")] },
      { identifiers: [mrn("1", "URN:OID:1.2")] },
      "agreement, identifier agreement",
    ],
    [
      "another birth date",
      { ...ANN, birthDate: "1974-12-26" },
      ANN,
      "conflict, name agreement, birthDate conflict, sex agreement",
    ],
    [
      "another year",
      { birthDate: "1975" },
      { birthDate: "1974-12-25" },
      "conflict, birthDate conflict",
    ],
    ["another name", { name: "Bea Roe" }, { name: "Ann Doe" }, "conflict, name conflict"],
    ["another sex", { sex: "male" }, { sex: "female" }, "conflict, sex conflict"],
    ["a sex not told", { sex: "unknown" }, { sex: "female" }, "noEvidence, sex noEvidence"],
    [
      "married",
      { name: "Ann Roe", identifiers: [mrn("1")] },
      { name: "Ann Doe", identifiers: [mrn("1")] },
      "agreement, identifier agreement, name differs",
    ],
    [
      "sex changed",
      { sex: "male", identifiers: [mrn("1")] },
      { sex: "female", identifiers: [mrn("1")] },
      "agreement, identifier agreement, sex differs",
    ],
    [
      "birth date beside an identifier",
      { birthDate: "1980", identifiers: [mrn("1")] },
      { birthDate: "1981", identifiers: [mrn("1")] },
      "conflict, identifier agreement, birthDate conflict",
    ],
  ];
  for (const [when, file, known, want] of rows)
    await t.test(when, () => assert.equal(verdictsOf(file, known), want));
});

test("compareSubjects() takes names in any order, case, accent and script", async (t) => {
  const agreement = [
    "DOE, Ann",
    "ann doe",
    "Ánn Döe",
    "Dr. Ann Doe",
    "Ann Lee Doe",
    "A. Doe",
    "Ann M. Doe",
  ];
  const conflict = ["Ann Roe", "Bea Doe", "Anna Doe", "B. Doe", "Ann Lee", "A. D."];
  const noEvidence = ["陈安", "Анна Доу", "Ann", "Doe", "", "…"];
  const born = { birthDate: "1974-12-25" };
  const rows = [
    ...agreement.map((name) => ["Ann Doe", name, "agreement"]),
    ...conflict.map((name) => ["Ann Doe", name, "conflict"]),
    ...noEvidence.map((name) => ["Ann Doe", name, "noEvidence"]),
    ["Müller Jörg", "Joerg Mueller", "agreement"],
    ["Müller Jörg", "Jorg Muller", "agreement"],
    ["O'Brien Siân", "Sian OBrien", "agreement"],
    ["陈 伟", "陈伟", "agreement"],
    ["伟 陈", "陈伟", "agreement"],
    ["陈伟", "陈 卫", "conflict"],
    ["김 민준", "김민준", "agreement"],
  ] as const;
  for (const [one, other, want] of rows) {
    await t.test(`${one} and ${other}`, () => {
      assert.equal(verdictOf({ name: one, ...born }, { name: other, ...born }), want);
      assert.equal(verdictOf({ name: other, ...born }, { name: one, ...born }), want);
    });
  }
});

test("compareSubjects() sets aside numbers of accounts, visits and orders", () => {
  const withType = (value: string, type: string): Subject => ({
    ...statedSubject({}),
    identifiers: [{ ...mrn(value), type }],
  });
  const verdict = (type: string): string =>
    compareSubjects(withType("2", type), [withType("1", type)]).verdict;
  assert.deepEqual(["AN", "VN", "ACSN"].map(verdict), Array(3).fill("noEvidence"));
  assert.deepEqual(["MR", "SS", "NI"].map(verdict), Array(3).fill("conflict"));
});

test("compareSubjects() takes all that is known together (docs/spec/fhir.md F-6)", () => {
  const known = [{ name: "Ann Doe" }, { identifiers: [mrn("1")] }, { birthDate: "1974" }];
  const verdict = (file: StatedSubject): string =>
    compareSubjects(statedSubject(file), known.map(statedSubject)).verdict;
  assert.equal(verdict({ name: "Ann Roe", identifiers: [mrn("1")] }), "agreement");
  assert.equal(verdict({ name: "Ann Roe" }), "conflict");
  assert.equal(verdict({ identifiers: [mrn("1")], birthDate: "1975-01-01" }), "conflict");
  assert.deepEqual(compareSubjects(undefined, known.map(statedSubject)).verdict, "noEvidence");
});

test("compareSubjects() of a person with themself never conflicts, whichever way round", () => {
  const parts: readonly StatedSubject[] = [
    ANN,
    { ...ANN, identifiers: [mrn("1")] },
    { birthDate: "1974-12" },
    { name: "Ann" },
    {},
  ];
  for (const one of parts) {
    for (const other of parts) {
      assert.notEqual(verdictOf(one, other), "conflict");
      assert.equal(verdictOf(one, other), verdictOf(other, one));
    }
  }
});
