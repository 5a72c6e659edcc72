import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "../parse.ts";
import { syntheticLife } from "../synthetic/index.ts";
import type { SyntheticLife } from "../synthetic/index.ts";
import { split } from "../split.ts";
import { combine, isCurrent } from "./index.ts";
import type { Fact, History, HistorySource } from "./index.ts";

const TIME = Date.parse("2026-01-01T00:00:00Z");
const ICD10 = "http://hl7.org/fhir/sid/icd-10";

/** Each institution's records as an import makes them: split by encounter and category, with copies. */
const sourcesOf = ({ parts }: SyntheticLife): HistorySource[] =>
  parts.flatMap(({ institution, bytes }) =>
    split(parse(bytes), { timestamp: "2026-01-01T00:00:00Z" }).map((document, i) => ({
      record: `${institution} ${i}`,
      institution,
      time: TIME + i,
      content: parse(document.bytes),
    })),
  );

const codesOf = (facts: readonly Fact[], system: RegExp): string[] =>
  facts
    .map(({ codings }) => codings.find((coding) => system.test(coding.system ?? ""))?.code ?? "")
    .toSorted();

const saidBy = ({ said }: Fact): string[] => said.map(({ institution }) => institution).toSorted();

const resultOf = ({ codings, date, value }: Fact): string =>
  `${codings[0]?.code} @ ${new Date(date ?? "").toISOString()} = ${Number(value)}`;

test("combine() gives of five institutions what is so in truth, with every source named", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), (seed) => {
      const life = syntheticLife(seed);
      const { facts, suppressed } = combine(sourcesOf(life));
      const { truth } = life;
      const [active, ended] = [
        facts.problems.filter(isCurrent),
        facts.problems.filter((fact) => !isCurrent(fact)),
      ];
      assert.deepEqual(codesOf(active, /icd-10/), truth.activeProblems.toSorted());
      assert.deepEqual(codesOf(ended, /icd-10/), truth.endedProblems.toSorted());
      assert.deepEqual(
        codesOf(facts.medicines.filter(isCurrent), /atc/),
        truth.activeMedicines.toSorted(),
      );
      assert.deepEqual(
        codesOf(
          facts.medicines.filter((fact) => !isCurrent(fact)),
          /atc/,
        ),
        truth.endedMedicines.toSorted(),
      );
      assert.deepEqual(codesOf(facts.allergies, /snomed/), truth.allergies.toSorted());
      const agreed = facts.results.filter(({ differences }) => differences.length === 0);
      assert.equal(facts.results.length, truth.results.length);
      assert.ok(agreed.every((fact) => truth.results.includes(resultOf(fact))));
      assert.equal(suppressed.enteredInError, 1);
      for (const fact of [...facts.problems, ...facts.medicines, ...facts.allergies]) {
        const known = fact.codings.map(({ code }) => truth.knownBy[code ?? ""]).find(Boolean);
        assert.deepEqual(saidBy(fact), known?.toSorted());
      }
    }),
    { numRuns: 40 },
  );
});

test("combine() tells every contradiction, and none where nobody contradicts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), (seed) => {
      const life = syntheticLife(seed);
      const { facts } = combine(sourcesOf(life));
      const differing = Object.values(facts)
        .flat()
        .filter(({ differences }) => differences.length > 0);
      const codes = differing.map(({ codings }) => codings.map(({ code }) => code));
      for (const code of life.truth.contradicted)
        assert.ok(
          codes.some((each) => each.includes(code)),
          `${code} is contradicted`,
        );
      assert.ok(
        codes.every((each) => each.some((code) => life.truth.contradicted.includes(code ?? ""))),
        "nothing else is",
      );
    }),
    { numRuns: 40 },
  );
});

test("combine() gives the same history whatever the order of the sources", () => {
  const sources = sourcesOf(syntheticLife(7));
  const plain = (history: History): string =>
    JSON.stringify({
      ...history,
      notRead: [...history.notRead].sort(),
      patients: history.patients.length,
    });
  fc.assert(
    fc.property(fc.shuffledSubarray(sources, { minLength: sources.length }), (shuffled) => {
      assert.equal(plain(combine(shuffled)), plain(combine(sources)));
    }),
    { numRuns: 10 },
  );
});

const record = (
  institution: string,
  resources: readonly object[],
  more: Partial<HistorySource> = {},
): HistorySource => ({
  record: `${institution} 1`,
  institution,
  time: TIME,
  content: parse(
    new TextEncoder().encode(
      JSON.stringify({
        resourceType: "Bundle",
        type: "collection",
        entry: resources.map((resource, i) => ({
          fullUrl: `https://${institution}.example/r/${i}`,
          resource,
        })),
      }),
    ),
  ),
  ...more,
});

const problem = (code: object, more: object = {}): object => ({
  resourceType: "Condition",
  subject: { display: "x" },
  code,
  clinicalStatus: { coding: [{ code: "active" }] },
  recordedDate: "2024-01-01",
  ...more,
});
const icd = (code: string, text?: string): object => ({
  coding: [{ system: ICD10, code }],
  ...(text !== undefined && { text }),
});
const snomed = (code: string, text?: string): object => ({
  coding: [{ system: "http://snomed.info/sct", code }],
  ...(text !== undefined && { text }),
});

const sameOrNot: readonly { name: string; a: object; b: object; facts: number }[] = [
  { name: "one code", a: icd("I10"), b: icd("I10", "Hypertension"), facts: 1 },
  {
    name: "two codes of one system",
    a: icd("I63.9", "Stroke"),
    b: icd("I63.5", "Stroke"),
    facts: 2,
  },
  { name: "a code and its parent", a: icd("I63"), b: icd("I63.9"), facts: 2 },
  {
    name: "two systems and the same words",
    a: icd("I10", "High blood pressure"),
    b: snomed("38341003", "high  blood pressure"),
    facts: 1,
  },
  {
    name: "two systems and other words",
    a: icd("I10", "Hypertension"),
    b: snomed("44054006", "Diabetes"),
    facts: 2,
  },
  { name: "words alone", a: { text: "Asthma" }, b: { text: "ASTHMA" }, facts: 1 },
  { name: "words beside a code", a: icd("J45.9", "Asthma"), b: { text: "asthma" }, facts: 1 },
  { name: "nothing that names it", a: {}, b: {}, facts: 2 },
  {
    name: "a national edition",
    a: { coding: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code: "I10" }] },
    b: icd("I10"),
    facts: 2,
  },
];
for (const { name, a, b, facts } of sameOrNot)
  test(`combine() makes ${facts === 1 ? "one fact" : "two facts"} of ${name}`, () => {
    const { problems } = combine([record("A", [problem(a)]), record("B", [problem(b)])]).facts;
    assert.equal(problems.length, facts);
  });

test("combine() takes the newest state of a resource that one institution changed, and counts the older", () => {
  const at = (lastUpdated: string, code: string): object =>
    problem(icd("I10"), { meta: { lastUpdated }, clinicalStatus: { coding: [{ code }] } });
  const { facts, suppressed } = combine([
    record("A", [at("2024-05-01T00:00:00Z", "resolved")]),
    record("A", [at("2024-01-01T00:00:00Z", "active")], { record: "A 2", time: TIME + 5 }),
  ]);
  assert.deepEqual(
    facts.problems.map(({ status, differences }) => [status, differences]),
    [["resolved", []]],
  );
  assert.deepEqual(suppressed, { enteredInError: 0, superseded: 1 });
});

test("combine() leaves out what was entered in error, also where an older record holds it as true", () => {
  const wrong = { verificationStatus: { coding: [{ code: "entered-in-error" }] } };
  const { facts, suppressed } = combine([
    record("A", [problem(icd("I10"))]),
    record("A", [problem(icd("I10"), wrong)], { record: "A 2", time: TIME + 5 }),
  ]);
  assert.deepEqual(facts.problems, []);
  assert.equal(suppressed.enteredInError, 1);
});

test("combine() does not let one institution's resource stand for another's under the same address", () => {
  const sources = ["A", "B"].map((institution): HistorySource => {
    const { content } = record("shared", [problem(icd(institution === "A" ? "I10" : "E11.9"))]);
    return { record: institution, institution, time: TIME, content };
  });
  assert.deepEqual(codesOf(combine(sources).facts.problems, /icd-10/), ["E11.9", "I10"]);
});

test("combine() shows who denies a problem, and that no known allergies contradicts a known one", () => {
  const allergy = (code: object): object => ({
    resourceType: "AllergyIntolerance",
    patient: { display: "x" },
    code,
    clinicalStatus: { coding: [{ code: "active" }] },
  });
  const refuted = { verificationStatus: { coding: [{ code: "refuted" }] } };
  const confirmed = { verificationStatus: { coding: [{ code: "confirmed" }] } };
  const { facts } = combine([
    record("A", [problem(icd("I10"), confirmed), allergy(snomed("716186003", "No known allergy"))]),
    record("B", [problem(icd("I10"), refuted), allergy(snomed("91936005", "Penicillin"))]),
  ]);
  assert.deepEqual(
    facts.problems[0]?.differences.map(({ element }) => element),
    ["verification"],
  );
  const denied = facts.allergies.find(({ negative }) => negative);
  assert.deepEqual(
    denied?.differences.map(({ element, words }) => [element, words.map(({ value }) => value)]),
    [["known", ["No known allergy", "Penicillin"]]],
  );
});

test("combine() names records that it cannot read, and makes a history of nothing", () => {
  const history = combine([{ record: "letter", institution: "A", time: TIME, content: undefined }]);
  assert.deepEqual(history.notRead, ["letter"]);
  assert.deepEqual(Object.values(combine([]).facts).flat(), []);
});
