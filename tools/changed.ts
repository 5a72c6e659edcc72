/**
 * Which test files a change concerns: those from which a chain of imports, or of file names in quotes, leads to a changed
 * file. As a program it prints them as JSON; its argument is the revision to compare with.
 */
import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import { argv } from "node:process";
import { projectRoot } from "./pinnedNode.mjs";
import { isCode, readSources, withoutComments, type Source } from "./tidy/sources.ts";
import { importsOf, readWorkspaces, resolveImport, type Workspace } from "./tidy/workspaces.ts";

export interface Concerned {
  /** Changed tests, those that use a changed file themselves, and those in its folder that it reaches. */
  readonly near: readonly string[];
  /** Those that a change reaches through other files. */
  readonly far: readonly string[];
  /** Tests of the whole system that a change reaches; they take minutes. */
  readonly leftOut: readonly string[];
}

/** Paths from `root` of files that differ from `revision`, deleted and untracked ones too. @throws if git knows none. */
export function changedFiles(root: string, revision: string): string[] {
  const git = (...args: string[]): string[] =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
      .split("\0")
      .filter((path) => path !== "");
  return [
    ...git("diff", "--name-only", "--no-renames", "--relative", "-z", revision, "--"),
    ...git("ls-files", "--others", "--exclude-standard", "-z"),
  ].toSorted();
}

/** The tests that `changed` concerns; `tools/tidy.test.ts`, which reads every file, is always one of them. */
export function concernedTests(
  changed: readonly string[],
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): Concerned {
  if (changed.length === 0) return { near: [], far: [], leftOut: [] };
  const users = usersOf(sources, workspaces);
  const steps = new Map([...changed, "tools/tidy.test.ts"].map((path) => [path, 0]));
  for (const [path, step] of steps) {
    for (const user of users.get(path) ?? []) if (!steps.has(user)) steps.set(user, step + 1);
  }
  const known = new Set(sources.map(({ path }) => path));
  const tests = [...steps].filter(([path]) => path.endsWith(".test.ts") && known.has(path));
  const isWholeSystem = ([path, step]: readonly [string, number]): boolean =>
    step > 0 && /^tests\/(?:e2e|simulation)\//.test(path);
  const folders = new Set(changed.map((path) => posix.dirname(path)));
  const isNear = ([path, step]: readonly [string, number]): boolean =>
    step <= 1 || folders.has(posix.dirname(path));
  const paths = (isWanted: (test: readonly [string, number]) => boolean): string[] =>
    tests.filter(isWanted).map(([path]) => path);
  return {
    near: paths((test) => !isWholeSystem(test) && isNear(test)),
    far: paths((test) => !isWholeSystem(test) && !isNear(test)),
    leftOut: paths(isWholeSystem),
  };
}

/** For each path the files that import it or name it. A room's files use its manifest, all files the root's and the lock. */
function usersOf(
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): Map<string, Set<string>> {
  const known = new Set(sources.map(({ path }) => path));
  const users = new Map<string, Set<string>>();
  const add = (used: string, user: string): void => {
    const all = users.get(used) ?? new Set();
    users.set(used, all.add(user));
  };
  for (const source of sources.filter(({ path }) => isCode(path))) {
    for (const { specifier } of importsOf(source))
      for (const target of resolveImport(source.path, specifier, workspaces))
        add(target, source.path);
    for (const named of namedFiles(source, known)) add(named, source.path);
    for (const { folder } of workspaces)
      if (folder === "" || source.path.startsWith(`${folder}/`))
        add(posix.join(folder, "package.json"), source.path);
    add("package-lock.json", source.path);
  }
  return users;
}

/** Known files whose path stands in quotes, from the file's own folder or from the project's. */
function namedFiles({ path, text }: Source, known: ReadonlySet<string>): string[] {
  return [...withoutComments(text).matchAll(/["'`]([\w./-]+\.[a-z]+)["'`]/g)].flatMap(
    ([, name = ""]) =>
      [posix.join(posix.dirname(path), name), posix.normalize(name)].filter((file) =>
        known.has(file),
      ),
  );
}

if (argv[1] === import.meta.filename) {
  const sources = readSources(projectRoot);
  const changed = changedFiles(projectRoot, argv[2] ?? "HEAD");
  console.log(JSON.stringify(concernedTests(changed, sources, readWorkspaces(sources))));
}
