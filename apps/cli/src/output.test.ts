import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { AnamnesisError, errorCodes } from "@anamnesis/protocol";
import { exitCodeOf, printable } from "./output.ts";
import { table, timeText } from "./table.ts";

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const anamnesis = (...args: readonly string[]): Promise<Answer> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(import.meta.dirname, "main.ts"), ...args],
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

test("exitCodeOf() follows the table of codes", () => {
  for (const [code, { exit }] of Object.entries(errorCodes)) {
    assert.equal(exitCodeOf(new AnamnesisError(code as keyof typeof errorCodes, "x")), exit, code);
  }
  assert.equal(exitCodeOf(new AnamnesisError("GRANT_REVOKED", "x")), 4);
  assert.equal(exitCodeOf(new AnamnesisError("ALREADY_DISPUTED", "x")), 5);
  assert.equal(
    exitCodeOf(Object.assign(new Error("x"), { name: "FhirError", code: "JSON_INVALID" })),
    2,
  );
  assert.equal(exitCodeOf(Object.assign(new Error("x"), { code: "ENOENT" })), 2);
  assert.equal(exitCodeOf(new TypeError("x")), 1);
  assert.equal(exitCodeOf("x"), 1);
});

test("printable() leaves other people's words, but none of what would command a terminal", () => {
  assert.equal(printable("王 wei, O\u2019Brien"), "王 wei, O\u2019Brien");
  assert.equal(
    printable("a\u001b[2Jb\nc\rd\u009be\u202ef\u0007"),
    "a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf\ufffd",
  );
});

test("a mistake in the command line is a USAGE error in JSON, with nothing on standard output", async () => {
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [["nope", "--json"], /^Unknown command 'nope'$/],
    [["recrd", "list", "--json"], /^Unknown command 'recrd'; did you mean record\?$/],
    [["record", "lst", "--json"], /^Unknown command 'lst'; did you mean list\?$/],
    [["grant", "--json"], /^Unknown command 'grant'; did you mean access grant\?$/],
    [
      ["log", "--as", "x", "--passphrase-fil", "y", "--json"],
      /; did you mean --passphrase-file\?$/,
    ],
    [["record", "--json"], /^No command was named/],
    [["record", "list", "--json"], /^Required option '--as <person>' not specified/],
    [["record", "list", "--as", "x", "--bogus", "--json"], /^Unknown option '--bogus'/],
    [
      ["--json", "person", "add", "x", "--role", "king", "--at", "y"],
      /^Option '--role <role>' argument 'king' is invalid/,
    ],
    [["record", "open", "--as", "x", "--json"], /^Name records, or say --all/],
    [["record", "history", "--as", "x", "--json"], /^Missing required argument 'id'/],
    [["record", "open", "zz", "--as", "x", "--json"], /is not a record id/],
    [["record", "confirm", "--as", "x", "--json"], /^Name the records/],
    [["access", "request", "--as", "x", "--for", "y", "--json"], /^A request has an end/],
    [["up", "--port", "70000", "--json"], /is not a port/],
  ];
  for (const [args, message] of rows) {
    const { code, stdout, stderr } = await anamnesis(...args);
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
    assert.equal(error.code, "USAGE", args.join(" "));
    assert.match(error.message, message);
    assert.equal(stdout, "");
    assert.equal(code, 2);
  }
});

test("an error for people is its code, what was wrong and the next step, and no stack trace", async () => {
  const mistaken = await anamnesis("record", "list", "--sa", "alice");
  assert.match(
    mistaken.stderr,
    /^USAGE: Required option '--as <person>' not specified\nNext: anamnesis record list --help\n$/,
  );

  const { code, stderr } = await anamnesis(
    "record",
    "list",
    "--as",
    "alice",
    "--dir",
    "/nowhere/at/all",
  );
  assert.match(stderr, /^NOT_RUNNING: No federation runs in '\/nowhere\/at\/all'[^\n]*\n$/);
  assert.equal(code, 6);
});

test("--version is the package's", async () => {
  const { version } = (await import("../package.json", { with: { type: "json" } })).default;
  const { code, stdout } = await anamnesis("--version");
  assert.equal(code, 0);
  assert.equal(stdout, `${version}\n`);
});

test("timeText() names the zone", () => {
  const said = process.env["TZ"];
  try {
    const at = Date.parse("2026-05-01T06:03:59Z");
    const rows = {
      "Asia/Shanghai": "2026-05-01 14:03 +08:00",
      "America/St_Johns": "2026-05-01 03:33 -02:30",
      UTC: "2026-05-01 06:03 +00:00",
    };
    for (const [zone, want] of Object.entries(rows)) {
      process.env["TZ"] = zone;
      assert.equal(timeText(at), want);
    }
  } finally {
    if (said === undefined) delete process.env["TZ"];
    else process.env["TZ"] = said;
  }
});

test("table() aligns columns, wide characters too", () => {
  assert.deepEqual(
    table(
      ["WHO", "WHAT"],
      [
        ["张伟", "a"],
        ["li", "b"],
      ],
    ),
    ["WHO   WHAT", "张伟  a", "li    b"],
  );
});
