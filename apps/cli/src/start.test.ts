import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

/** Says, as the process ends, every module that it loaded. */
const listing = `import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
process.on("exit", () => process.stdout.write(JSON.stringify(loaded)));`;

const modulesOf = (...args: readonly string[]): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [
        `--import=data:text/javascript,${encodeURIComponent(listing)}`,
        join(import.meta.dirname, "main.ts"),
        ...args,
      ],
      (error, stdout) => {
        // Exit code 6: no federation runs there, which is as far as a command comes before its own work.
        if (error !== null && error.code !== 6) reject(error);
        else resolve(JSON.parse(stdout.slice(stdout.indexOf("["))) as string[]);
      },
    );
  });

/** Each module is most of a millisecond of every start: 0.6 s were 555 of them. */
const MODULES_MAX = 385;

test("a command loads few modules before its own work, and no library that only other work needs", async () => {
  const rows = [
    ["log", "--as", "x"],
    ["record", "list", "--as", "x"],
    ["access", "grant", "--as", "x", "--to", "y"],
    ["visit", "open", "--as", "x", "--with", "y"],
  ];
  for (const words of rows) {
    const loaded = await modulesOf(...words, "--dir", "/nowhere/at/all");
    const needless = loaded.filter((url) => /x509\.|tsyringe|htmlparser2|medplum|@hpke/.test(url));
    assert.deepEqual(needless, [], words.join(" "));
    assert.ok(loaded.length > 100 && loaded.length <= MODULES_MAX, `${loaded.length} modules`);
  }
});
