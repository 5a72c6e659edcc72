import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

const scope = "@anamnesis";

/**
 * Copies every file that git tracks or would track from `root` to the empty folder `copy`, as a git checkout of its own.
 * Other people's packages are linked, ours are the copy's.
 */
export function copyTree(root: string, copy: string): void {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const removed = execFileSync("git", ["ls-files", "-z", "--deleted"], {
    cwd: root,
    encoding: "utf8",
  });
  const gone = new Set(removed.split("\0"));
  for (const path of listed.split("\0").filter((name) => name !== "" && !gone.has(name))) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(join(root, path), join(copy, path), { verbatimSymlinks: true });
  }
  execFileSync("git", ["init", "--quiet"], { cwd: copy });
  linkPackages(root, copy);
}

function linkPackages(root: string, copy: string): void {
  const installed = join(root, "node_modules");
  mkdirSync(join(copy, "node_modules", scope), { recursive: true });
  for (const name of readdirSync(installed))
    if (name !== scope) symlinkSync(join(installed, name), join(copy, "node_modules", name));
  for (const rooms of ["packages", "apps"]) {
    for (const room of readdirSync(join(copy, rooms))) {
      const folder = join(copy, rooms, room);
      const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        name: string;
      };
      symlinkSync(folder, join(copy, "node_modules", name));
    }
  }
}
