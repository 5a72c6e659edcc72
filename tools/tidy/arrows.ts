/** Which room may import which, and that servers cannot reach what opens records. */
import { posix } from "node:path";
import { isCode, isTest, finding, type Source } from "./sources.ts";
import {
  importsOf,
  packageOf,
  resolveImport,
  workspaceOf,
  type Import,
  type Manifest,
  type Workspace,
} from "./workspaces.ts";

const scope = "@anamnesis/";
const server = [
  "server",
  "http",
  "ledger",
  "protocol",
  "crypto/verify",
  "crypto/sign",
  "crypto/box",
];

/**
 * What the code of a workspace may import of ours: a package with all its entries, or one entry of it.
 * Rows point up only: a room imports rooms above it.
 */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  "packages/crypto": [],
  "packages/protocol": ["crypto/verify"],
  "packages/fhir": [],
  "packages/ledger": ["protocol", "crypto/verify"],
  "packages/http": ["protocol", "crypto/verify"],
  "packages/server": ["http", "protocol", "crypto/verify"],
  "packages/client": ["http", "protocol", "crypto", "fhir"],
  "packages/published": ["crypto"],
  "apps/node": server,
  "apps/proxy": [...server.filter((entry) => entry !== "ledger"), "crypto/proxy"],
  "apps/registry": server.filter((entry) => entry !== "ledger"),
  "apps/vault": server.filter((entry) => entry !== "ledger"),
  "apps/gateway": ["client", "protocol", "crypto", "fhir"],
  "apps/web": ["client", "http", "protocol", "crypto", "fhir"],
  "apps/host": ["client", "http", "protocol", "crypto", "fhir"],
  "apps/cli": ["client", "protocol", "crypto", "fhir"],
};

const serverFolders = [
  "packages/http",
  "packages/server",
  "apps/node",
  "apps/proxy",
  "apps/registry",
  "apps/vault",
];

/** Files with which a process could open a record or act as a patient; no server may load them, by whatever way. */
export const openingFiles: readonly string[] = [
  "open.ts",
  "patientKeys.ts",
  "grant/dealGrant.ts",
  "grant/readerGrant.ts",

  "kem/seedKeys.ts",
  "record/contentKey.ts",
  "record/openBody.ts",
].map((file) => `packages/crypto/src/${file}`);

/** Imports that break the arrows or leave a workspace by a relative path, and packages missing in its manifest. */
export function importFindings(
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): string[] {
  return sources
    .filter(({ path }) => isCode(path))
    .flatMap((source) => {
      const workspace = workspaceOf(source.path, workspaces);
      return importsOf(source).flatMap((found) => {
        const problem =
          arrowProblem(source, found, workspace) ??
          manifestProblem(source, found, workspace, workspaces);
        return problem === undefined ? [] : [finding(source.path, found.line, problem)];
      });
    });
}

function arrowProblem(
  source: Source,
  { specifier }: Import,
  workspace: Workspace,
): string | undefined {
  const { folder } = workspace;
  if (isEverywhere(folder)) return undefined;
  if (specifier.startsWith(".")) {
    const [target = ""] = resolveImport(source.path, specifier, []);
    if (target.startsWith(`${folder}/`) || target.startsWith("tools/")) return undefined;
    if (isTest(source.path) && target.startsWith("tests/vectors/")) return undefined;
    return `imports "${specifier}" outside ${folder}; wanted the other workspace's package name`;
  }
  if (!specifier.startsWith(scope) || packageOf(specifier) === workspace.manifest.name)
    return undefined;
  const entry = specifier.slice(scope.length);
  const [room = ""] = entry.split("/");
  if (room === "testing" && !isTest(source.path))
    return `imports "${specifier}"; only tests may import packages/testing`;
  const allowed = arrows[folder];
  if (allowed === undefined) return `${folder} has no row in tools/tidy/arrows.ts; wanted one`;
  if (allowed.includes(entry) || allowed.includes(room)) return undefined;
  if (isTest(source.path) && !Object.hasOwn(arrows, `apps/${room}`)) return undefined;
  return `imports "${specifier}"; ${folder} may import of ours only ${allowed.join(", ") || "nothing"}`;
}

/** Tools, whole-system tests and the fixtures of `packages/testing` look into every room. */
const isEverywhere = (folder: string): boolean => folder === "" || folder === "packages/testing";

function manifestProblem(
  source: Source,
  { specifier }: Import,
  workspace: Workspace,
  workspaces: readonly Workspace[],
): string | undefined {
  if (specifier.startsWith("#")) {
    if (resolveImport(source.path, specifier, workspaces).length > 0) return undefined;
    return `imports "${specifier}", which its package.json does not map under imports`;
  }
  const name = packageOf(specifier);
  if (name === undefined || name === workspace.manifest.name) return undefined;
  const isTooling = isTest(source.path) || source.path.endsWith("/vite.config.ts");
  // npm links every workspace at the root, where whole-system tests find them all.
  if (name.startsWith(scope) && (isTooling || workspace.folder === "")) return undefined;
  const declaring = workspaces.filter(
    ({ folder }) =>
      folder === workspace.folder || workspace.folder === "" || (isTooling && folder === ""),
  );
  if (declaring.some(({ manifest }) => declares(manifest, name))) return undefined;
  return `imports "${name}", which ${posix.join(workspace.folder, "package.json")} does not declare`;
}

const declares = ({ dependencies, devDependencies }: Manifest, name: string): boolean =>
  dependencies?.[name] !== undefined || devDependencies?.[name] !== undefined;

/** Server code from which a chain of imports leads to what opens records. Tests of servers are not servers. */
export function openingFindings(
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const isServer = ({ path }: Source): boolean =>
    isCode(path) && !isTest(path) && serverFolders.some((folder) => path.startsWith(`${folder}/`));
  return sources.filter(isServer).flatMap((start) => {
    const chain = chainToOpening(start, byPath, workspaces);
    if (chain === undefined) return [];
    return [
      finding(
        start.path,
        1,
        `a server must not be able to open records, but imports ${chain.join(" → ")}`,
      ),
    ];
  });
}

/** The shortest chain of files from `start` to an opening file. */
function chainToOpening(
  start: Source,
  byPath: ReadonlyMap<string, Source>,
  workspaces: readonly Workspace[],
): string[] | undefined {
  const queue: { source: Source; chain: string[] }[] = [{ source: start, chain: [] }];
  const seen = new Set([start.path]);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const { specifier } of importsOf(next.source)) {
      for (const target of resolveImport(next.source.path, specifier, workspaces)) {
        const chain = [...next.chain, target];
        if (openingFiles.includes(target)) return chain;
        const source = byPath.get(target);
        if (source === undefined || seen.has(target)) continue;
        seen.add(target);
        queue.push({ source, chain });
      }
    }
  }
  return undefined;
}
