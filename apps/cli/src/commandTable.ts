import type { Command } from "commander";
import type { CommandResult } from "./output.ts";
import type { CommandOptions } from "./options.ts";

/** One command: its options and arguments, and what it does. */
export interface CommandModule {
  define(command: Command): void;
  /** `undefined` when the command has printed for itself. */
  run(options: CommandOptions, args: readonly unknown[]): Promise<CommandResult | undefined>;
}

export interface Row {
  readonly summary: string;
  /** One or more command lines as people type them, without `anamnesis`: `--help` shows them, a test parses them. */
  readonly examples: readonly [string, ...string[]];
  readonly load: () => Promise<CommandModule>;
}

/** Every command by its words. A module is loaded only when its command is meant, so that each starts quickly. */
export const commandTable: Readonly<Record<string, Row>> = {
  up: {
    summary: "start a whole federation and its portal",
    examples: [
      "up --demo",
      "up --dir /srv/anamnesis --port 8443 --passphrase-file /run/secrets/passphrase",
    ],
    load: () => import("./commands/up.ts"),
  },
  demo: {
    summary: "play the whole path, attack it, and say what held",
    examples: ["demo", "demo --json"],
    load: () => import("./commands/demo.ts"),
  },
  "person add": {
    summary: "enrol a person as an institution's registrar",
    examples: [
      "person add maria --role patient --at general-hospital",
      "person add dr-wu --role doctor --at city-hospital",
    ],
    load: () => import("./commands/personAdd.ts"),
  },
  "person list": {
    summary: "list the people whose devices lie here",
    examples: ["person list"],
    load: () => import("./commands/personList.ts"),
  },
  "person suspend": {
    summary: "suspend a certificate for a while",
    examples: ["person suspend dr-wu --at city-hospital --hours 4"],
    load: () => import("./commands/personSuspend.ts"),
  },
  "person resume": {
    summary: "lift the suspension of a certificate",
    examples: ["person resume dr-wu --at city-hospital"],
    load: () => import("./commands/personResume.ts"),
  },
  "person accept": {
    summary: "accept a person whose key is another than before",
    examples: ["person accept FINGERPRINT --as maria"],
    load: () => import("./commands/personAccept.ts"),
  },
  "person recertify": {
    summary: "certify somebody anew whose device is lost",
    examples: ["person recertify dr-wu --at city-hospital"],
    load: () => import("./commands/personRecertify.ts"),
  },
  "doctor add-affiliation": {
    summary: "certify a doctor at another institution, on the same device",
    examples: ["doctor add-affiliation dr-wu --at online-clinic"],
    load: () => import("./commands/doctorAddAffiliation.ts"),
  },
  "staff list": {
    summary: "list staff and their certificates",
    examples: ["staff list", "staff list --at city-hospital"],
    load: () => import("./commands/staffList.ts"),
  },
  "institution add": {
    summary: "let an institution into the running federation",
    examples: ['institution add blue-insurance --name "Blue Insurance"'],
    load: () => import("./commands/institutionAdd.ts"),
  },
  "institution suspend": {
    summary: "suspend an institution and its staff",
    examples: ["institution suspend blue-insurance"],
    load: () => import("./commands/institutionSuspend.ts"),
  },
  "institution resume": {
    summary: "let a suspended institution act again",
    examples: ["institution resume blue-insurance"],
    load: () => import("./commands/institutionResume.ts"),
  },
  "institution rotate-key": {
    summary: "give an institution without a node another key",
    examples: ["institution rotate-key blue-insurance --lost"],
    load: () => import("./commands/institutionRotateKey.ts"),
  },
  "institution list": {
    summary: "list the institutions of the federation",
    examples: ["institution list"],
    load: () => import("./commands/institutionList.ts"),
  },
  "visit open": {
    summary: "open a visit and hand the doctor its token",
    examples: [
      "visit open --as maria --with dr-li",
      "visit open --as maria --with dr-li@general-hospital --categories laboratory,vitals",
    ],
    load: () => import("./commands/visitOpen.ts"),
  },
  attend: {
    summary: "answer doctors who hold the contact card, until stopped",
    examples: ["attend --as maria"],
    load: () => import("./commands/attend.ts"),
  },
  "record import": {
    summary: "write a file's records for a patient",
    examples: [
      "record import maria.json --by dr-li --for maria",
      "record import scan.pdf --whole --category imaging --by dr-li --for maria",
      "record import page-1.json page-2.json --by dr-li --for maria",
    ],
    load: () => import("./commands/recordImport.ts"),
  },
  "record amend": {
    summary: "write a new version of a record",
    examples: ["record amend RECORD corrected.json --as dr-li"],
    load: () => import("./commands/recordAmend.ts"),
  },
  "record history": {
    summary: "list a record's versions, or compare two",
    examples: [
      "record history RECORD --as maria",
      "record history RECORD --as maria --compare 1..2",
    ],
    load: () => import("./commands/recordHistory.ts"),
  },
  "record list": {
    summary: "list the records that a person can read",
    examples: ["record list --as maria", "record list --as dr-chen --json"],
    load: () => import("./commands/recordList.ts"),
  },
  "record open": {
    summary: "open records: their exact bytes",
    examples: [
      "record open RECORD --as dr-chen --out seen.json",
      "record open RECORD RECORD@1 --as dr-chen --out seen",
      "record open --all --as maria --out my-records",
      "record open RECORD@1 --as maria",
    ],
    load: () => import("./commands/recordOpen.ts"),
  },
  history: {
    summary: "one history out of every record that a person may read",
    examples: [
      "history --as maria",
      "history --for maria --as dr-chen",
      "history --for maria --as dr-chen --ips --out summary.json",
    ],
    load: () => import("./commands/history.ts"),
  },
  "record confirm": {
    summary: "confirm records as the patient",
    examples: ["record confirm --all --as maria", "record confirm RECORD --as maria"],
    load: () => import("./commands/recordConfirm.ts"),
  },
  "record dispute": {
    summary: "dispute a record as the patient",
    examples: ['record dispute RECORD --as maria --reason "This is not my blood group"'],
    load: () => import("./commands/recordDispute.ts"),
  },
  "access request": {
    summary: "ask a patient for access",
    examples: [
      "access request --as dr-chen --for maria --purpose TREAT --days 30 --actions read,copy",
      'access request --as dr-chen --for maria --categories laboratory --days 0.5 --text "Before the operation"',
    ],
    load: () => import("./commands/accessRequest.ts"),
  },
  "access grant": {
    summary: "grant a request, or access without one",
    examples: [
      "access grant --as maria --request REQUEST",
      "access grant --as maria --to dr-chen@city-hospital --categories laboratory --days 7",
    ],
    load: () => import("./commands/accessGrant.ts"),
  },
  "access refuse": {
    summary: "refuse a request",
    examples: ["access refuse REQUEST --as maria"],
    load: () => import("./commands/accessRefuse.ts"),
  },
  "access revoke": {
    summary: "take a grant back",
    examples: ["access revoke GRANT --as maria"],
    load: () => import("./commands/accessRevoke.ts"),
  },
  "access list": {
    summary: "list requests and grants",
    examples: ["access list --as maria"],
    load: () => import("./commands/accessList.ts"),
  },
  trace: {
    summary: "find out whose a visit is, by two officers",
    examples: ['trace PID --case "police 2026/118" --by anna@general-hospital --with bo@care'],
    load: () => import("./commands/trace.ts"),
  },
  log: {
    summary: "who asked, who was allowed, who opened, and why",
    examples: [
      "log --as maria",
      "log --as maria --since 2026-01-01 --who city-hospital --kind opened,denied",
      "log --as maria --record RECORD --json",
      "log --as maria --format fhir --out log.json",
    ],
    load: () => import("./commands/log.ts"),
  },
  "proof export": {
    summary: "write a proof that a record stands on its chain",
    examples: ["proof export RECORD --as maria --out record.proof"],
    load: () => import("./commands/proofExport.ts"),
  },
  "proof check": {
    summary: "check a proof offline against a trust file",
    examples: ["proof check record.proof --trust .anamnesis/trust.json"],
    load: () => import("./commands/proofCheck.ts"),
  },
  completion: {
    summary: "write a script that completes commands in a shell",
    examples: ["completion bash", "completion fish"],
    load: () => import("./commands/completion.ts"),
  },
  bench: {
    summary: "measure against ceilings of the same run",
    examples: [
      "bench crypto",
      "bench share --plot share.svg",
      "bench ledger --slips 10000,100000 --plot ledger.svg",
    ],
    load: () => import("./commands/bench.ts"),
  },
};
