import assert from "node:assert/strict";
import { test } from "node:test";
import { FhirError, fhirCodes, parse } from "./index.ts";
import { bundleOf, bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples, transferFile } from "@anamnesis/testing/samples/samples";

const patient = { resourceType: "Patient", id: "a" };
const bundle = (type: string, entry: string): string =>
  `{"resourceType":"Bundle","type":"${type}","entry":[${entry}]}`;

test("parse() reads every sample and keeps its bytes", () => {
  for (const file of [
    ...patientFiles,
    transferFile,
    ...samples.in("fhir/ips"),
    ...samples.in("fhir/official"),
  ]) {
    const bytes = samples.read(file);
    const parsed = parse(bytes);
    assert.equal(parsed.bytes, bytes);
    assert.deepEqual(
      JSON.parse(parsed.json),
      JSON.parse(Buffer.from(bytes).toString("utf8")),
      file,
    );
    const entries = (JSON.parse(parsed.json) as { entry?: { resource: unknown }[] }).entry ?? [];
    assert.deepEqual(
      parsed.entries.map(({ json }) => JSON.parse(json) as unknown),
      entries.map(({ resource }) => resource),
    );
  }
});

test("parse() refuses each bad input with its own code", async (t) => {
  const utf16 = (order: "le" | "be", mark: boolean): Uint8Array => {
    const bytes = Buffer.from((mark ? "\ufeff" : "") + '{"resourceType":"Patient"}', "utf16le");
    return new Uint8Array(order === "le" ? bytes : bytes.swap16());
  };
  const one = '{"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","id":"a"}}';
  const changed = one.replace('"id":"a"', '"id":"a","active":true');
  const rows: readonly (readonly [string, Uint8Array | string, string])[] = [
    ["nothing", "", "EMPTY_FILE"],
    ["UTF-16 LE with mark", utf16("le", true), "ENCODING_UTF16"],
    ["UTF-16 BE with mark", utf16("be", true), "ENCODING_UTF16"],
    ["UTF-16 LE", utf16("le", false), "ENCODING_UTF16"],
    ["UTF-16 BE", utf16("be", false), "ENCODING_UTF16"],
    ["two marks", '\ufeff\ufeff{"resourceType":"Patient"}', "JSON_INVALID"],
    [
      "Latin-1",
      new Uint8Array([...bytesOf('{"resourceType":"'), 0xe9, ...bytesOf('"}')]),
      "ENCODING_INVALID",
    ],
    ["overlong UTF-8", new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), "ENCODING_INVALID"],
    ["XML of something else", "\n  <Patient/>", "XML_NOT_SUPPORTED"],
    ["plain text", "Dear colleague", "JSON_INVALID"],
    ["cut off", '{"resourceType":"Patient","name":[{"text":"A', "JSON_TRUNCATED"],
    ["blank", "  \n ", "JSON_TRUNCATED"],
    [
      "repeated property",
      '{"resourceType":"Patient","active":true,"active":false}',
      "JSON_DUPLICATE_KEY",
    ],
    ["prototype", '{"resourceType":"Patient","__proto__":{}}', "JSON_FORBIDDEN_KEY"],
    ["depth bomb", `{"resourceType":"Patient","extension":${"[".repeat(50_000)}`, "JSON_TOO_DEEP"],
    ["array", "[]", "NOT_A_RESOURCE"],
    ["number", "12", "NOT_A_RESOURCE"],
    ["no type", '{"id":"a"}', "NOT_A_RESOURCE"],
    ["unknown type", '{"resourceType":"Spaceship"}', "NOT_A_RESOURCE"],
    ["history", bundle("history", one), "BUNDLE_TYPE"],
    ["message", bundle("message", one), "BUNDLE_TYPE"],
    ["response", bundle("transaction-response", one), "BUNDLE_TYPE"],
    ["no Bundle type", '{"resourceType":"Bundle","entry":[]}', "BUNDLE_TYPE"],
    ["no entries", bundle("collection", ""), "BUNDLE_EMPTY"],
    ["entries no list", '{"resourceType":"Bundle","type":"collection","entry":{}}', "BUNDLE_EMPTY"],
    [
      "deletion",
      bundle("transaction", '{"request":{"method":"DELETE","url":"Patient/1"}}'),
      "BUNDLE_EMPTY",
    ],
    [
      "neither content nor deletion",
      bundle("transaction", '{"request":{"method":"GET","url":"Patient/1"}}'),
      "ENTRY_WITHOUT_RESOURCE",
    ],
    ["lines, one of them no resource", '{"resourceType":"Basic"}\n{"id":"a"}', "NOT_A_RESOURCE"],
    ["lines, the last cut off", '{"resourceType":"Basic"}\n{"resourceType":"Ba', "JSON_TRUNCATED"],
    ["lines of one id", `${one.slice(35, -1)}\n${changed.slice(35, -1)}`, "DUPLICATE_ID"],
    ["null entry", bundle("collection", "null"), "ENTRY_WITHOUT_RESOURCE"],
    [
      "unknown entry",
      bundle("collection", '{"resource":{"resourceType":"Spaceship"}}'),
      "NOT_A_RESOURCE",
    ],
    ["one fullUrl, two contents", bundle("collection", `${one},${changed}`), "DUPLICATE_FULL_URL"],
    [
      "one id, two contents",
      bundle("collection", `${one},${changed.replace("urn:uuid:a", "urn:uuid:b")}`),
      "DUPLICATE_ID",
    ],
    [
      "one id, a digit more",
      bundle(
        "collection",
        [1, 2]
          .map(
            (n) =>
              `{"fullUrl":"urn:uuid:${n}","resource":{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.1${n === 1 ? "" : "0"}}}}`,
          )
          .join(),
      ),
      "DUPLICATE_ID",
    ],
  ];
  for (const [name, input, code] of rows) {
    await t.test(name, () => {
      const bytes = typeof input === "string" ? new Uint8Array(Buffer.from(input, "utf8")) : input;
      assert.throws(
        () => parse(bytes),
        (error) => error instanceof FhirError && error.code === code && error.message.length > 10,
      );
      assert.ok((fhirCodes as readonly string[]).includes(code));
    });
  }
});

test("parse() accepts exact repeats and one id on two servers", () => {
  assert.equal(bundleOf("collection", [patient, patient]).entries.length, 2);
  const onServer = (n: number): string =>
    `{"fullUrl":"https://h${n}.example/fhir/Patient/a","resource":{"resourceType":"Patient","id":"a","active":${n === 1}}}`;
  assert.doesNotThrow(() => parse(bytesOf(bundle("collection", `${onServer(1)},${onServer(2)}`))));
});

test("parse() refuses 100 MB at once, before reading it", () => {
  const bytes = new Uint8Array(100_000_000).fill(0x20);
  const before = process.memoryUsage().rss;
  assert.throws(() => parse(bytes), { code: "FILE_TOO_LARGE" });
  assert.ok(process.memoryUsage().rss - before < 20_000_000);
  assert.throws(() => parse(bytesOf(patient), { bytesMax: 10 }), { code: "FILE_TOO_LARGE" });
  const two = bundle(
    "collection",
    '{"resource":{"resourceType":"Basic"}},{"resource":{"resourceType":"Basic"}}',
  );
  assert.throws(() => parse(bytesOf(two), { entriesMax: 1 }), { code: "TOO_MANY_ENTRIES" });
});

test("parse() calls every cut of a real file truncated or, inside a character, invalid UTF-8", () => {
  const bytes = samples.read(transferFile);
  for (let end = 1; end < bytes.length; end += 997) {
    assert.throws(() => parse(bytes.subarray(0, end)), {
      code: /^(JSON_TRUNCATED|ENCODING_INVALID)$/,
    });
  }
});
