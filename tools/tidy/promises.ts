/** docs/promises.md: every id once, each with a test that exists, another form with its reason, or the room to come. */
import { basename, dirname } from "node:path/posix";
import { finding, type Source, withoutComments } from "./sources.ts";

/** Where a row of the page stands. */
interface Row {
  readonly line: number;
  readonly id: string;
  readonly proof: string;
}

/** Rooms that will hold promises and do not exist yet. */
const roomsToCome = ["a gateway app", "a package of the papers' own schemes"];

/**
 * @param ranges - For each series of ids how far it goes, such as `{ I: 10 }` for I1 to I10.
 */
export function promiseFindings(
  page: Source,
  sources: readonly Source[],
  ranges: Readonly<Record<string, number>>,
): string[] {
  const rows = rowsOf(page);
  const texts = new Map(
    sources.filter((source) => isRun(source, sources)).map(({ path, text }) => [path, text]),
  );
  return [
    ...idProblems(rows, ranges).map(([line, problem]) => finding(page.path, line, problem)),
    ...rows.flatMap((row) =>
      proofProblems(row, texts).map((problem) =>
        finding(page.path, row.line, `${row.id} ${problem}`),
      ),
    ),
  ];
}

/** The rows of the page's tables, whose cells are id, promise and proof. */
function rowsOf({ text }: Source): Row[] {
  return text.split("\n").flatMap((line, index) => {
    const [, id, , proof] = /^\| (\S+) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
    return id === undefined || proof === undefined || id === "Id"
      ? []
      : [{ line: index + 1, id, proof }];
  });
}

function idProblems(
  rows: readonly Row[],
  ranges: Readonly<Record<string, number>>,
): (readonly [number, string])[] {
  const wanted = new Set(
    Object.entries(ranges).flatMap(([series, last]) =>
      Array.from({ length: last }, (_, index) => `${series}${index + 1}`),
    ),
  );
  const lines = new Map<string, number>();
  const problems: (readonly [number, string])[] = [];
  for (const { line, id } of rows) {
    if (!wanted.has(id)) problems.push([line, `${id} is no promise's id`]);
    const before = lines.get(id);
    if (before !== undefined) problems.push([line, `${id} stands in line ${before}, too`]);
    lines.set(id, line);
  }
  const missing = [...wanted].filter((id) => !lines.has(id));
  return [...problems, ...missing.map((id) => [1, `${id} is missing`] as const)];
}

function proofProblems({ proof }: Row, texts: ReadonlyMap<string, string>): string[] {
  const tests = namedTests(proof);
  const [, form] = /^\*(Partly|Other form)\*/.exec(proof) ?? [];
  const later = /\bnot yet:?(.*)$/i.exec(proof)?.[1];
  const problems = tests
    .filter(({ file, title }) => !holdsTest(texts.get(file), title))
    .map(({ file, title }) => `names a test that does not exist: ${file} "${title}"`);
  if (/\.ts`(?!,? ")/.test(proof)) problems.push("names a file of tests without a title");
  if (tests.length === 0 && form !== "Other form" && later === undefined)
    problems.push('has no test, no other form, and no "not yet"');
  if (form === "Partly" && (tests.length === 0 || later === undefined))
    problems.push("is partly kept; wanted the test, and what is not yet");
  if (form === "Other form" && !/^\*Other form\*: [^`]{30,}/.test(proof))
    problems.push("has another form; wanted the reason");
  if (form === undefined && tests.length > 0 && later !== undefined)
    problems.push('has a test and "not yet"; wanted "*Partly*" in front');
  const namesRoom = (text: string): boolean =>
    /`(?:packages|apps|tests|tools|docs)\b/.test(text) ||
    roomsToCome.some((room) => text.includes(room));
  if (later !== undefined && !namesRoom(later))
    problems.push("is not yet kept; wanted the room that will hold it");
  return problems;
}

/** Each file of a proof with every quoted title behind it. */
function namedTests(proof: string): { file: string; title: string }[] {
  return [...proof.matchAll(/`([\w./-]+\.ts)`((?:,? "[^"]+")+)/g)].flatMap(
    ([, file = "", titles = ""]) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );
}

/** Whether `npm test` runs a file's tests: itself, or through a test file beside it that imports it. */
const isRun = ({ path }: Source, sources: readonly Source[]): boolean =>
  path.endsWith(".test.ts") ||
  sources.some(
    (other) =>
      other.path.endsWith(".test.ts") &&
      dirname(other.path) === dirname(path) &&
      other.text.includes(`from "./${basename(path)}"`),
  );

/** Whether code, not a comment, calls `test` (or a context's) with this title. */
function holdsTest(source: string | undefined, title: string): boolean {
  if (source === undefined) return false;
  const text = withoutComments(source);
  for (const quote of ['"', "'", "`"]) {
    const quoted = quote + title + quote;
    for (let at = text.indexOf(quoted); at !== -1; at = text.indexOf(quoted, at + 1))
      if (/\btest\(\s*$/.test(text.slice(Math.max(0, at - 40), at))) return true;
  }
  return false;
}
