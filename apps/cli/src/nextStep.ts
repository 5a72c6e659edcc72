import type { ErrorCode, SlipCode } from "@anamnesis/protocol";
import { commandTable } from "./commandTable.ts";
import type { CommandOptions } from "./options.ts";

/** What a person may do where a command ended with this code. Words in capitals are theirs to fill in. */
const afterCode: Partial<Record<ErrorCode | SlipCode, string>> = {
  ALREADY_RUNNING: "stop the other process, or name another --dir",
  BUSY: "the same command again in a minute",
  GRANT_EXPIRED: "anamnesis access request --as DOCTOR --for PATIENT --days 30",
  GRANT_NOT_LIVE: "anamnesis access request --as DOCTOR --for PATIENT --days 30",
  GRANT_REVOKED: "anamnesis access request --as DOCTOR --for PATIENT --days 30",
  KEY_CHANGED:
    "ask them for their fingerprint by another way, then anamnesis person accept FINGERPRINT --as NAME",
  NO_ACCESS: "anamnesis access request --as DOCTOR --for PATIENT --days 30",
  NOT_CONFIRMED: "anamnesis record confirm --all --as PATIENT",
  PATIENT_AWAY: "anamnesis attend --as PATIENT, where the patient's device is",
  PASSPHRASE_WRONG: "the same command with --passphrase-file FILE",
  REQUEST_CLOSED: "anamnesis access list --as PATIENT",
  STALE_CHAIN: "the same command again in a minute",
  TOO_FEW_PROXIES: "the same command again in a minute",
  UNAVAILABLE: "the same command again in a minute",
};

/** The next step after an error, `undefined` where its own message says it. @param args - The command line. */
export function stepAfter(code: string, args: readonly string[]): string | undefined {
  if (code === "USAGE") return ["anamnesis", ...wordsOf(args), "--help"].join(" ");
  return Object.hasOwn(afterCode, code) ? afterCode[code as keyof typeof afterCode] : undefined;
}

/** The words of the command, or of the group of commands, that a command line begins with. */
function wordsOf(args: readonly string[]): readonly string[] {
  const words = args.slice(0, 2);
  const known = Object.keys(commandTable).map((row) => `${row} `);
  while (words.length > 0 && !known.some((row) => row.startsWith(`${words.join(" ")} `)))
    words.pop();
  return words;
}

/** A command line as a shell takes it, for the same folder as this one's. */
export function commandLine(options: CommandOptions, ...words: readonly string[]): string {
  const where = options.isDirGiven ? ["--dir", options.dir] : [];
  return ["anamnesis", ...words, ...where].map(quoted).join(" ");
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
