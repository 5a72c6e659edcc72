/** CONTRIBUTING's recipe "Add a slip kind", walked in a copy of the tree; and each of its parts left out, which must fail. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { projectRoot } from "../pinnedNode.mjs";
import { copyTree } from "./copyTree.ts";
import { apply, columns, edits, type Edit } from "./thankSlip.ts";

const rooms = ["protocol", "ledger", "ledger/tsconfig.test.json", "testing", "client"].map(
  (room) => `packages/${room}`,
);
let copy: string;

before(() => {
  copy = mkdtempSync(join(tmpdir(), "recipe-"));
  copyTree(projectRoot, copy);
  for (const edit of Object.values(edits)) apply(copy, edit);
});
after(() => rmSync(copy, { recursive: true }));

/** What a program of the copy says, and whether it ended well. */
function run(command: string, ...args: readonly string[]): { ok: boolean; said: string } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { ok: status === 0, said: stdout + stderr };
}
const types = (config: string) => run(join("node_modules", ".bin", "tsc"), "-p", config);
const runTests = (...files: readonly string[]) => run(process.execPath, "--test", ...files);

/** What `check` says of the copy with `edit` in place of the recipe's. */
function failure(
  edit: Edit,
  other: Edit["change"],
  check: () => { ok: boolean; said: string },
): string {
  const path = join(copy, edit.file);
  const done = readFileSync(path, "utf8");
  const undo = apply(copy, { file: edit.file, change: () => other(done) });
  const { ok, said } = check();
  undo();
  assert.equal(ok, false, `nothing noticed what ${edit.file} lacks`);
  return said;
}

/** The file without what matches. */
const without =
  (pattern: RegExp | string) =>
  (text: string): string => {
    const rest = text.replace(pattern, "");
    assert.notEqual(rest, text, `the edit left nothing like ${pattern}`);
    return rest;
  };

test("the recipe names every file that a new slip kind touches", () => {
  const page = readFileSync(join(projectRoot, "CONTRIBUTING.md"), "utf8");
  const [recipe = ""] = page.split("## Add a slip kind")[1]?.split("\n## ") ?? [];
  const named = [...recipe.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, path = ""]) => path);
  assert.deepEqual(
    Object.values<Edit>(edits)
      .map(({ file }) => file)
      .filter(
        (file) =>
          !named.some((path) => file === path || (path.endsWith("/") && file.startsWith(path))),
      ),
    [],
  );
});

test("a slip kind made by the recipe compiles in every room", () => {
  for (const config of [...rooms, "apps/node"]) {
    const { ok, said } = types(config);
    assert.ok(ok, said);
  }
});

test("a slip kind made by the recipe passes the tests of ledger, protocol and tidy", () => {
  const { ok, said } = runTests(
    "packages/ledger/src/**/*.test.ts",
    "packages/protocol/src/**/*.test.ts",
    "tools/tidy.test.ts",
  );
  assert.ok(ok, said.slice(said.indexOf("failing tests")));
  assert.match(said, /record\.thank gives OK/);
});

test("a slip kind made by the recipe is carried for nobody whom its row does not name", () => {
  const file = "apps/node/src/carriedFor.test.ts";
  const { ok, said } = runTests("--test-name-pattern=record.thank", file);
  assert.ok(ok, said);
  assert.match(said, /20 of 20 slips record\.thank/);
});

for (const [column, line] of Object.entries(columns)) {
  test(`D1: a row without ${column} does not compile`, () => {
    const said = failure(edits.row, without(line), () => types("packages/protocol"));
    assert.match(said, new RegExp(`kinds/record\\.ts.*\\n[^]*${column}`));
  });
}

test("D2: a kind without its row of facts, its line or a column of its entry does not compile", () => {
  const ledger = () => types("packages/ledger");
  assert.match(failure(edits.fact, without(/ {2}thank: fact[^]*?\n {2}\),\n/), ledger), /'thank'/);
  assert.match(
    failure(edits.kindTable, without(/.*"record\.thank".*\n/), ledger),
    /kindTable\.ts.*record\.thank/,
  );
  for (const column of ["index", "history"])
    assert.match(
      failure(edits.kind, without(`  ${column}: "none",\n`), ledger),
      new RegExp(`recordThank\\.ts.*'${column}'`),
    );
});

test("a code without its number on the page, or a test that gives it, fails", () => {
  const codes = () => runTests("packages/ledger/src/codes.test.ts");
  assert.match(failure(edits.codePage, without(/\n.*ALREADY_THANKED.*/), codes), /ALREADY_THANKED/);
  assert.match(
    failure(edits.refusals, without('"ALREADY_THANKED"'), codes),
    /slip code ALREADY_THANKED has a row/,
  );
  assert.match(
    failure(
      edits.code,
      (text) => text.replace(/ALREADY_THANKED: \d+/, "ALREADY_THANKED: 31"),
      codes,
    ),
    /✖ no number stands for two codes/,
  );
});

test("a kind that no scenario makes, or no stranger sends, fails", () => {
  const properties = () =>
    runTests("--test-name-pattern=every slip kind", "packages/ledger/src/properties.test.ts");
  assert.match(
    failure(edits.scenario, without(/if \(choice === 3 && [^]*?;\n/), properties),
    /record\.thank/,
  );
  assert.match(
    failure(edits.stranger, without(/.*"record\.thank".*\n/), () => types("apps/node")),
    /record\.thank/,
  );
});
