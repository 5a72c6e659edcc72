import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { changedFiles, concernedTests } from "./changed.ts";
import { projectRoot } from "./pinnedNode.mjs";
import { readSources, type Source } from "./tidy/sources.ts";
import { readWorkspaces } from "./tidy/workspaces.ts";

const manifest = (folder: string, exports: object): Source => ({
  path: join(folder, "package.json"),
  text: JSON.stringify({ name: `@anamnesis/${folder.replace(/^.*\//, "")}`, exports }),
});

/** Room `low`, room `high` that imports it, and whole-system tests of both. */
const tree: readonly Source[] = [
  manifest("", {}),
  manifest("packages/low", { ".": "./src/index.ts" }),
  manifest("packages/high", { ".": "./src/index.ts" }),
  { path: "packages/low/src/index.ts", text: 'export * from "./deep.ts";' },
  { path: "packages/low/src/deep.ts", text: "export const deep = 1;" },
  { path: "packages/low/src/deep.test.ts", text: 'import { deep } from "./index.ts";' },
  { path: "packages/high/src/index.ts", text: 'import { deep } from "@anamnesis/low";' },
  { path: "packages/high/src/high.test.ts", text: 'import { high } from "./index.ts";' },
  { path: "packages/high/src/other.test.ts", text: "// import './index.ts'" },
  manifest("packages/fixtures", { "./*": "./src/*.ts" }),
  { path: "packages/fixtures/src/a/chain.ts", text: "" },
  {
    path: "packages/high/src/fixture.test.ts",
    text: 'import { chain } from "@anamnesis/fixtures/a/chain";',
  },
  { path: "packages/high/src/main.ts", text: 'import "./index.ts";' },
  { path: "packages/high/src/process.test.ts", text: 'spawn(join(folder, "main.ts"));' },
  { path: "docs/page.md", text: "" },
  { path: "tests/page.test.ts", text: 'read(new URL("docs/page.md", root));' },
  { path: "tests/e2e/whole.test.ts", text: 'import { high } from "@anamnesis/high";' },
  { path: "tools/tidy.test.ts", text: "" },
];
const workspaces = readWorkspaces(tree);

test("concernedTests() follows imports and names of files, the nearest first", () => {
  const tidy = "tools/tidy.test.ts";
  const rows = [
    { changed: [], want: { near: [], far: [], leftOut: [] } },
    {
      changed: ["packages/low/src/deep.ts"],
      want: {
        near: [tidy, "packages/low/src/deep.test.ts"],
        far: ["packages/high/src/high.test.ts", "packages/high/src/process.test.ts"],
        leftOut: ["tests/e2e/whole.test.ts"],
      },
    },
    {
      changed: ["packages/high/src/main.ts"],
      want: { near: [tidy, "packages/high/src/process.test.ts"], far: [], leftOut: [] },
    },
    {
      changed: ["docs/page.md"],
      want: { near: [tidy, "tests/page.test.ts"], far: [], leftOut: [] },
    },
    {
      changed: ["tests/e2e/whole.test.ts"],
      want: { near: ["tests/e2e/whole.test.ts", tidy], far: [], leftOut: [] },
    },
    {
      changed: ["packages/fixtures/src/a/chain.ts"],
      want: { near: [tidy, "packages/high/src/fixture.test.ts"], far: [], leftOut: [] },
    },
    { changed: ["README.md"], want: { near: [tidy], far: [], leftOut: [] } },
  ];
  for (const { changed, want } of rows) {
    assert.deepEqual(concernedTests(changed, tree, workspaces), want, changed.join());
  }
});

test("concernedTests() takes a manifest for its whole room, and the lock for all", () => {
  const all = (changed: string): number => {
    const { near, far, leftOut } = concernedTests([changed], tree, workspaces);
    return new Set([...near, ...far, ...leftOut]).size;
  };
  const tests = tree.filter(({ path }) => path.endsWith(".test.ts")).length;
  assert.equal(all("package-lock.json"), tests);
  assert.equal(all("package.json"), tests);
  assert.equal(all("packages/high/package.json"), 6);
});

test("concernedTests() finds in this tree the test beside a file and those of rooms that import it", () => {
  const sources = readSources(projectRoot);
  const { near, far, leftOut } = concernedTests(
    ["packages/fhir/src/keywords.ts"],
    sources,
    readWorkspaces(sources),
  );
  assert.ok(near.includes("packages/fhir/src/keywords.test.ts"));
  assert.ok(far.some((file) => file.startsWith("packages/client/")));
  assert.ok(leftOut.some((file) => file.startsWith("tests/e2e/")));
  assert.ok(![...near, ...far].some((file) => file.startsWith("packages/crypto/")));
});

test("changedFiles() lists changed, deleted and untracked files, against HEAD or a revision", (t) => {
  const root = mkdtempSync(join(tmpdir(), "changed-"));
  t.after(() => rmSync(root, { recursive: true }));
  const git = (...args: string[]): void => {
    const who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    execFileSync("git", [...who, ...args], { cwd: root, stdio: "ignore" });
  };
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  git("init");
  for (const name of ["kept.ts", "gone.ts", "a/changed.ts", ".gitignore"]) write(name, "ignored\n");
  git("add", "-A");
  git("commit", "-m", "one");
  assert.deepEqual(changedFiles(root, "HEAD"), []);
  write("a/changed.ts", "2");
  write("ignored", "");
  write("new.ts", "");
  rmSync(join(root, "gone.ts"));
  assert.deepEqual(changedFiles(root, "HEAD"), ["a/changed.ts", "gone.ts", "new.ts"]);
  git("add", "-A");
  git("commit", "-m", "two");
  assert.deepEqual(changedFiles(root, "HEAD"), []);
  assert.deepEqual(changedFiles(root, "HEAD~1"), ["a/changed.ts", "gone.ts", "new.ts"]);
  assert.throws(() => changedFiles(root, "nowhere"));
});
