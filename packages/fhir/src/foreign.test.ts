import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { labelFacts, readImport } from "./index.ts";
import type { ReadImport, RecordDocument } from "./index.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const read = (text: string, fileName: string): ReadImport =>
  readImport([{ bytes: bytesOf(text), fileName }], OPTIONS);

const code = (name: string, oid: string, value: string, more = ""): string =>
  `<${name} code="${value}" codeSystem="${oid}" displayName="D"${more}/>`;
const [LOINC, SNOMED, ICD10_CM] = ["6.1", "6.96", "6.90"].map((end) => `2.16.840.1.113883.${end}`);
const CDA = `<?xml version="1.0"?><?xml-stylesheet href="CDA.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <id root="1.2.3" extension="version-7"/>${code("code", LOINC!, "34133-9")}
 <title>Summary of Care</title><effectiveTime value="20260305"/><confidentialityCode code="N"/>
 <setId root="1.2.4" extension="doc-1"/><versionNumber value="7"/>
 <recordTarget><patientRole><id root="2.16.1" extension="44"/><patient>
  <name><given>Ann</given><family>Doe</family></name><administrativeGenderCode code="F"/>
  <birthTime value="19741225"/></patient></patientRole></recordTarget>
 <componentOf><encompassingEncounter><effectiveTime><low value="202603041230+0800"/><high value="20260306"/>
 </effectiveTime></encompassingEncounter></componentOf>
 <component><structuredBody><component><section>${code("code", LOINC!, "11450-4")}
  <entry><act><entryRelationship><observation>${code("code", "2.16.840.1.113883.5.4", "ASSERTION")}
   <value xsi:type="CD" code="230690007" codeSystem="${SNOMED}"><translation code="I63.9" codeSystem="${ICD10_CM}"/></value>
  </observation></entryRelationship></act></entry>
  <entry><observation negationInd="true">${code("value", SNOMED!, "91936005")}</observation></entry>
 </section></component></structuredBody></component></ClinicalDocument>`;

test("readImport() keeps a clinical document whole, and reads what it says of itself (docs/spec/fhir.md F-15)", () => {
  const { documents, subject } = read(CDA, "ccd.xml");
  const [document] = documents as [RecordDocument];
  assert.deepEqual(document.bytes, bytesOf(CDA));
  assert.deepEqual(
    [document.mediaType, document.category, document.title, document.sensitive],
    ["application/vnd.hl7cda+xml", "patient-summary", "Summary of Care", false],
  );
  assert.deepEqual(document.keywords, [
    "cat|patient-summary",
    "ym|2026-03",
    "loinc|34133-9",
    "sct|230690007",
    "icd10cm|I63.9",
    "icd10cm|I63",
  ]);
  assert.deepEqual(subject, {
    identifiers: [{ system: "urn:oid:2.16.1", value: "44", type: undefined }],
    names: ["Ann Doe"],
    birthDate: "1974-12-25",
    sex: "female",
  });
  const facts = labelFacts(bytesOf(CDA));
  assert.deepEqual(
    [facts.start, facts.end, facts.type],
    ["2026-03-04T12:30:00+08:00", "2026-03-06", "http://loinc.org|34133-9"],
  );
  const restricted = CDA.replace('confidentialityCode code="N"', 'confidentialityCode code="R"');
  assert.equal(read(restricted, "ccd.xml").documents[0]?.sensitive, true);
  assert.throws(() => read(CDA.slice(0, -20), "ccd.xml"), { code: "XML_INVALID" });
});

const ORU = [
  "MSH|^~\\&|LAB|CITY|EHR|CITY|20260304123000+0800||ORU^R01^ORU_R01|77|P|2.5.1",
  "PID|1||44^^^CITY&2.16.1&ISO^MR~900^^^STATE^SS||Doe^Ann^Lee||19741225|F",
  "OBR|1|P1|F9^LAB|11502-2^Laboratory report^LN|||20260304|20260305||||||||||||||||LAB",
  "OBX|1|NM|718-7^Hemoglobin^LN||12.1|g/dL|||||F",
  "OBX|2|CE|8251-1^Comment^LN||230690007^Stroke^SCT||||||F",
  "OBX|3|NM|777-3^Platelets^LN||1||||||W",
].join("\r");

test("readImport() keeps HL7 v2 whole, and reads what it says of itself (docs/spec/fhir.md F-16)", () => {
  for (const text of [ORU, `\u000b${ORU}\r\u001c\r`, ORU.replaceAll("\r", "\n")]) {
    const { documents, subject } = read(text, "result.dat");
    const [document] = documents as [RecordDocument];
    assert.deepEqual(document.bytes, bytesOf(text));
    assert.deepEqual(
      [document.mediaType, document.category, document.title],
      ["x-application/hl7-v2+er7", "laboratory", "Laboratory report"],
    );
    assert.deepEqual(document.keywords, [
      "cat|laboratory",
      "ym|2026-03",
      "loinc|11502-2",
      "loinc|718-7",
      "loinc|8251-1",
      "sct|230690007",
    ]);
    assert.deepEqual(subject, {
      identifiers: [
        { system: "urn:oid:2.16.1", value: "44", type: "MR" },
        { system: "STATE", value: "900", type: "SS" },
      ],
      names: ["Ann Lee Doe"],
      birthDate: "1974-12-25",
      sex: "female",
    });
    const facts = labelFacts(bytesOf(text));
    assert.deepEqual(
      [facts.start, facts.end, facts.type],
      ["2026-03-04", "2026-03-05", "http://loinc.org|11502-2"],
    );
  }
});

test("readImport() categorises messages by document type, section and message type", () => {
  const head = (type: string): string => `MSH|^~\\&|A|B|C|D|2026||${type}|1|P|2.5`;
  const rows: readonly (readonly [string, string])[] = [
    [`${head("MDM^T02")}\rTXA|1|18842-5^Discharge^LN`, "discharge-summary"],
    [`${head("ORU^R01")}\rOBR|1|||X^CT head${"|".repeat(20)}CT`, "imaging"],
    [`${head("ORU^R01")}\rOBR|1|||X^Biopsy${"|".repeat(20)}SP`, "pathology"],
    [head("ADT^A01"), "encounter-note"],
    [head("VXU^V04"), "immunizations"],
    [head("RDE^O11"), "prescription"],
    [head("DFT^P03"), "billing"],
    [head("ORM^O01").replaceAll("|", "#"), "referral"],
  ];
  for (const [text, category] of rows)
    assert.equal(read(text, "m.hl7").documents[0]?.category, category, text);
});

test("readImport() refuses messages of several patients", () => {
  const other = ORU.replace("44^^^CITY&2.16.1&ISO^MR~900^^^STATE^SS", "45^^^CITY&2.16.1&ISO^MR");
  assert.equal(read(`${ORU}\r${ORU}`, "m.hl7").documents.length, 1);
  assert.throws(() => read(`${ORU}\r${other}`, "m.hl7"), { code: "MANY_PATIENTS" });
});
