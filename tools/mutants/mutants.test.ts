import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../pinnedNode.mjs";
import { readSources } from "../tidy/sources.ts";
import { reachedAgain, reachedBy, tryAlone, trySlowly, tryTogether } from "./attackFile.ts";
import { isNamed, readEquivalents } from "./equivalents.ts";
import { mutantsOf } from "./hunt.ts";
import { mutate, SWITCH } from "./mutate.ts";
import { figuresOf, survivorsOf } from "./report.ts";
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
  const together = await tryTogether(target, [...mutants.keys()]);
  assert.ok(!("unfit" in together));
  const { kills, survey } = together;
  assert.deepEqual(
    survey.tests.map(({ repeats }) => repeats),
    [true, true, true, true, true, true],
  );
  const once = [...reachedBy(survey)].filter((mutant) => !reachedAgain(survey).has(mutant));
  const alone = (await tryAlone(target, survey, once)) ?? [];
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
  const together = await tryTogether(target, [banned], 0);
  assert.ok(!("unfit" in together));
  assert.deepEqual(together.kills, []);
  const by = "the sample's door > refuses whom it banned";
  assert.deepEqual(await trySlowly(target, together.survey, [banned], 0), [{ mutant: banned, by }]);
  assert.deepEqual(await trySlowly(target, together.survey, [banned]), []);
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
