/** Style as a failing test: each rule passes on the tree, and finds what it is there to find. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importFindings, openingFiles, openingFindings } from "./tidy/arrows.ts";
import { isFitting, licenceFindings, lockFindings, versionFindings } from "./tidy/dependencies.ts";
import { determinismFindings } from "./tidy/determinism.ts";
import { documentFindings } from "./tidy/documents.ts";
import { durabilityFindings } from "./tidy/durability.ts";
import { roomFindings } from "./tidy/rooms.ts";
import { readSources, type Source } from "./tidy/sources.ts";
import { lengthFindings, nameFindings, unfinishedFindings, wordFindings } from "./tidy/text.ts";
import { wireFindings } from "./tidy/wire.ts";
import { importsOf, readWorkspaces, type Workspace } from "./tidy/workspaces.ts";
import { projectRoot } from "./pinnedNode.mjs";

const sources = readSources(projectRoot);
const workspaces = readWorkspaces(sources);

function assertNone(findings: readonly string[]): void {
  assert.ok(findings.length === 0, `\n${findings.join("\n")}`);
}

const source = (path: string, ...lines: readonly string[]): Source => ({
  path,
  text: lines.join("\n"),
});

const crypto: Workspace = {
  folder: "packages/crypto",
  manifest: {
    name: "@anamnesis/crypto",
    exports: { "./verify": "./src/verify.ts", "./box": "./src/box.ts", "./open": "./src/open.ts" },
    imports: {
      "#primitives": { node: "./src/primitives.node.ts", default: "./src/primitives.web.ts" },
    },
  },
};
const node: Workspace = {
  folder: "apps/node",
  manifest: { name: "@anamnesis/node", dependencies: { "@anamnesis/crypto": "0.1.0" } },
};
const root: Workspace = {
  folder: "",
  manifest: { name: "anamnesis", devDependencies: { "fast-check": "4.10.2" } },
};
const testing: Workspace = {
  folder: "packages/testing",
  manifest: { name: "@anamnesis/testing" },
};
const sample = [root, crypto, node, testing];

test("every workspace has a manifest that tidy reads", () => {
  assert.ok(
    workspaces.length >= 14,
    `found ${workspaces.length} manifests; wanted the root's and at least 13 more`,
  );
  assert.ok(workspaces.some(({ folder }) => folder === ""));
});

test("imports follow the arrows and are declared", () => {
  assertNone(importFindings(sources, workspaces));
});

test("importFindings() names what breaks an arrow or a manifest", () => {
  const rows = [
    { from: "apps/node/src/a.ts", specifier: "@anamnesis/crypto/verify", want: undefined },
    {
      from: "apps/node/src/a.ts",
      specifier: "@anamnesis/crypto/open",
      want: /may import of ours only/,
    },
    { from: "apps/node/src/a.ts", specifier: "@anamnesis/vault", want: /may import of ours only/ },
    {
      from: "apps/node/src/a.test.ts",
      specifier: "@anamnesis/vault",
      want: /may import of ours only/,
    },
    { from: "apps/node/src/a.ts", specifier: "../../vault/src/b.ts", want: /outside apps\/node/ },
    { from: "apps/node/src/a.ts", specifier: "./b.ts", want: undefined },
    { from: "apps/node/src/a.ts", specifier: "node:fs", want: undefined },
    {
      from: "apps/node/src/a.ts",
      specifier: "fastify",
      want: /apps\/node\/package\.json does not declare/,
    },
    { from: "apps/node/src/a.ts", specifier: "fast-check", want: /does not declare/ },
    { from: "apps/node/src/a.test.ts", specifier: "fast-check", want: undefined },
    { from: "packages/crypto/src/a.ts", specifier: "#primitives", want: undefined },
    { from: "packages/crypto/src/a.ts", specifier: "#other", want: /does not map under imports/ },
    { from: "tests/e2e/a.ts", specifier: "@anamnesis/crypto/open", want: undefined },
    { from: "packages/testing/src/a.ts", specifier: "@anamnesis/crypto/open", want: undefined },
    {
      from: "packages/testing/src/a.ts",
      specifier: "../../../apps/node/src/b.ts",
      want: undefined,
    },
    { from: "apps/node/src/a.test.ts", specifier: "@anamnesis/testing/b", want: undefined },
    {
      from: "apps/node/src/a.ts",
      specifier: "@anamnesis/testing/b",
      want: /only tests may import packages\/testing/,
    },
  ] as const;
  for (const { from, specifier, want } of rows) {
    const [found] = importFindings([source(from, "", `import { a } from "${specifier}";`)], sample);
    if (want === undefined) assert.equal(found, undefined);
    else {
      assert.match(found ?? "", want, `${from} imports ${specifier}`);
      assert.match(found ?? "", /^[^:]+:2: /);
    }
  }
});

test("importsOf() sees every form of import and no comment", () => {
  const text = [
    'import a from "a";',
    "import {\n  b,\n} from 'b';",
    'export * from "c";',
    'import "d";',
    `const e = await import${"("}"e");`,
    'import type { F } from "f";',
    '// import g from "g";',
    '/*\nimport h from "h";\n*/',
    'const url = "http://i"; import j from "j";',
  ].join("\n");
  const found = importsOf({ path: "a.ts", text }).map(({ specifier }) => specifier);
  assert.deepEqual(found.toSorted(), ["a", "b", "c", "d", "e", "f"]);
});

test("no server can reach what opens records", () => {
  assertNone(openingFindings(sources, workspaces));
  const paths = sources.map(({ path }) => path);
  assert.deepEqual(
    openingFiles.filter((file) => !paths.includes(file)),
    [],
    "the files that open records have other names now",
  );
});

test("openingFindings() follows a chain of imports through entries and # imports", () => {
  const tree = (innermost: string): Source[] => [
    source("apps/node/src/main.ts", 'import { box } from "@anamnesis/crypto/box";'),
    source("packages/crypto/src/box.ts", 'import { p } from "#primitives";'),
    source("packages/crypto/src/primitives.web.ts", 'export { q } from "./deep.ts";'),
    source("packages/crypto/src/deep.ts", `import type { R } from "./${innermost}.ts";`),
  ];
  const [found] = openingFindings(tree("open"), sample);
  assert.match(found ?? "", /^apps\/node\/src\/main\.ts:1: .*box\.ts → .*deep\.ts → .*open\.ts$/);
  assert.deepEqual(openingFindings(tree("seal"), sample), []);
});

test("dependencies have one exact version", () => {
  assertNone(versionFindings(workspaces));
  const loose = {
    folder: "apps/x",
    manifest: { name: "x", dependencies: { a: "^1.0.0", b: "1.0.0" } },
  };
  assert.deepEqual(versionFindings([loose]).length, 1);
});

test("package-lock.json records no download address and every platform's packages", () => {
  assertNone(lockFindings(sources));
  const lock = (packages: object): string[] =>
    lockFindings([source("package-lock.json", JSON.stringify({ packages }, null, 1))]);
  const address = `https${":"}//host.example/a.tgz`;
  assert.match(lock({ a: { resolved: address } }).join(), /^package-lock.json:4: records/);
  const a = { optionalDependencies: { b: "1.0.0" } };
  assert.match(lock({ "node_modules/a": a }).join(), /leaves out b/);
  assert.deepEqual(lock({ "node_modules/a": a, "node_modules/b": { optional: true } }), []);
});

test("every installed package's licence fits Apache-2.0", () => {
  assertNone(licenceFindings(projectRoot));
  assert.equal(isFitting("(MIT OR GPL-3.0-only)"), true);
  assert.equal(isFitting("MIT AND GPL-3.0-only"), false);
  assert.equal(isFitting("AGPL-3.0"), false);
});

test("no tracked file holds a forbidden word", () => {
  assertNone(wordFindings(sources));
});

test("wordFindings() finds machine paths, registry hosts, the making and documents that are elsewhere", () => {
  const bad = [
    `cd /wo${"rk"}/x`,
    `"/tm${"p"}/x"`,
    `/ho${"me"}/ann/x`,
    `https://regis${"try"}.npmjs.org/`,
    `written by Clau${"de"}`,
    `fixed (crypto-des${"ign"} 1.6)`,
    `in the order of des${"ign"} 5.8`,
    `roles (des${"ign"} D19)`,
  ];
  for (const text of bad) assert.equal(wordFindings([source("a.md", text)]).length, 1, text);
  const good = [
    `docs/wo${"rk"}/plan`,
    "a workbench",
    "https://fhir.example/registry/",
    "home/x",
    "a design of 2026",
  ];
  for (const text of good) assert.deepEqual(wordFindings([source("a.md", text)]), [], text);
});

test("documents name only files that exist", () => {
  assertNone(documentFindings(sources));
  const tree = [source("docs/a.md"), source("packages/b/src/c.ts")];
  const good =
    "[a](a.md#part) [b](../packages/b) `packages/b/src/` [web](https://a.example/b) `apps/*`";
  assert.deepEqual(documentFindings([source("docs/d.md", good), ...tree]), []);
  for (const text of ["[a](packages/b)", "`packages/b/e.ts`"]) {
    const [found] = documentFindings([source("docs/d.md", "", text), ...tree]);
    assert.match(found ?? "", /^docs\/d\.md:2: names .*does not exist$/);
  }
});

test("the tables of rooms hold the folders that there are, and their arrows", () => {
  assertNone(roomFindings(sources, workspaces));
});

test("roomFindings() names rooms left out, made up, twice or with other arrows", () => {
  const rooms = [root, crypto, node];
  const found = roomFindings(
    [
      source("README.md", "| `packages/crypto` | suite |", "| `apps/*` | node, gateway |"),
      source(
        "CONTRIBUTING.md",
        "packages/crypto     suite          nothing of ours",
        "apps/node           ledger node    server, http, ledger, protocol, crypto/{verify,sign,box}",
        "apps/node           ledger node    server, http, ledger, protocol, crypto/{verify,sign,box}",
      ),
      source(
        "docs/ARCHITECTURE.md",
        "| `packages/crypto` | suite | public libraries |",
        "| `apps/node` | engine | `server`, `protocol`, `crypto` for servers |",
      ),
    ],
    rooms,
  );
  assert.deepEqual(
    found.map((one) => one.replace(/; .*/, "")),
    [
      "README.md:2: names apps/gateway, which does not exist",
      "CONTRIBUTING.md:3: names apps/node twice",
      'docs/ARCHITECTURE.md:2: lets apps/node import "crypto/box, crypto/sign, crypto/verify, protocol, server"',
    ],
  );
  assert.deepEqual(roomFindings([], rooms).slice(0, 2), [
    "README.md:1: leaves out packages/crypto",
    "README.md:1: leaves out apps/node",
  ]);
});

test("files are at most 350 lines long", () => {
  assertNone(lengthFindings(sources));
  assert.equal(lengthFindings([source("a.ts", "x\n".repeat(351))]).length, 1);
});

test("file names say what is inside", () => {
  assertNone(nameFindings(sources));
  for (const path of ["a/utils.ts", "helpers/b.ts", "common.test.ts", "fhirHelpers.ts"]) {
    assert.equal(nameFindings([source(path)]).length, 1, path);
  }
});

test("no test is left out and no work left open", () => {
  assertNone(unfinishedFindings(sources));
  const bad = [
    `test${"."}only("a", f)`,
    `test("a", {${" "}skip: true }, f)`,
    `t${"."}todo()`,
    `// TO${"DO"}: b`,
  ];
  for (const text of bad)
    assert.equal(unfinishedFindings([source("a.test.ts", text)]).length, 1, text);
});

test("the state machine uses nothing that may differ between machines", () => {
  assertNone(determinismFindings(sources));
  const at = "packages/ledger/src/apply.ts";
  const bad = [
    "Date.now()",
    "Math.random()",
    "a.sort()",
    "JSON.stringify(a)",
    "process.env",
    "a.localeCompare(b)",
  ];
  for (const text of bad) assert.equal(determinismFindings([source(at, text)]).length, 1, text);
  const good = [
    "// Date",
    "engine.process(group)",
    "Math.floor(a)",
    "a.sort(compareBytes)",
    "updateDates",
  ];
  for (const text of good) assert.deepEqual(determinismFindings([source(at, text)]), [], text);
});

test("LMDB is opened so that a commit waits for its fsync", () => {
  assertNone(durabilityFindings(sources));
  const opening = (options: string): number =>
    durabilityFindings([
      source("a.ts", 'import { open } from "lmdb";', `this.#root = open({ ${options} });`),
    ]).length;
  assert.equal(opening("path, overlappingSync: false"), 0);
  for (const bad of ["path", "overlappingSync: true", "overlappingSync: false, noSync: true"])
    assert.equal(opening(bad), 1, bad);
});

test("what goes over the wire is described, and ids come from parsers", () => {
  assertNone(wireFindings(sources));
});

test("wireFindings() finds bare requests, readers, routes and ids, and no more", () => {
  const found = wireFindings([
    source(
      "apps/node/src/a.ts",
      "const answer = await fetch(url);",
      "const view = (await answer.json()) as View;",
      'import Fastify from "fastify";',
      "const id = text as SlipId;",
    ),
    source("apps/node/src/b.ts", "// fetch(url)", "await this.#fetch(route);", "x as SlipIds;"),
    source("apps/node/src/c.test.ts", "await fetch(url); const id = text as Gid;"),
    source("packages/http/src/part.ts", "await fetch(url);"),
  ]);
  assert.deepEqual(
    found.map((one) => one.replace(/ goes .*/, "")),
    [
      'apps/node/src/a.ts:1: "fetch("',
      'apps/node/src/a.ts:2: "answer.json()"',
      'apps/node/src/a.ts:3: "from "fastify""',
      'apps/node/src/a.ts:4: "as SlipId"',
    ],
  );
});
