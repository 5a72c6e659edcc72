/** Numbered statements of docs/spec: each number once, and what cites one cites one that there is. */
import { finding, matches, type Source } from "./sources.ts";

const SPEC = "docs/spec/";
const statement = /^(?:- |\| )\*\*([A-Z]{1,2}-\d+[a-z]?)\*\*/gm;

export function statementFindings(sources: readonly Source[]): string[] {
  const findings: string[] = [];
  const known = new Set<string>();
  for (const { path, text } of sources.filter((source) => source.path.startsWith(SPEC))) {
    for (const { line, match } of matches(text, statement)) {
      const number = match[1]!;
      if (known.has(number)) findings.push(finding(path, line, `states ${number} a second time`));
      known.add(number);
    }
  }
  const letters = [...new Set([...known].map((number) => number.split("-")[0]))];
  const cited = new RegExp(`\\bdocs/spec/\\w+\\.md ((?:${letters.join("|")})-\\d+[a-z]?)\\b`, "g");
  for (const { path, text } of sources.filter((source) => !isMadeToBreak(source.path))) {
    for (const { line, match } of matches(text, cited)) {
      if (known.has(match[1]!)) continue;
      findings.push(finding(path, line, `cites ${match[1]}, which no page states`));
    }
  }
  return findings;
}

/** The recipe's slip kind cites the statement that it adds, and the rules' own test what there is not. */
const isMadeToBreak = (path: string): boolean =>
  path.startsWith("tools/recipe/") || path === "tools/statements.test.ts";

/** Bounds that the page of limits leaves out, or names though code has none. */
export function limitFindings(page: Source, names: readonly string[]): string[] {
  const named = new Map<string, number>();
  for (const { line, match } of matches(page.text, /\[((?:`\w+`(?:, )?)+)\]/g))
    for (const [, name] of match[1]!.matchAll(/`(\w+)`/g)) named.set(name!, line);
  return [
    ...names
      .filter((name) => !named.has(name))
      .map((name) => finding(page.path, 1, `leaves out ${name}`)),
    ...[...named]
      .filter(([name]) => !names.includes(name))
      .map(([name, line]) => finding(page.path, line, `names ${name}, which no code has`)),
  ];
}
