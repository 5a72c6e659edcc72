import { createHash } from "node:crypto";
import { parse, split } from "@anamnesis/fhir";
import { ownSamples } from "@anamnesis/testing/samples/ownSamples";
import type { Samples } from "@anamnesis/testing/samples/samples";

/** One file that both validators judge. */
export interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of the bytes: a verdict is one on exactly these. */
  readonly sha256: string;
}

type Json = Record<string, unknown>;
type Mutant = (resource: Json) => Json;

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z", importer: "Dr Li", override: "Seen" };
const FOLDERS = ["fhir/official", "fhir/ips", "fhir/intl", "fhir/patients"];
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';

const text = (div: string): Json => ({ text: { status: "generated", div } });
const without = (resource: Json, key: string): Json =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => name !== key));
const UNIT = { value: 1, system: "http://unitsofmeasure.org" };

/** Faults, each put into every base that it changes. */
const MUTANTS: Readonly<Record<string, Mutant>> = {
  "no-status": (resource) => without(resource, "status"),
  "no-code": (resource) => without(resource, "code"),
  "no-subject": (resource) => without(resource, "subject"),
  "status-unknown": (resource) =>
    "status" in resource ? { ...resource, status: "nonsense" } : resource,
  "gender-unknown": (resource) => ("gender" in resource ? { ...resource, gender: "f" } : resource),
  "unknown-property": (resource) => ({ ...resource, colour: "red" }),
  "empty-array": (resource) => ({ ...resource, identifier: [] }),
  "empty-object": (resource) => ({ ...resource, meta: {} }),
  "empty-text": (resource) => ({ ...resource, language: "" }),
  "id-with-blank": (resource) => ({ ...resource, id: "a b" }),
  "blank-narrative": (resource) => ({ ...resource, ...text(`<div ${XHTML}> </div>`) }),
  "narrative-no-namespace": (resource) => ({ ...resource, ...text("<div>Text</div>") }),
  "narrative-script": (resource) => ({
    ...resource,
    ...text(`<div ${XHTML}>T<script>x</script></div>`),
  }),
  "narrative-status": (resource) => ({
    ...resource,
    text: { status: "made", div: `<div ${XHTML}>T</div>` },
  }),
  "period-reversed": (resource) => ({
    ...resource,
    identifier: [
      { system: "urn:x:y", value: "1", period: { start: "2026-03-05", end: "2026-03-04" } },
    ],
  }),
  "time-without-zone": (resource) => ({
    ...resource,
    meta: { lastUpdated: "2026-03-04T08:00:00" },
  }),
  "no-such-unit": (resource) =>
    "valueQuantity" in resource
      ? { ...resource, valueQuantity: { ...UNIT, code: "mgdl" } }
      : resource,
  "quantity-text": (resource) =>
    "valueQuantity" in resource
      ? { ...resource, valueQuantity: { ...UNIT, code: "mg", value: "1" } }
      : resource,
  "identifier-no-list": (resource) => ({ ...resource, identifier: { value: "1" } }),
};

/** All sample files that are there, documents split from them, and mutants of records of our own making. */
export function cases(samples: Samples): Case[] {
  const own = ownSamples();
  const found = FOLDERS.flatMap((folder) =>
    samples.in(folder).map((path) => [path, samples.read(path)] as const),
  );
  const ours = FOLDERS.flatMap((folder) =>
    own
      .in(folder)
      .slice(0, 8)
      .map((path) => [path, own.read(path)] as const),
  );
  const patients = ["fhir/patients", "fhir/intl"].flatMap((folder) => [
    ...samples
      .in(folder)
      .slice(0, 1)
      .map((path) => [path, samples.read(path)] as const),
    ...own
      .in(folder)
      .slice(0, 1)
      .map((path) => [path, own.read(path)] as const),
  ]);
  const split = patients.flatMap(([path, bytes]) => documentsOf(path, bytes));
  const bases = own.in("fhir/official").map((path) => [path, own.read(path)] as const);
  const all = [
    ...found,
    ...ours,
    ...split,
    ...bases.flatMap(([path, bytes]) => mutantsOf(path, bytes)),
  ];
  const distinct = new Map(all.map(([name, bytes]) => [sha256(bytes), { name, bytes }]));
  return [...distinct].map(([hash, { name, bytes }]) => ({
    name: name.replace(/^fhir\//, ""),
    bytes,
    sha256: hash,
  }));
}

const documentsOf = (path: string, bytes: Uint8Array) =>
  split(parse(bytes), OPTIONS)
    .slice(0, 12)
    .map((document, at) => [`split/${at} of ${path}`, document.bytes] as const);

function mutantsOf(path: string, bytes: Uint8Array) {
  const resource = JSON.parse(new TextDecoder().decode(bytes)) as Json;
  if (resource["resourceType"] === "Bundle" || resource["resourceType"] === "Binary") return [];
  return Object.entries(MUTANTS).flatMap(([name, mutate]) => {
    const written = JSON.stringify(mutate(resource));
    if (written === JSON.stringify(resource)) return [];
    return [[`mutant/${name} of ${path}`, new TextEncoder().encode(written)] as const];
  });
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
