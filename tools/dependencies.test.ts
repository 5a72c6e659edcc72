import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { testFiles } from "./checks.mjs";
import { findChromium } from "./chromium.mjs";
import { missingDependency } from "./dependencies.mjs";
import { isPortalStale } from "./portalBuild.mjs";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "tools-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("missingDependency() compares what is locked with what is installed", (t) => {
  const root = temporaryFolder(t);
  const write = (file: string, packages: object): void =>
    writeFileSync(join(root, file), JSON.stringify({ packages }));
  const a = { version: "1.0.0", integrity: "sha512-a" };

  assert.match(missingDependency(root) ?? "", /package-lock\.json cannot be read/);
  write("package-lock.json", {
    "": {},
    "node_modules/a": a,
    "node_modules/other-platform": { version: "1.0.0", optional: true },
  });
  assert.match(missingDependency(root) ?? "", /nothing is installed/);

  mkdirSync(join(root, "node_modules"));
  const rows = [
    { installed: {}, want: /node_modules\/a is not installed/ },
    {
      installed: { "node_modules/a": { ...a, version: "0.9.0" } },
      want: /0\.9\.0, wanted 1\.0\.0/,
    },
    { installed: { "node_modules/a": { ...a, integrity: "sha512-b" } }, want: /wanted 1\.0\.0/ },
    { installed: { "node_modules/a": a }, want: /^$/ },
  ];
  for (const { installed, want } of rows) {
    write("node_modules/.package-lock.json", installed);
    assert.match(missingDependency(root) ?? "", want);
  }
});

test("findChromium() takes CHROMIUM_PATH, else the first on the PATH", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "chromium");
  writeFileSync(path, "", { mode: 0o755 });
  writeFileSync(join(folder, "not-executable"), "", { mode: 0o644 });
  assert.equal(findChromium({ PATH: folder }), path);
  assert.equal(findChromium({ PATH: "", CHROMIUM_PATH: path }), path);
  assert.equal(
    findChromium({ PATH: folder, CHROMIUM_PATH: join(folder, "not-executable") }),
    undefined,
  );
});

test("isPortalStale() says when a source is newer than the bundle", (t) => {
  const root = temporaryFolder(t);
  assert.equal(isPortalStale(root), false, "no portal");
  for (const folder of ["apps/web/src", "apps/web/dist", "packages/client/src"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const write = (file: string, seconds: number): void => {
    writeFileSync(join(root, file), "");
    utimesSync(join(root, file), seconds, seconds);
  };
  write("package-lock.json", 100);
  write("apps/web/vite.config.ts", 100);
  write("packages/client/src/a.ts", 100);
  assert.equal(isPortalStale(root), true, "no bundle");
  write("apps/web/dist/index.html", 200);
  assert.equal(isPortalStale(root), false, "bundle newer");
  write("packages/client/src/a.test.ts", 300);
  assert.equal(isPortalStale(root), false, "only a test newer");
  write("packages/client/src/a.ts", 300);
  assert.equal(isPortalStale(root), true, "source newer");
});

test("testFiles() finds tests in every room and keeps those whose path contains a part", (t) => {
  const root = temporaryFolder(t);
  const files = [
    "packages/a/src/b.test.ts",
    "apps/c/src/d.test.ts",
    "tests/e2e/e.test.ts",
    "tools/f.test.ts",
  ];
  for (const file of [...files, "packages/a/src/b.ts", "apps/c/node_modules/g/h.test.ts"]) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  assert.deepEqual(testFiles([], root), files.toSorted());
  assert.deepEqual(testFiles(["./packages/a", "e2e"], root), [files[0], files[2]]);
  assert.deepEqual(testFiles(["nowhere"], root), []);
});
