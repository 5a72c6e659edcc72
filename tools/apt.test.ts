import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test, type TestContext } from "node:test";
import { aptGet, lockHolder } from "./apt.mjs";

const frontend = [
  "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)",
  "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
].join("\n");

/** An apt-get on the PATH that runs `script`, in a folder that the script knows as `$folder`. */
function fakeApt(t: TestContext, script: string): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), "apt-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const text = `#!/bin/sh\nfolder='${folder}'\n${script}\n`;
  writeFileSync(join(folder, "apt-get"), text, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env["PATH"]}` };
  return { folder, env };
}

/** Fails with the lock's message as long as the file `locked` is there; each try adds a line to `tries`. */
const whileLocked = `echo "$@" >> $folder/tries
if [ -e $folder/locked ]; then echo '${frontend}' >&2; exit 100; fi`;

test("lockHolder() tells a held lock from every other failure", () => {
  const rows = [
    [frontend, /^unattended-upgr \(process 4711, holds \/var\/lib\/dpkg\/lock-frontend\)$/],
    [
      "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 55 (apt-get)",
      /^apt-get \(process 55/,
    ],
    [
      "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)",
      /^whoever holds \/var\/lib\/dpkg\/lock$/,
    ],
    [
      "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)",
      /^$/,
    ],
    ["E: Unable to locate package chromium", /^$/],
    ["", /^$/],
  ] as const;
  for (const [errors, want] of rows) assert.match(lockHolder(errors) ?? "", want, errors);
});

test("aptGet() waits while another run holds the lock, says so, and then does its work", async (t) => {
  const { folder, env } = fakeApt(t, whileLocked);
  writeFileSync(join(folder, "locked"), "");
  const said: string[] = [];
  const say = (line: string): void => {
    said.push(line);
    rmSync(join(folder, "locked"));
  };
  assert.equal(await aptGet(["install", "x"], { env, say, pollMs: 1 }), true);
  assert.match(said.join("\n"), /^Waiting for unattended-upgr .* of at most 600\.0 s$/);
});

test("aptGet() gives up at its bound", async (t) => {
  const { folder, env } = fakeApt(t, whileLocked);
  writeFileSync(join(folder, "locked"), "");
  const said: string[] = [];
  const options = { env, say: (line: string) => said.push(line), pollMs: 1, waitMsMax: 50 };
  assert.equal(await aptGet(["update"], options), false);
  assert.match(said.at(-1) ?? "", /unattended-upgr .* still runs after .* giving up/);
});

test("aptGet() does not try again once the other run has done it", async (t) => {
  const { folder, env } = fakeApt(t, `${whileLocked}\ntouch $folder/done`);
  writeFileSync(join(folder, "locked"), "");
  const options = { env, say: () => rmSync(join(folder, "locked")), pollMs: 1, isDone: () => true };
  assert.equal(await aptGet(["install", "x"], options), true);
  assert.equal(existsSync(join(folder, "done")), false);
});

test("aptGet() does not wait for what waiting does not cure, and shows it", async (t) => {
  const { env } = fakeApt(t, "echo 'E: Unable to locate package x' >&2; exit 100");
  const said: string[] = [];
  assert.equal(await aptGet(["install", "x"], { env, say: (line) => said.push(line) }), false);
  assert.deepEqual(said, ["E: Unable to locate package x"]);
});

test("aptGet() shows a line for each tenth of the way", async (t) => {
  const steps = [
    "dlstatus:1:3.5:Retrieving file 1 of 30",
    "dlstatus:2:7.0:Retrieving file 2 of 30",
    "Selecting previously unselected package x.",
    "dlstatus:9:41.25:Retrieving file 9 of 30",
    "pmstatus:x:41.25:Unpacking x",
  ];
  const { env } = fakeApt(t, `printf '%s\\n' ${steps.map((step) => `'${step}'`).join(" ")}`);
  const said: string[] = [];
  assert.equal(await aptGet(["install", "x"], { env, say: (line) => said.push(line) }), true);
  assert.deepEqual(said, [
    "    3 % fetched: Retrieving file 1 of 30",
    "   41 % fetched: Retrieving file 9 of 30",
    "   41 % installed: Unpacking x",
  ]);
});
