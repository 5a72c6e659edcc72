/** Rules about names, lengths and words of the tracked files. */
import { basename } from "node:path/posix";
import { finding, isCode, isTest, matches, withoutComments, type Source } from "./sources.ts";

const linesMax = 350;

/** Files that may be longer, each with the reason why it is one idea all the same. */
const longFiles: Readonly<Record<string, string>> = {};

export function lengthFindings(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    if (!isCode(path) || lines <= linesMax || Object.hasOwn(longFiles, path)) return [];
    const wanted = "split it by idea, or give its reason in tools/tidy/text.ts";
    return [finding(path, linesMax + 1, `has ${lines} lines, more than ${linesMax}; ${wanted}`)];
  });
}

export function nameFindings(sources: readonly Source[]): string[] {
  const empty = /^(?:utils?|helpers?|common|misc)$|(?:Utils?|Helpers?)$/;
  return sources.flatMap(({ path }) => {
    const parts = path.split("/").map((part) => part.replace(/(?<=.)\..*$/, ""));
    const found = parts.find((part) => empty.test(part));
    if (!isCode(path) || found === undefined) return [];
    return [finding(path, 1, `"${found}" says nothing of what is inside; name the noun`)];
  });
}

/**
 * Tests that would not run, or would keep others from running, and work left open in comments. A test may be left out where
 * an engine is missing, which `REQUIRE_ENGINES=1` turns into a failure, and behind another's failure.
 */
export function unfinishedFindings(sources: readonly Source[]): string[] {
  const inTests =
    /\b(?:test|it|describe|suite|t|context)\.(?:only|skip|todo)\b(?!\((?:"CHROMIUM IS MISSING|`left out, since))|[{,]\s*(?:only|skip|todo):\s*(?!false)/g;
  const anywhere = new RegExp(
    `\\b(?:${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`,
    "g",
  );
  return sources
    .filter(({ path }) => isCode(path))
    .flatMap(({ path, text }) => [
      ...(isTest(path) ? [...matches(withoutComments(text), inTests)] : []).map(({ line, match }) =>
        finding(
          path,
          line,
          `"${match[0].trim()}" keeps tests from running; mend or delete the test`,
        ),
      ),
      ...[...matches(text, anywhere)].map(({ line, match }) =>
        finding(
          path,
          line,
          `"${match[0]}" leaves work open; do it, or open an issue and link that`,
        ),
      ),
    ]);
}

/** What no tracked file may hold. Spelled in pieces, so that this file passes its own rule. */
const forbidden: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: new RegExp(
      `(?<![\\w.~*-])/(?:${["wo" + "rk", "ro" + "ot", "fa" + "rm", "tm" + "p"].join("|")})/`,
      "g",
    ),
    why: "is a path of one machine; wanted a path relative to the project, or os.tmpdir()",
  },
  {
    pattern: new RegExp(`/(?:ho${"me"}|Use${"rs"})/[a-z]\\w*/`, "g"),
    why: "is somebody's folder; wanted a path relative to the project",
  },
  {
    pattern: new RegExp(
      `https?://[a-z0-9.-]*(?:regis${"try"}|gopro${"xy"}|mir${"ror"})[a-z0-9-]*\\.`,
      "g",
    ),
    why: "is a package registry's host; npm's configuration names it, not the project",
  },
  {
    pattern: new RegExp(
      `\\b(?:${["clau" + "de", "anthro" + "pic", "chat" + "gpt", "open" + "ai", "copi" + "lot", "lang" + "uage model", "co-auth" + "ored-by"].join("|")})\\b`,
      "gi",
    ),
    why: "speaks of how the project was made; it speaks of itself alone",
  },
  {
    pattern: new RegExp(
      `\\b(?:${["crypto-des" + "ign", "crypto-be" + "nch", "des" + "ign (?:sections? )?D?\\d+", "health-" + "it \\d"].join("|")})`,
      "g",
    ),
    why: "names a document that is not in the repository; cite a statement of docs/spec, or say it here",
  },
];

export function wordFindings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => basename(path) !== "package-lock.json")
    .flatMap(({ path, text }) =>
      forbidden.flatMap(({ pattern, why }) =>
        [...matches(text, pattern)].map(({ line, match }) =>
          finding(path, line, `"${match[0]}" ${why}`),
        ),
      ),
    );
}
