import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { projectRoot } from "../pinnedNode.mjs";
import { readSources } from "../tidy/sources.ts";
import {
  reachedAgain,
  reachedBy,
  tryAlone,
  trySlowly,
  tryTogether,
  type Kill,
} from "./attackFile.ts";
import { isNamed, readEquivalents } from "./equivalents.ts";
import { mutantsOf } from "./hunt.ts";
import { mutate, SWITCH } from "./mutate.ts";
import { figuresOf, survivorsOf, type Figures } from "./report.ts";
import { filesOf, rooms } from "./rooms.ts";

const textsOf = (source: string): string[] =>
  mutate("a.ts", source, 0).mutants.map(({ from, to }) => `${from} → ${to}`);

test("mutate() forces, shifts, drops and leaves out, each fault once", () => {
  const rows = [
    { source: "if (a) b();", want: ["a → true", "a → false"] },
    {
      source: "if (a) b(); else { c(); d(); }",
      want: ["a → true", "a → false", "c(); → ", "d(); → "],
    },
    {
      source: "const x: boolean = a < (b as number);",
      want: ["true", "false", "a <= (b )"],
    },
    {
      source: "if (a === 1 && !b && c > 2) throw e;",
      want: ["true", "false", "!b && c > 2", "a === 1 && c > 2", "a === 1 && !b", "c >= 2"],
    },
    { source: "while (a < b) c();", want: ["a <= b", "c(); → "] },
    { source: "function f() { g(); throw e; }", want: ["g(); → ", "throw e; → "] },
    { source: "const x = verifyAll(a).length;", want: [] },
    { source: "const x = await verifyAll(a);", want: ["true", "false"] },
    { source: "const x = a.every(b) ?? c;", want: ["true", "false", "a.some(b)"] },
    { source: "x = (a || b) && c;", want: ["→ c", "→ (a || b)", "→ b", "→ a"] },
    { source: "function f() { key.fill(0); other(1); }", want: ["other(1); → "] },
  ];
  for (const { source, want } of rows) {
    const found = textsOf(source);
    assert.equal(found.length, want.length, `${source} gives ${found.join(" | ")}`);
    for (const [i, text] of want.entries()) assert.ok(found[i]!.includes(text), `${found[i]}`);
  }
});

test("mutate() gives code that is the source while its switch is off, and one fault while it is on", async () => {
  const source = readFileSync(join(import.meta.dirname, "sample", "gate.ts"), "utf8");
  const { mutants, code } = mutate("gate.ts", source, 7);
  const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
  let on = -1;
  Object.assign(globalThis, { [SWITCH]: (number: number) => number === on });
  const { mayEnter } = (await import(url)) as typeof import("./sample/gate.ts");
  const child = { age: 17, hasTicket: true, isBanned: false };
  assert.equal(mayEnter(child), false);
  on = 7 + mutants.findIndex(({ to }) => to === "guest.hasTicket");
  assert.equal(mayEnter(child), true);
  assert.equal(code.split("\n").length, source.split("\n").length);
});

test("tryTogether() kills what tests see, in a thread too, tryAlone() what happens while their file loads", async () => {
  const files = ["tools/mutants/sample/gate.ts", "tools/mutants/sample/hours.ts"];
  const { mutants, firsts } = mutantsOf(files);
  const target = {
    testFile: "tools/mutants/sample/gate.test.ts",
    files: Object.fromEntries(firsts),
  };
  const kills: Kill[] = [];
  const survey = await tryTogether(target, [...mutants.keys()], (kill) => kills.push(kill));
  assert.ok(!("unfit" in survey));
  assert.deepEqual(
    survey.tests.map(({ repeats }) => repeats),
    [true, true, true, true, true, true],
  );
  const once = [...reachedBy(survey)].filter((mutant) => !reachedAgain(survey).has(mutant));
  const alone: Kill[] = [];
  assert.ok(await tryAlone(target, survey, once, (kill) => alone.push(kill)));
  const killed = new Set([...kills, ...alone].map(({ mutant }) => mutant));
  const survived = mutants.filter((_, number) => !killed.has(number));
  assert.deepEqual(
    survived.map(({ from, to }) => `${from} → ${to}`),
    [
      "guest.age >= 18 && guest.hasTicket → guest.age >= 18",
      "guest.age >= 18 → guest.age > 18",
      "rows > 1 → true",
      "rows > 1 → rows >= 1",
    ],
  );
  const atLoad = alone.find(
    ({ mutant }) => mutants[mutant]!.to === "false" && mutants[mutant]!.within === "places",
  );
  assert.equal(atLoad?.by, "has six seats");
});

test("trySlowly() asks the tests that tryTogether() left out as slow", async () => {
  const file = "tools/mutants/sample/gate.ts";
  const banned = mutantsOf([file]).mutants.findIndex(({ to }) => to === "");
  const target = { testFile: "tools/mutants/sample/gate.test.ts", files: { [file]: 0 } };
  const kills: Kill[] = [];
  const hear = (kill: Kill): unknown => kills.push(kill);
  const survey = await tryTogether(target, [banned], hear, { quickMs: 0 });
  assert.ok(!("unfit" in survey));
  await trySlowly(target, survey, [banned], hear);
  assert.deepEqual(kills, []);
  await trySlowly(target, survey, [banned], hear, 0);
  assert.deepEqual(kills, [{ mutant: banned, by: "the sample's door > refuses whom it banned" }]);
});

test("tryTogether() leaves out a test that does not end, and names it", async () => {
  const file = "tools/mutants/sample/gate.ts";
  const { mutants } = mutantsOf([file]);
  const target = { testFile: "tools/mutants/sample/endless.ts", files: { [file]: 0 } };
  const kills: Kill[] = [];
  const numbers = [...mutants.keys()];
  const survey = await tryTogether(target, numbers, (kill) => kills.push(kill), { testMs: 3_000 });
  assert.ok(!("unfit" in survey));
  assert.deepEqual(survey.hung, ["waits for a timer that it has mocked"]);
  assert.ok(kills.length > 0);
  assert.ok(kills.every(({ by }) => by === "turns a child away"));
});

test("a hunt that is told to stop has said its kills, and prints what it knows", async () => {
  const main = join(import.meta.dirname, "main.ts");
  const file = "packages/crypto/src/encoding/cborReader.ts";
  const child = spawn(process.execPath, [main, `--file=${file}`, "--near", "--json"]);
  const ended = once(child, "exit");
  try {
    let said = "";
    for await (const piece of child.stderr.setEncoding("utf8")) {
      said += piece;
      if (!said.includes(": killed by ")) continue;
      child.kill("SIGTERM");
      break;
    }
    const { figures } = JSON.parse(await text(child.stdout)) as { figures: Figures[] };
    assert.equal(figures[0]!.room, "suite");
    assert.ok(figures[0]!.killed > 0);
    assert.deepEqual(await ended, [130, null]);
  } finally {
    child.kill("SIGKILL");
  }
});

test("figuresOf() counts what is named equivalent apart, and only while nothing kills it", () => {
  const [file] = filesOf(
    rooms[0]!,
    readSources(projectRoot).map(({ path }) => path),
  );
  const mutant = { file: file!, line: 1, within: "f", from: "a", nth: 1 };
  const fate = (to: string, killedBy?: string) => ({
    mutant: { ...mutant, to },
    killedBy,
    isReached: true,
  });
  const fates = [fate("b", "t"), fate("c", "t"), fate("d"), fate("e")];
  const named = [
    { ...mutant, to: "c", because: "" },
    { ...mutant, to: "d", because: "" },
  ];
  const [figures] = figuresOf(fates, named);
  assert.deepEqual(figures, { room: "proxy", mutants: 4, killed: 2, equivalent: 1, rate: 2 / 3 });
  assert.deepEqual(survivorsOf(fates, named), [fate("e")]);
});

test("equivalent.json names mutants that there are, each with its reason", () => {
  const named = readEquivalents();
  const paths = readSources(projectRoot).map(({ path }) => path);
  for (const { files } of rooms)
    for (const file of files)
      assert.ok(
        paths.some((path) => path.startsWith(file)),
        file,
      );
  const files = rooms.flatMap((room) => filesOf(room, paths));
  const { mutants } = mutantsOf(files);
  const gone = named.filter((one) => !mutants.some((mutant) => isNamed(mutant, one)));
  assert.deepEqual(gone, [], "these texts stand nowhere");
  for (const { from, because } of named) assert.ok(because.length > 20, `${from} without a reason`);
});
