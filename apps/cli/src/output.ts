import { AnamnesisError, errorBody, errorCodes, slipCodes } from "@anamnesis/protocol";
import type { ErrorCode, SlipCode } from "@anamnesis/protocol";
import type { CommanderError } from "commander";

/** What a command answers: one object for `--json`, lines for people. */
export interface CommandResult {
  readonly json: object;
  readonly lines: readonly string[];
  /** A command that a person is likely to want now, see {@link commandLine}. Not under `--json`. */
  readonly next?: string;
  /** For commands whose answer itself says that something failed (`demo`, `proof check`). */
  readonly exitCode?: number;
}

/**
 * A line as a terminal may show it. Names and reasons are other people's words: control characters in them could move
 * the cursor, change what is copied, or turn the reading direction.
 */
export const printable = (line: string): string =>
  line.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");

/** Prints one answer, and waits until it is written. */
export async function printResult(result: CommandResult, json: boolean): Promise<void> {
  const text = json ? JSON.stringify(result.json) : result.lines.map(printable).join("\n");
  if (text !== "") await printExactly(`${text}\n`);
  if (!json && result.next !== undefined) process.stderr.write(`${nextLine(result.next)}\n`);
}

/** For people, on standard error, so that what is piped on is the answer alone. */
const nextLine = (step: string): string => printable(`Next: ${step}`);

/** One line for people on standard error: what long work is doing now. Silent under `--json`. */
export function progress(json: boolean | undefined): (text: string) => void {
  return (text) => {
    if (json !== true) process.stderr.write(`${text}\n`);
  };
}

/** What must not go unnoticed while a command runs on: one line on standard error, in JSON under `--json`. */
export function warnings(json: boolean | undefined): (text: string) => void {
  return (text) => {
    process.stderr.write(
      json === true ? `${JSON.stringify({ warning: { message: text } })}\n` : `WARNING: ${text}\n`,
    );
  };
}

/** Prints a text as it is, and waits until it is written. */
export const printExactly = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
  });

/**
 * A mistake in the command line, in the same form as every other error.
 *
 * @param meant - The command that an unknown first word is likely to mean.
 */
export function usageError(error: CommanderError, meant?: string): AnamnesisError {
  const said = error.message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?")
    .replace(/\n.*/s, "");
  const text =
    said === "" || said === "(outputHelp)"
      ? "No command was named; --help lists them"
      : error.code === "commander.unknownCommand" && meant !== undefined
        ? `${said.replace(/; did you mean .*/, "")}; did you mean ${meant}?`
        : said;
  return new AnamnesisError("USAGE", `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`);
}

interface Described {
  readonly code: string;
  readonly message: string;
}

/**
 * Prints an error's code and message on standard error, and for people the step after it: never a stack trace.
 *
 * @param stepAfter - What to do next, by the error's code.
 */
export function printError(
  error: unknown,
  json: boolean,
  stepAfter: (code: string) => string | undefined,
): void {
  const { code, message } = describe(error);
  const step = stepAfter(code);
  const text = json
    ? JSON.stringify(errorBody(code, message))
    : [printable(`${code}: ${message}`), ...(step === undefined ? [] : [nextLine(step)])].join(
        "\n",
      );
  process.stderr.write(`${text}\n`);
  if (process.env["ANAMNESIS_DEBUG"] !== undefined && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ""}\n`);
  }
}

const systemCodes: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is not a folder",
};

/** Code and message of any error, as a person is shown it; `INTERNAL` for what nobody foresaw. */
export function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { code: "INTERNAL", message: "Something failed inside" };
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string")
    return { code: "INTERNAL", message: `Something failed inside: ${error.message}` };
  const system = systemCodes[code];
  if (system !== undefined) {
    const path = (error as NodeJS.ErrnoException).path ?? "a file";
    return { code: "FILE_UNREADABLE", message: `Cannot use ${path}: ${system}` };
  }
  if (code === "ENOSPC") return { code: "STORAGE_FULL", message: "The disk is full" };
  if (/^[A-Z][A-Z0-9_]+$/.test(code) && !code.startsWith("ERR_"))
    return { code, message: error.message };
  return { code: "INTERNAL", message: `Something failed inside: ${error.message}` };
}

/** Slips that a chain refuses because the signer may not, or may not any more. */
const notAllowed: ReadonlySet<string> = new Set<SlipCode>([
  "NOT_AUTHORISED",
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_NOT_YET_VALID",
  "CERTIFICATE_REVOKED",
  "CERTIFICATE_UNKNOWN",
  "GRANT_EXPIRED",
  "GRANT_REVOKED",
  "GRANT_UNKNOWN",
  "WRONG_INSTITUTION",
]);

/**
 * The exit code of docs/operating/cli.md: that of the error's code; a refused slip is 5, or 4 when it was not allowed;
 * a file that is no record is 2.
 */
export function exitCodeOf(error: unknown): number {
  const { code } = describe(error);
  if (Object.hasOwn(errorCodes, code)) return errorCodes[code as ErrorCode].exit;
  if (Object.hasOwn(slipCodes, code)) return notAllowed.has(code) ? 4 : 5;
  return error instanceof Error && error.name === "FhirError" ? 2 : 5;
}
