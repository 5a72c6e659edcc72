import type { Command } from "commander";
import type { CommandResult } from "./output.ts";
import type { CommandOptions } from "./options.ts";

/** One command: its options and arguments, and what it does. */
export interface CommandModule {
  define(command: Command): void;
  /** `undefined` when the command has printed for itself. */
  run(options: CommandOptions, args: readonly unknown[]): Promise<CommandResult | undefined>;
}

interface Row {
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command by its words. A module is loaded only when its command is meant, so that each starts quickly. */
export const commandTable: Readonly<Record<string, Row>> = {
  up: {
    summary: "start a whole federation and its portal",
    load: () => import("./commands/up.ts"),
  },
  demo: {
    summary: "play the whole path, attack it, and say what held",
    load: () => import("./commands/demo.ts"),
  },
  "person add": {
    summary: "enrol a patient or a doctor as an institution's registrar",
    load: () => import("./commands/personAdd.ts"),
  },
  "person accept": {
    summary: "accept a person whose key is another than before",
    load: () => import("./commands/personAccept.ts"),
  },
  "visit open": {
    summary: "open a visit and hand the doctor its token",
    load: () => import("./commands/visitOpen.ts"),
  },
  attend: {
    summary: "answer doctors who hold the contact card, until stopped",
    load: () => import("./commands/attend.ts"),
  },
  "record import": {
    summary: "write a file's records for a patient",
    load: () => import("./commands/recordImport.ts"),
  },
  "record list": {
    summary: "list the records that a person can read",
    load: () => import("./commands/recordList.ts"),
  },
  "record open": {
    summary: "open one record: its exact bytes",
    load: () => import("./commands/recordOpen.ts"),
  },
  "record confirm": {
    summary: "confirm records as the patient",
    load: () => import("./commands/recordConfirm.ts"),
  },
  "record dispute": {
    summary: "dispute a record as the patient",
    load: () => import("./commands/recordDispute.ts"),
  },
  "access request": {
    summary: "ask a patient for access",
    load: () => import("./commands/accessRequest.ts"),
  },
  "access grant": {
    summary: "grant a request, or access without one",
    load: () => import("./commands/accessGrant.ts"),
  },
  "access refuse": {
    summary: "refuse a request",
    load: () => import("./commands/accessRefuse.ts"),
  },
  "access revoke": {
    summary: "take a grant back",
    load: () => import("./commands/accessRevoke.ts"),
  },
  "access list": {
    summary: "list requests and grants",
    load: () => import("./commands/accessList.ts"),
  },
  log: {
    summary: "who asked, who was allowed, who opened, and why",
    load: () => import("./commands/log.ts"),
  },
  "proof export": {
    summary: "write a proof that a record stands on its chain",
    load: () => import("./commands/proofExport.ts"),
  },
  "proof check": {
    summary: "check a proof offline against a trust file",
    load: () => import("./commands/proofCheck.ts"),
  },
  bench: {
    summary: "measure against ceilings of the same run",
    load: () => import("./commands/bench.ts"),
  },
};
