import type { Statement } from "./model.ts";

/** Statements of one fact, and by what further ones are found to be of it. */
interface Group {
  readonly statements: Statement[];
  /** The codes that were given for it, by system. */
  readonly codes: Map<string, Set<string>>;
}

/**
 * Puts together what is said of the same fact: statements of one topic and, for what happens at a time, of one moment,
 * that share a code or the same words, and that are told apart by no code system in which both have codes. So `I63.9` and
 * `I63.5` stay two facts though both may be called a stroke, and a code of another system joins by the words alone.
 *
 * Order does not matter but for which of several equally fitting facts a statement without codes joins: the earliest.
 */
export function groupByFact(statements: readonly Statement[]): Statement[][] {
  const groups: Group[] = [];
  const byMark = new Map<string, Group[]>();
  for (const statement of statements.toSorted(codedFirst)) {
    const marks = marksOf(statement);
    const found = marks
      .flatMap((mark) => byMark.get(mark) ?? [])
      .find((group) => fits(group, statement));
    const group = found ?? { statements: [], codes: new Map<string, Set<string>>() };
    if (found === undefined) groups.push(group);
    group.statements.push(statement);
    for (const { system = "", code = "" } of statement.codings)
      group.codes.set(system, (group.codes.get(system) ?? new Set()).add(code));
    for (const mark of marks) {
      const known = byMark.get(mark) ?? [];
      if (!known.includes(group)) byMark.set(mark, [...known, group]);
    }
  }
  return groups.map((group) => group.statements);
}

/** Codes before words, so that words join what codes have settled; else by what was said, so that the order is fixed. */
function codedFirst(a: Statement, b: Statement): number {
  return (
    b.codings.length - a.codings.length ||
    compare(a.said.asOf, b.said.asOf) ||
    compare(a.said.institution, b.said.institution) ||
    compare(a.fullUrl, b.fullUrl)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function marksOf({ topic, moment = "", codings, words, fullUrl }: Statement): string[] {
  const marks = [
    ...codings.map(({ system, code }) => ["code", system, code]),
    ...words.map((text) => ["words", text]),
  ];
  const named = marks.length === 0 ? [["nameless", fullUrl]] : marks;
  return named.map((mark) => JSON.stringify([topic, moment, ...mark]));
}

function fits({ codes }: Group, { codings }: Statement): boolean {
  const own = Map.groupBy(codings, ({ system = "" }) => system);
  return [...own].every(([system, given]) => {
    const known = codes.get(system);
    return known === undefined || given.some(({ code = "" }) => known.has(code));
  });
}
