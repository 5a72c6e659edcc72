import assert from "node:assert/strict";
import { test } from "node:test";
import { auditBundle } from "./auditEvent.ts";
import type { AuditedEntry } from "./auditEvent.ts";
import { parse, writeJson } from "./index.ts";
import type { JsonObject } from "./index.ts";
import { validate } from "./validate.ts";

const time = Date.parse("2026-03-01T10:00:00Z");
const common = {
  time,
  who: {
    fingerprint: "ab".repeat(32),
    name: "Dr Chen",
    role: "doctor",
    institution: "city-hospital",
  },
  categories: ["laboratory"],
  origins: ["general-hospital"],
  titles: { r1: "Blood count" },
  purposes: ["ETREAT"],
};
const gid = "cd".repeat(32);
const entries: readonly AuditedEntry[] = [
  { what: "opened", ...common, gid, intent: "01", records: ["r1", "r2"], completed: time + 1_000 },
  { what: "opened", ...common, gid, intent: "02", records: [] },
  { what: "reread", ...common, purposes: [], record: "r1", slip: "03" },
  { what: "granted", ...common, gid },
  { what: "denied", ...common, gid, code: "GRANT_NOT_LIVE" },
  { what: "asked", ...common, request: "04" },
  { what: "refused", ...common, request: "04" },
  { what: "revoked", ...common, gid },
  {
    what: "lookedUp",
    ...common,
    who: { fingerprint: "", name: "Dr Chen", role: "", institution: "city-hospital" },
    categories: [],
    purposes: [],
  },
];
const bundle = auditBundle(entries, { patient: "alice", time });

interface Event extends JsonObject {
  readonly entity: JsonObject[];
}
const events = (bundle["entry"] as { resource: Event }[]).map(({ resource }) => resource);

test("auditBundle() is valid FHIR, with an event for each record of an opening", async () => {
  assert.equal(events.length, entries.length + 1);
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length, "ids differ");
  assert.deepEqual(bundle, auditBundle(entries, { patient: "alice", time }));
  const issues = await validate(parse(new TextEncoder().encode(writeJson(bundle))));
  assert.deepEqual(issues, []);
});

test("auditBundle() follows BALP: a read, and a decision, with the slices that the patterns want", () => {
  const profileOf = ({ meta }: Event): string =>
    String((meta as { profile: string[] } | undefined)?.profile[0]).replace(/^.*BasicAudit\./, "");
  const typesOf = ({ agent }: Event): string[] =>
    (agent as { type: { coding: { code: string }[] } }[]).map(({ type }) => type.coding[0]!.code);
  const entityOf = ({ entity }: Event): unknown[] =>
    entity.map(({ type }) => (type as { code: string } | undefined)?.code);
  const shapes = events.map((event) => [
    profileOf(event),
    event["action"],
    event["outcome"],
    typesOf(event).join(" "),
    entityOf(event).join(" "),
  ]);
  const read = ["PatientRead", "R", "0", "110152 110153 IRCP", "1 2 slip"];
  const decided = (outcome: string) => [
    "AuthZconsent",
    "E",
    outcome,
    "110150 PROV authserver IRCP",
    "1 Consent",
  ];
  const plain = (outcome: string, entity = "1 ") => ["undefined", "E", outcome, "IRCP", entity];
  assert.deepEqual(shapes, [
    read,
    read,
    read,
    read,
    decided("0"),
    decided("8"),
    plain("0"),
    plain("8"),
    plain("0"),
    plain("0", "1"),
  ]);
});

test("auditBundle() names data by id, title and kind, whence it comes, and why", () => {
  const [first, second, untold] = events;
  const dataOf = (event: Event | undefined): unknown => event?.entity[1];
  assert.deepEqual(dataOf(first), {
    what: { identifier: { system: "urn:x-anamnesis:record", value: "r1" }, display: "Blood count" },
    type: {
      system: "http://terminology.hl7.org/CodeSystem/audit-entity-type",
      code: "2",
      display: "System Object",
    },
    role: {
      system: "http://terminology.hl7.org/CodeSystem/object-role",
      code: "4",
      display: "Domain Resource",
    },
    description: "laboratory",
  });
  assert.ok(JSON.stringify(dataOf(second)).includes('"r2"'));
  assert.ok(JSON.stringify(dataOf(untold)).includes("no proxy has told"));
  const text = JSON.stringify(first);
  for (const said of [
    '"general-hospital"',
    '"ETREAT"',
    '"Dr Chen, city-hospital"',
    '"doctor"',
    `grant:${gid}`,
  ])
    assert.ok(text.includes(said), said);
});
