/** The files that the rules of `tidy.test.ts` look at, and how a finding is told. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A text file: `path` from the project's folder, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** One finding, as `path:line: what is wrong; what is wanted`. Lines count from 1. */
export function finding(path: string, line: number, message: string): string {
  return `${path}:${line}: ${message}`;
}

/** Every file that git tracks or would track, without binary ones. The folder must be a git checkout. */
export function readSources(root: string): Source[] {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const sources: Source[] = [];
  for (const path of new Set(listed.split("\0"))) {
    const file = join(root, path);
    if (path === "" || !existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    if (!text.includes("\0")) sources.push({ path, text });
  }
  return sources;
}

/** Whether `path` is code that the compiler or Node reads. */
export function isCode(path: string): boolean {
  return /\.(?:ts|tsx|mjs)$/.test(path);
}

/** Tests, and what only they use: the fixtures of `packages/testing`. */
export function isTest(path: string): boolean {
  return (
    /\.test\.tsx?$/.test(path) || path.startsWith("tests/") || path.startsWith("packages/testing/")
  );
}

/** Each match of `pattern` (global) in `text`, with the number of the line where it starts. */
export function* matches(
  text: string,
  pattern: RegExp,
): Generator<{ line: number; match: RegExpExecArray }> {
  let line = 1;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    for (let i = from; i < match.index; i++) if (text[i] === "\n") line++;
    from = match.index;
    yield { line, match };
  }
}

/** `code` with its comments blanked and its lines kept, so that rules read only what runs. */
export function withoutComments(code: string): string {
  const parts =
    /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`/g;
  return code.replace(parts, (part) =>
    part.startsWith("/*") || part.startsWith("//") ? part.replace(/[^\n]/g, " ") : part,
  );
}
