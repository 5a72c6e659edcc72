/**
 * A patient's access log as FHIR R4 AuditEvents after IHE BALP 1.1: what of the log's entries has a pattern there claims it.
 *
 * https://profiles.ihe.net/ITI/BALP/
 */
import type { JsonObject, JsonValue } from "./json.ts";
import { deriveUuid } from "./uuid.ts";

/** An entry of the log. Times are Unix milliseconds, ids hex. */
export interface AuditedEntry {
  readonly what: string;
  readonly time: number;
  readonly who: {
    readonly fingerprint: string;
    readonly name: string;
    readonly role: string;
    readonly institution: string;
  };
  /** Absent: of every kind. */
  readonly categories?: readonly string[];
  /** Whence the data comes. */
  readonly origins?: readonly string[];
  /** Titles by record id. */
  readonly titles: Readonly<Record<string, string>>;
  /** HL7 v3 ActReason. */
  readonly purposes: readonly string[];
  readonly gid?: string;
  readonly request?: string;
  readonly records?: readonly string[];
  readonly record?: string;
  /** Slip of an opening. */
  readonly intent?: string;
  /** Slip of a rereading. */
  readonly slip?: string;
  readonly completed?: number;
  /** Why somebody was turned away. */
  readonly code?: string;
}

export interface AuditOptions {
  /** The patient's name, as the device knows it. */
  readonly patient: string;
  /** Unix milliseconds. */
  readonly time: number;
}

const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role";
const PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit";
const AUTHORISATION = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType";
/** Of what BALP has no code for. */
const OWN = "urn:x-anamnesis:log";

/** What an entry is as an event; `profile` where BALP has a pattern for it. */
interface EventKind {
  readonly profile?: string;
  readonly type: JsonObject;
  readonly subtype: JsonObject;
  readonly action: "R" | "E";
  /** Success, or serious failure. */
  readonly outcome: "0" | "8";
}

const coding = (system: string, code: string, display?: string): JsonObject => ({
  system,
  code,
  ...(display === undefined ? {} : { display }),
});

const read: EventKind = {
  profile: `${PROFILE}.PatientRead`,
  type: coding(
    "http://terminology.hl7.org/CodeSystem/audit-event-type",
    "rest",
    "RESTful Operation",
  ),
  subtype: coding("http://hl7.org/fhir/restful-interaction", "read", "read"),
  action: "R",
  outcome: "0",
};
const decision = (outcome: "0" | "8"): EventKind => ({
  profile: `${PROFILE}.AuthZconsent`,
  type: coding(DCM, "110113", "Security Alert"),
  subtype: coding(AUTHORISATION, "AuthZ-Consent"),
  action: "E",
  outcome,
});
const own = (code: string, type: JsonObject, outcome: "0" | "8" = "0"): EventKind => ({
  type,
  subtype: coding(OWN, code),
  action: "E",
  outcome,
});
const alert = coding(DCM, "110113", "Security Alert");

const kinds: Readonly<Record<string, EventKind>> = {
  opened: read,
  reread: read,
  granted: decision("0"),
  denied: decision("8"),
  asked: own("asked", alert),
  refused: own("refused", alert, "8"),
  revoked: own("revoked", alert),
  lookedUp: own("looked-up", coding(DCM, "110112", "Query")),
};

/**
 * A Bundle (collection) with one AuditEvent for each entry, and for an opening one for each record: BALP's pattern of a read has
 * one object. Networks are said to be unknown: an address stands on no chain. The same entry gives the same id.
 */
export function auditBundle(
  entries: readonly AuditedEntry[],
  { patient, time }: AuditOptions,
): JsonObject {
  const events = entries.flatMap((entry) => eventsOf(entry, patient));
  return {
    resourceType: "Bundle",
    type: "collection",
    timestamp: instant(time),
    entry: events.map((resource) => ({
      fullUrl: `urn:uuid:${resource["id"] as string}`,
      resource,
    })),
  };
}

function eventsOf(entry: AuditedEntry, patient: string): JsonObject[] {
  const kind = kinds[entry.what];
  if (kind === undefined) return [];
  if (kind !== read) return [eventOf(entry, kind, patient, undefined)];
  const records = entry.records ?? (entry.record === undefined ? [] : [entry.record]);
  const each = records.length === 0 ? [undefined] : records;
  return each.map((record) => eventOf(entry, kind, patient, record));
}

function eventOf(
  entry: AuditedEntry,
  kind: EventKind,
  patient: string,
  record: string | undefined,
): JsonObject {
  const { what, time, who, completed, code, purposes } = entry;
  const about = [entry.intent, entry.slip, entry.gid, entry.request, record].map((id) => id ?? "");
  const reasons = purposes.map((purpose) => ({ coding: [coding(REASON, purpose)] }));
  return {
    resourceType: "AuditEvent",
    id: deriveUuid("audit", what, String(time), who.fingerprint, who.name, ...about),
    ...(kind.profile === undefined ? {} : { meta: { profile: [kind.profile] } }),
    type: kind.type,
    subtype: [kind.subtype],
    action: kind.action,
    ...(completed === undefined || completed < time
      ? {}
      : { period: { start: instant(time), end: instant(completed) } }),
    recorded: instant(time),
    outcome: kind.outcome,
    ...(kind.outcome === "0" ? {} : { outcomeDesc: code ?? "The patient refused" }),
    ...(reasons.length === 0 ? {} : { purposeOfEvent: reasons }),
    agent: [...agentsOf(entry, kind), user(entry, reasons)],
    source: {
      observer: { display: "The patient's device" },
      type: [
        coding("http://terminology.hl7.org/CodeSystem/security-source-type", "1", "User Device"),
      ],
    },
    entity: [
      {
        what: { type: "Patient", display: patient },
        type: coding(ENTITY_TYPE, "1", "Person"),
        role: coding(OBJECT_ROLE, "1", "Patient"),
      },
      ...dataOf(entry, kind, record),
    ],
  };
}

/** Who acted. */
const user = ({ who, gid }: AuditedEntry, reasons: JsonValue[]): JsonObject => ({
  type: { coding: [coding(PARTICIPATION, "IRCP", "information recipient")] },
  ...(who.role === "" ? {} : { role: [{ text: who.role }] }),
  who: {
    ...(who.fingerprint === ""
      ? {}
      : { identifier: { system: "urn:x-anamnesis:certificate", value: who.fingerprint } }),
    display: who.institution === "" ? nameOf(who) : `${nameOf(who)}, ${who.institution}`,
  },
  name: nameOf(who),
  requestor: true,
  ...(gid === undefined ? {} : { policy: [`urn:x-anamnesis:grant:${gid}`] }),
  ...(reasons.length === 0 ? {} : { purposeOfUse: reasons }),
});

const nameOf = (who: AuditedEntry["who"]): string => (who.name === "" ? who.fingerprint : who.name);

/** The machines between: of a read the reader's and whence the data comes; of a decision the reader's and who decides. */
function agentsOf({ what, who, origins }: AuditedEntry, kind: EventKind): JsonObject[] {
  const client = `Client of ${nameOf(who)}`;
  if (kind === read)
    return [
      machine(coding(DCM, "110152", "Destination Role ID"), client),
      machine(
        coding(DCM, "110153", "Source Role ID"),
        origins === undefined || origins.length === 0 ? "Not known" : origins.join(", "),
      ),
    ];
  if (kind.profile === undefined) return [];
  return [
    machine(coding(DCM, "110150", "Application"), client),
    party(coding("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV"), who.institution),
    party(
      coding("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver"),
      what === "granted" ? "The patient" : "A proxy",
    ),
  ];
}

const party = (type: JsonObject, display: string): JsonObject => ({
  type: { coding: [type] },
  who: { display: display === "" ? "Not known" : display },
  requestor: false,
});

const machine = (type: JsonObject, display: string): JsonObject => ({
  ...party(type, display),
  network: {
    extension: [
      {
        url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
        valueCode: "unknown",
      },
    ],
  },
});

/** What it is about: of a read the record, of a decision the grant, else the request where there is one. */
function dataOf(entry: AuditedEntry, kind: EventKind, record: string | undefined): JsonObject[] {
  const { gid, request, intent, slip, categories, titles } = entry;
  const description = categories === undefined ? "every category" : categories.join(", ");
  const described = description === "" ? {} : { description };
  if (kind === read)
    return [
      {
        what:
          record === undefined
            ? { display: "Records that no proxy has told" }
            : {
                identifier: { system: "urn:x-anamnesis:record", value: record },
                ...(titles[record] === undefined ? {} : { display: titles[record] }),
              },
        type: coding(ENTITY_TYPE, "2", "System Object"),
        role: coding(OBJECT_ROLE, "4", "Domain Resource"),
        ...described,
      },
      ...(intent === undefined ? [] : [named("slip", intent)]),
      ...(slip === undefined ? [] : [named("slip", slip)]),
    ];
  const id = gid ?? request;
  if (id === undefined) return [];
  const identifier = {
    system: `urn:x-anamnesis:${gid === undefined ? "request" : "grant"}`,
    value: id,
  };
  if (kind.profile === undefined) return [{ what: { identifier }, ...described }];
  return [
    {
      what: { type: "Consent", identifier },
      type: coding("http://hl7.org/fhir/resource-types", "Consent", "Consent"),
      ...described,
    },
  ];
}

const named = (kind: string, value: string): JsonObject => ({
  what: { identifier: { system: `urn:x-anamnesis:${kind}`, value } },
  type: coding(OWN, kind),
});

const instant = (ms: number): string => new Date(ms).toISOString();
