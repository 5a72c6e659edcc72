import { namesAgree } from "./personNames.ts";
import type { Subject, SubjectIdentifier } from "./subject.ts";

/** `differs` is a difference that does not by itself speak of two people. */
export type PointVerdict = "agreement" | "noEvidence" | "differs" | "conflict";

/** One thing that a file and what is known say of a person. */
export interface SubjectPoint {
  readonly field: "identifier" | "name" | "birthDate" | "sex";
  /** As written; `undefined` where the file does not say. */
  readonly file: string | undefined;
  readonly known: string | undefined;
  readonly verdict: PointVerdict;
}

export interface SubjectComparison {
  readonly verdict: "agreement" | "noEvidence" | "conflict";
  readonly points: readonly SubjectPoint[];
}

/**
 * Whether a file is about the person that it is to be kept for. `known` holds what each source says: a visit token, an
 * attested identifier, earlier imports.
 *
 * - An identifier agrees where one value of a system is the same on both sides (spaces, dashes and case do not count). It
 *   conflicts where both name a system and no value is the same, unless its type says that it numbers accounts, visits,
 *   orders or specimens, of which one person has many. Different systems, or none, say nothing.
 * - A birth date that the other does not continue conflicts: `1974` and `1974-12-25` agree, `1974` and `1975` do not.
 * - A name that agrees with none conflicts, unless an identifier agrees: people marry. Names in different scripts say nothing.
 * - Male beside female conflicts, unless an identifier agrees; `other` and `unknown` say nothing.
 * - Absent is no evidence.
 *
 * One conflict is a conflict. Agreement takes an identifier, or a name together with a full birth date; anything less is
 * no evidence.
 *
 * Spec: docs/spec/fhir.md F-2 to F-6.
 */
export function compareSubjects(
  file: Subject | undefined,
  known: readonly Subject[],
): SubjectComparison {
  const identifiers = identifierPoints(
    file?.identifiers ?? [],
    known.flatMap((one) => one.identifiers),
  );
  const sure = identifiers.some(({ verdict }) => verdict === "agreement");
  const name = namePoint(
    file?.names ?? [],
    known.flatMap(({ names }) => names),
    sure,
  );
  const birthDates = known.flatMap(({ birthDate }) => birthDate ?? []);
  const sexes = known.flatMap(({ sex }) => sex ?? []);
  const points = [
    ...identifiers,
    name,
    worstOf(birthDates, (date) => birthDatePoint(file?.birthDate, date)),
    worstOf(sexes, (sex) => sexPoint(file?.sex, sex, sure)),
  ].filter((point) => point.file !== undefined || point.known !== undefined);
  return { verdict: verdictOf(points), points };
}

function verdictOf(points: readonly SubjectPoint[]): SubjectComparison["verdict"] {
  const agrees = (field: SubjectPoint["field"]): SubjectPoint | undefined =>
    points.find((point) => point.field === field && point.verdict === "agreement");
  if (points.some(({ verdict }) => verdict === "conflict")) return "conflict";
  if (agrees("identifier") !== undefined) return "agreement";
  const date = agrees("birthDate");
  const full = date?.file?.length === FULL_DATE && date.known?.length === FULL_DATE;
  return full && agrees("name") !== undefined ? "agreement" : "noEvidence";
}

const FULL_DATE = "YYYY-MM-DD".length;

/** The gravest of what one statement of the file is beside each known one. */
function worstOf(
  known: readonly string[],
  pointFor: (known: string | undefined) => SubjectPoint,
): SubjectPoint {
  const points = (known.length === 0 ? [undefined] : known).map(pointFor);
  const order: readonly PointVerdict[] = ["conflict", "differs", "agreement", "noEvidence"];
  return points.toSorted(
    (a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict),
  )[0] as SubjectPoint;
}

function birthDatePoint(file: string | undefined, known: string | undefined): SubjectPoint {
  const verdict =
    file === undefined || known === undefined
      ? "noEvidence"
      : file.startsWith(known) || known.startsWith(file)
        ? "agreement"
        : "conflict";
  return { field: "birthDate", file, known, verdict };
}

const TWO_SEXES: ReadonlySet<string | undefined> = new Set(["male", "female"]);

function sexPoint(
  file: string | undefined,
  known: string | undefined,
  sure: boolean,
): SubjectPoint {
  const point = { field: "sex", file, known } as const;
  if (file === undefined || known === undefined) return { ...point, verdict: "noEvidence" };
  if (file === known) return { ...point, verdict: file === "unknown" ? "noEvidence" : "agreement" };
  if (!TWO_SEXES.has(file) || !TWO_SEXES.has(known)) return { ...point, verdict: "noEvidence" };
  return { ...point, verdict: sure ? "differs" : "conflict" };
}

function namePoint(file: readonly string[], known: readonly string[], sure: boolean): SubjectPoint {
  const point = { field: "name", file: file[0], known: known[0] } as const;
  let differ = false;
  for (const one of file) {
    for (const other of known) {
      const agree = namesAgree(one, other);
      if (agree === true) return { field: "name", file: one, known: other, verdict: "agreement" };
      differ ||= agree === false;
    }
  }
  if (!differ) return { ...point, verdict: "noEvidence" };
  return { ...point, verdict: sure ? "differs" : "conflict" };
}

/** HL7 table 0203: numbers of accounts, visits, orders, specimens and claims; one person has many of each. */
const NOT_THE_PERSON: ReadonlySet<string> = new Set(
  "AN ANC VN ACSN PLAC FILL FGN PGN BC RI USID OBI SNBSN SID PLACER AM EN".split(" "),
);

function identifierPoints(
  file: readonly SubjectIdentifier[],
  known: readonly SubjectIdentifier[],
): SubjectPoint[] {
  const [ours, theirs] = [bySystem(file), bySystem(known)];
  const points: SubjectPoint[] = [];
  for (const [system, values] of ours) {
    const others = theirs.get(system);
    if (others === undefined) continue;
    const [first, other] = [values[0] as SubjectIdentifier, others[0] as SubjectIdentifier];
    const same = values.find((one) => others.some((two) => plain(one.value) === plain(two.value)));
    const point = { field: "identifier", file: (same ?? first).value, known: other.value } as const;
    const many = [...values, ...others].some(({ type }) => NOT_THE_PERSON.has(type ?? ""));
    if (same !== undefined) points.push({ ...point, known: same.value, verdict: "agreement" });
    else points.push({ ...point, verdict: many ? "noEvidence" : "conflict" });
  }
  if (points.length > 0) return points;
  const [mine, yours] = [file[0]?.value, known[0]?.value];
  return [{ field: "identifier", file: mine, known: yours, verdict: "noEvidence" }];
}

function bySystem(
  identifiers: readonly SubjectIdentifier[],
): Map<string, readonly SubjectIdentifier[]> {
  const named = identifiers.filter(({ system }) => (system?.trim() ?? "") !== "");
  return Map.groupBy(named, ({ system }) => plainSystem(system ?? ""));
}

/** OIDs are URNs of any case; a trailing slash of a URL says nothing. */
const plainSystem = (system: string): string =>
  /^urn:/i.test(system.trim()) ? system.trim().toLowerCase() : system.trim().replace(/\/$/, "");

const plain = (value: string): string =>
  value
    .normalize("NFKC")
    .replace(/[\s\-‐‑–.]/gu, "")
    .toUpperCase();
