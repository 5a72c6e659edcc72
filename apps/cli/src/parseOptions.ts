import { categories } from "@anamnesis/fhir/category";
import { AnamnesisError, limits, parseSlipId, purposes } from "@anamnesis/protocol";
import type { OpeningAction, Purpose } from "@anamnesis/protocol";
import type { OptionValue } from "./options.ts";

const dayMs = 24 * 3_600_000;
/** Longest that access may be asked for, or given. */
const DAYS_MAX = limits.grantLifetimeMs / dayMs;
const isoTime =
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

const usage = (message: string) => new AnamnesisError("USAGE", message);

/** `a,b` → `["a", "b"]`. @throws {AnamnesisError} USAGE */
export function parseList(text: OptionValue): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const items = String(text)
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
  if (items.length === 0) throw usage("A list is empty, want names with commas between them");
  return [...new Set(items)];
}

/** Categories with commas between them. @throws {AnamnesisError} USAGE */
export function parseCategories(text: OptionValue): readonly string[] | undefined {
  const named = parseList(text);
  const unknown = named?.find((name) => !(categories as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw usage(`'${unknown.slice(0, 80)}' is not a category, want ${categories.join(", ")}`);
  return named;
}

/** `read`, or `read,copy`; to copy includes to read. @throws {AnamnesisError} USAGE */
export function parseActions(text: OptionValue): readonly OpeningAction[] | undefined {
  const named = parseList(text);
  const unknown = named?.find((name) => name !== "read" && name !== "copy");
  if (unknown !== undefined)
    throw usage(`'${unknown.slice(0, 80)}' is not an action, want read or read,copy`);
  return named === undefined ? undefined : named.includes("copy") ? ["read", "copy"] : ["read"];
}

/** Record ids with commas between them. @throws {AnamnesisError} USAGE */
export function parseRecords(text: OptionValue): readonly string[] | undefined {
  return parseList(text)?.map((id) => parseRecordId(id));
}

/** A record's id, or with `@n` one of its versions. @throws {AnamnesisError} USAGE */
export function parseRecordId(text: string): string {
  try {
    const [id = "", version, ...rest] = text.split("@");
    parseSlipId(id);
    if (rest.length === 0 && (version === undefined || /^[1-9]\d{0,8}$/.test(version))) return text;
  } catch {
    // Said below.
  }
  throw usage(
    `'${text.slice(0, 80)}' is not a record id: want 64 lower-case hex digits, and @n for an older version`,
  );
}

/** A request's or grant's id. @throws {AnamnesisError} USAGE */
export function parseId(text: string, what: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw usage(`'${text.slice(0, 80)}' is not a ${what}'s id: want 64 lower-case hex digits`);
}

/** @throws {AnamnesisError} USAGE */
export function parsePurpose(text: OptionValue): Purpose | undefined {
  if (text === undefined) return undefined;
  const found = purposes.find((purpose) => purpose === text);
  if (found === undefined)
    throw usage(`Purpose '${String(text)}' is not known, want one of ${purposes.join(", ")}`);
  return found;
}

/**
 * When something ends, Unix milliseconds: `--days N` from now, or `--until` a date (its first moment, UTC) or a time with
 * its zone.
 *
 * @throws {AnamnesisError} USAGE
 */
export function parseEnd(
  options: { readonly days?: OptionValue; readonly until?: OptionValue },
  now: number,
): number | undefined {
  const { days, until } = options;
  if (days !== undefined && until !== undefined)
    throw usage("Both --days and --until are given, want one of them");
  if (days !== undefined) {
    const count = Number(days);
    if (!/^\d+(?:\.\d+)?$/.test(String(days)) || count <= 0 || count > DAYS_MAX)
      throw usage(
        `'${String(days)}' is not a number of days, want more than 0 and at most ${DAYS_MAX}`,
      );
    return now + Math.round(count * dayMs);
  }
  const time = parseTime(until, "first");
  if (time !== undefined && time <= now)
    throw usage(`'${String(until)}' lies in the past, want a later time`);
  if (time !== undefined && time > now + limits.grantLifetimeMs)
    throw usage(`'${String(until)}' is too far ahead, want at most ${DAYS_MAX} days from now`);
  return time;
}

/**
 * A date or a time with its zone, Unix milliseconds.
 *
 * @param moment - Of a date (UTC): its first moment, or the first one after it.
 * @throws {AnamnesisError} USAGE
 */
export function parseTime(said: OptionValue, moment: "first" | "after"): number | undefined {
  if (said === undefined) return undefined;
  const text = String(said);
  const time = isoTime.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || !isDay(text.slice(0, 10)))
    throw usage(
      `'${text.slice(0, 80)}' is not an ISO 8601 time, want for example 2031-05-01T12:00:00Z`,
    );
  return moment === "after" && text.length === 10 ? time + dayMs : time;
}

/** Whether the calendar has this day: `Date.parse` takes 30 February for 2 March. */
const isDay = (date: string): boolean =>
  new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
