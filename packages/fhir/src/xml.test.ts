import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { labelFacts, parse, readImport, subjectOf, textAt } from "./index.ts";
import type { ReadImport } from "./index.ts";
import { readXml } from "./xml.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const read = (text: string, fileName: string): ReadImport =>
  readImport([{ bytes: bytesOf(text), fileName }], OPTIONS);

const FHIR = 'xmlns="http://hl7.org/fhir"';
const PATIENT = `<Patient ${FHIR}><id value="p"/>
  <identifier><system value="urn:x:mrn"/><value value="1"/></identifier>
  <name><given value="Ann"/><given value="Lee"/><family value="Doe &amp; Roe"/></name>
  <gender value="female"/><birthDate value="1974-12-25"/></Patient>`;
const DOCUMENT = `\ufeff<?xml version="1.0"?><!-- made <b>by</b> hand -->
<Bundle ${FHIR}><type value="document"/>
 <entry><fullUrl value="urn:uuid:1"/><resource><Composition>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>T &lt; 1</p></div></text>
  <type><coding><system value="http://loinc.org"/><code value="18842-5"/></coding></type>
  <subject><reference value="urn:uuid:2"/></subject><date value="2026-03-04"/><title value="Discharge"/>
  <confidentiality value="R"/></Composition></resource></entry>
 <entry><fullUrl value="urn:uuid:2"/><resource>${PATIENT.replace(` ${FHIR}`, "")}</resource></entry>
 <entry><fullUrl value="urn:uuid:3"/><resource><Condition><id value="c"/>
  <code><coding><system value="http://snomed.info/sct"/><code value="230690007"/></coding></code>
  <subject><reference value="urn:uuid:2"/></subject></Condition></resource></entry></Bundle>`;

test("readImport() keeps FHIR in XML byte for byte, and reads it for label and keywords (docs/spec/fhir.md F-13)", () => {
  const bytes = bytesOf(DOCUMENT);
  const { documents, subject } = readImport([{ bytes, fileName: "d.xml" }], OPTIONS);
  const [document, ...more] = documents;
  assert.equal(more.length, 0);
  assert.equal(document?.bytes, bytes);
  assert.deepEqual(
    [document.mediaType, document.category, document.title, document.sensitive],
    ["application/fhir+xml", "discharge-summary", "Discharge", true],
  );
  assert.ok(document.keywords.includes("sct|230690007"));
  assert.deepEqual(subject, {
    identifiers: [{ system: "urn:x:mrn", value: "1", type: undefined }],
    names: ["Ann Lee Doe & Roe"],
    birthDate: "1974-12-25",
    sex: "female",
  });
  const facts = labelFacts(bytes);
  assert.deepEqual([facts.start, facts.type], ["2026-03-04", "http://loinc.org|18842-5"]);
  assert.equal(labelFacts(bytes.subarray(0, 700)).type, "http://loinc.org|18842-5");
});

test("parse() reads a resource in XML, its narrative in its own text", () => {
  const { form, entries } = parse(bytesOf(DOCUMENT));
  assert.equal(form, "xml");
  const text = (entries[0]?.resource["text"] ?? {}) as { div: string };
  assert.equal(text.div, '<div xmlns="http://www.w3.org/1999/xhtml"><p>T &lt; 1</p></div>');
  const prefixed = PATIENT.replaceAll("<", "<f:").replaceAll("<f:/", "</f:");
  const one = parse(bytesOf(prefixed.replace("xmlns=", "xmlns:f=")));
  assert.equal(textAt(one.resource, "birthDate"), "1974-12-25");
  assert.equal(subjectOf(one)?.sex, "female");
  assert.throws(() => parse(bytesOf(`<Spaceship ${FHIR}/>`)), { code: "NOT_A_RESOURCE" });
});

test("parse() refuses other versions of FHIR in XML, too (docs/spec/fhir.md F-7)", () => {
  const rows = [
    `<MedicationOrder ${FHIR}/>`,
    `<Condition ${FHIR}><clinicalStatus value="active"/></Condition>`,
    `<MedicationRequest ${FHIR}><medication><concept/></medication></MedicationRequest>`,
    `<Patient ${FHIR}><meta><profile value="http://hl7.org/fhir/STU3/StructureDefinition/Patient"/></meta></Patient>`,
  ];
  for (const text of rows)
    assert.throws(() => parse(bytesOf(text)), { code: "FHIR_VERSION" }, text);
});

test("readXml() expands nothing, fetches nothing, and ends (docs/spec/fhir.md F-14)", async (t) => {
  const bomb = `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Patient ${FHIR}>&b;</Patient>`;
  const rows: readonly (readonly [string, string, string])[] = [
    ["billion laughs", bomb, "XML_DOCTYPE"],
    [
      "external entity",
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      "XML_DOCTYPE",
    ],
    ["document type in capitals", "<!doctype html><html/>", "XML_DOCTYPE"],
    ["parameter entity alone", '<!ENTITY x "y"><a/>', "XML_INVALID"],
    ["depth", "<a>".repeat(5000), "XML_TOO_DEEP"],
    ["cut off in a tag", "<a><b/><c", "XML_INVALID"],
    ["cut off between tags", "<a><b></b>", "XML_INVALID"],
    ["crossed", "<a><b></a></b>", "XML_INVALID"],
    ["two roots", "<a/><b/>", "XML_INVALID"],
    ["text after the root", "<a/>b", "XML_INVALID"],
    ["nothing", "  ", "XML_INVALID"],
  ];
  for (const [name, text, code] of rows)
    await t.test(name, () => assert.throws(() => readXml(text), { code }));
  const entity = readXml("<a>&lt;&#65;&unknown;</a>");
  assert.equal(entity.text, "<A&unknown;");
  assert.equal(Object.getPrototypeOf(readXml('<a __proto__="x"/>').attributes), Object.prototype);
});

test("readXml() names every element's namespace and place", () => {
  const source = '<a xmlns="u:1" xmlns:p="u:2"><p:b c="1"/><d xmlns="u:3">t</d></a>';
  const root = readXml(source);
  assert.deepEqual(
    [root, ...root.children].map(({ name, namespace, span }) => [
      name,
      namespace,
      source.slice(...span),
    ]),
    [
      ["a", "u:1", source],
      ["b", "u:2", '<p:b c="1"/>'],
      ["d", "u:3", '<d xmlns="u:3">t</d>'],
    ],
  );
});

test("readImport() refuses broken and foreign XML with its code", () => {
  assert.throws(() => read(DOCUMENT.slice(0, -9), "d.xml"), { code: "XML_INVALID" });
  assert.throws(() => read("<html/>", "d.xml"), { code: "XML_NOT_SUPPORTED" });
  assert.throws(() => read(`<!DOCTYPE x><Patient ${FHIR}/>`, "d.xml"), { code: "XML_DOCTYPE" });
});
