/** A day, as people write it: `21 November 2026`, `2026年11月21日`. @param time - Unix milliseconds. */
export const formatDay = (time: number, locale: string): string =>
  new Intl.DateTimeFormat(british(locale), { dateStyle: "long" }).format(time);

/** A day with the time, where this browser is. @param time - Unix milliseconds. */
export const formatMoment = (time: number, locale: string): string =>
  new Intl.DateTimeFormat(british(locale), {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(time);

/** `14:02`. @param time - Unix milliseconds. */
export const formatTime = (time: number, locale: string): string =>
  new Intl.DateTimeFormat(british(locale), { hour: "2-digit", minute: "2-digit" }).format(time);

/** Days before months everywhere, so that nobody reads 11/12 the wrong way. */
const british = (locale: string): string => (locale === "en" ? "en-GB" : locale);

/**
 * A FHIR date or dateTime with the precision it has. The day is the one written down where it happened, whatever the
 * zone of this browser. What is no date is shown as it stands.
 */
export function formatFhirDate(text: string, locale: string): string {
  const parts = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/.exec(text);
  if (parts === null) return text;
  const [, year, month, day] = parts;
  const time = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1));
  const options: Intl.DateTimeFormatOptions = {
    year: "numeric",
    timeZone: "UTC",
    ...(month !== undefined && { month: "long" }),
    ...(day !== undefined && { day: "numeric" }),
  };
  return new Intl.DateTimeFormat(british(locale), options).format(time);
}

/** When a FHIR date began, Unix milliseconds; `undefined` for what is no date. Only for ordering. */
export function fhirTime(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** `YYYY-MM-DD` of a day here, the value of a date field. */
export function dayValue(time: number): string {
  const day = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The last millisecond of a day here; `undefined` for what is no day. @param value - `YYYY-MM-DD`. */
export function endOfDay(value: string): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (parts === null) return undefined;
  const [, year, month, day] = parts;
  const end = new Date(Number(year), Number(month) - 1, Number(day), 23, 59, 59, 999);
  return dayValue(end.getTime()) === value ? end.getTime() : undefined;
}

/** A size in bytes, in words: `12.3 kB`. */
export function formatBytes(bytes: number, locale: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: unit === 0 ? 0 : 1,
  }).format(value);
}
