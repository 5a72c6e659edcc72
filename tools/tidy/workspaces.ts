/** The workspaces' manifests, and where an import leads. */
import { posix } from "node:path";
import { isCode, withoutComments, type Source } from "./sources.ts";

/** A target in `exports` or `imports`: a file, or one for each condition. */
type Target = string | { readonly [condition: string]: Target };

export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, Target>>;
  readonly imports?: Readonly<Record<string, Target>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A workspace, or the root, whose folder is "". */
export interface Workspace {
  readonly folder: string;
  readonly manifest: Manifest;
}

export function readWorkspaces(sources: readonly Source[]): Workspace[] {
  return sources
    .filter(({ path }) => /^(?:(?:packages|apps)\/[^/]+\/)?package\.json$/.test(path))
    .map(({ path, text }) => ({
      folder: path.slice(0, -"/package.json".length),
      manifest: JSON.parse(text) as Manifest,
    }));
}

/** The workspace that holds `path`; the root for tools and whole-system tests. */
export function workspaceOf(path: string, workspaces: readonly Workspace[]): Workspace {
  const found =
    workspaces.find(({ folder }) => folder !== "" && path.startsWith(`${folder}/`)) ??
    workspaces.find(({ folder }) => folder === "");
  if (found === undefined) throw new Error("The root package.json is missing");
  return found;
}

export interface Import {
  /** What stands in quotes. */
  readonly specifier: string;
  readonly line: number;
}

const importPatterns = [
  /^[ \t]*(?:import|export)\b[^;'"`]*?\bfrom\s*["']([^"']+)["']/gm,
  /^[ \t]*import\s*["']([^"']+)["']/gm,
  /\bimport\(\s*["']([^"']+)["']/g,
];

/** Every import of a file: static, re-exported, for side effects, dynamic; of types too. */
export function importsOf(source: Source): Import[] {
  if (!isCode(source.path)) return [];
  const code = withoutComments(source.text);
  return importPatterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => ({
      specifier: match[1] ?? "",
      line: code.slice(0, match.index + match[0].length).split("\n").length,
    })),
  );
}

/** The package that `specifier` names; `undefined` for a file, a `#` import or a module of Node. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:[./#]|node:)/.test(specifier)) return undefined;
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

/** Our files that an import from `path` can lead to; all conditions count. Empty for other people's packages. */
export function resolveImport(
  path: string,
  specifier: string,
  workspaces: readonly Workspace[],
): string[] {
  if (specifier.startsWith(".")) return [posix.join(posix.dirname(path), specifier)];
  if (specifier.startsWith("#")) {
    const { folder, manifest } = workspaceOf(path, workspaces);
    return files(folder, manifest.imports?.[specifier]);
  }
  const name = packageOf(specifier);
  const target = workspaces.find(({ manifest }) => manifest.name === name);
  if (target === undefined || name === undefined) return [];
  return exported(target, `.${specifier.slice(name.length)}`);
}

/** What an entry of `exports` leads to; `*` in one stands for any path. */
function exported({ folder, manifest: { exports = {} } }: Workspace, entry: string): string[] {
  if (exports[entry] !== undefined) return files(folder, exports[entry]);
  for (const [pattern, target] of Object.entries(exports)) {
    const [before = "", after] = pattern.split("*");
    if (after === undefined || !entry.startsWith(before) || !entry.endsWith(after)) continue;
    const part = entry.slice(before.length, entry.length - after.length);
    return files(folder, target).map((file) => file.replace("*", part));
  }
  return [];
}

function files(folder: string, target: Target | undefined): string[] {
  if (target === undefined) return [];
  if (typeof target === "string") return [posix.join(folder, target)];
  return Object.values(target).flatMap((inner) => files(folder, inner));
}
