import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, stepAfter } from "./nextStep.ts";

test("stepAfter() names the help of the command that was meant, or what its code asks for", () => {
  const rows = [
    ["USAGE", ["record", "list", "--sa", "x"], "anamnesis record list --help"],
    ["USAGE", ["record", "lst"], "anamnesis record --help"],
    ["USAGE", ["recrd", "list"], "anamnesis --help"],
    ["USAGE", ["log", "maria"], "anamnesis log --help"],
    ["NOT_CONFIRMED", [], "anamnesis record confirm --all --as PATIENT"],
    ["NOT_RUNNING", [], undefined],
    ["constructor", [], undefined],
  ] as const;
  for (const [code, args, want] of rows) assert.equal(stepAfter(code, args), want, args.join(" "));
});

test("commandLine() is one that a shell takes, in the folder that was named", () => {
  const here = { dir: "./.anamnesis", isDirGiven: false };
  const there = { dir: "/a folder", isDirGiven: true };
  assert.equal(commandLine(here, "log", "--as", "maria"), "anamnesis log --as maria");
  assert.equal(
    commandLine(there, "log", "--as", "O'Brien; rm x"),
    String.raw`anamnesis log --as 'O'\''Brien; rm x' --dir '/a folder'`,
  );
});
