import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { findPinnedNode, isRecentEnough, pinnedEnvironment } from "./pinnedNode.mjs";

const folder = mkdtempSync(join(tmpdir(), "pinned-node-"));
after(() => rmSync(folder, { recursive: true }));

/** Prints its process id, then "stopped" on SIGTERM; stays only when told to. */
const entry = join(folder, "entry.ts");
writeFileSync(
  entry,
  `const args: string[] = process.argv.slice(2);
   process.on("SIGTERM", () => { console.log("stopped"); process.exit(7); });
   console.log(process.pid, args.join());
   if (args[0] === "stay") setInterval(() => {}, 1000);
   if (args[0] === "fail") process.exitCode = 3;
   if (args[0] === "die") process.kill(process.pid, "SIGKILL");`,
);

/** Starts a launcher that takes the way of an older Node, through a child process. */
function launch(...args: readonly string[]): ChildProcess & { lines: AsyncIterator<string> } {
  const module = JSON.stringify(new URL("pinnedNode.mjs", import.meta.url).href);
  const call = `runInChild(${[process.execPath, entry].map((x) => JSON.stringify(x)).join()}, ${JSON.stringify(args)})`;
  const code = `import { runInChild } from ${module}; ${call};`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return Object.assign(child, { lines: createInterface(child.stdout)[Symbol.asyncIterator]() });
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next();
  return next.done === true ? "" : next.value;
}

test("isRecentEnough() accepts 24.2 and newer", () => {
  const rows = {
    "20.20.2": false,
    "24.1.9": false,
    "24.2.0": true,
    "24.21.0": true,
    "26.0.0": true,
  };
  for (const [version, want] of Object.entries(rows)) {
    assert.equal(isRecentEnough(version), want, version);
  }
});

test("findPinnedNode() names a file that exists", () => {
  assert.ok(existsSync(findPinnedNode()));
});

test("pinnedEnvironment() puts the project's commands first, once", () => {
  const first = pinnedEnvironment({ PATH: "elsewhere", OTHER: "kept" });
  const [bin = ""] = (first["PATH"] ?? "").split(delimiter);
  assert.ok(existsSync(join(bin, "tsc")), bin);
  assert.equal(first["OTHER"], "kept");
  assert.equal(pinnedEnvironment(first)["PATH"], first["PATH"]);
});

test("runInChild() passes arguments, exit code and signal on", async () => {
  const good = launch("a b", "c");
  assert.match(await nextLine(good.lines), /^\d+ a b,c$/);
  assert.deepEqual(await once(good, "exit"), [0, null]);
  assert.deepEqual(await once(launch("fail"), "exit"), [3, null]);
  assert.deepEqual(await once(launch("die"), "exit"), [null, "SIGKILL"]);
});

test("runInChild() forwards SIGTERM and waits for the child", async () => {
  const launcher = launch("stay");
  assert.match(await nextLine(launcher.lines), /stay/);
  const exited = once(launcher, "exit");
  launcher.kill("SIGTERM");
  assert.equal(await nextLine(launcher.lines), "stopped");
  assert.deepEqual(await exited, [7, null]);
});

test(
  "runInChild() leaves no child behind when the launcher is killed",
  { timeout: 10_000 },
  async () => {
    const launcher = launch("stay");
    assert.match(await nextLine(launcher.lines), /stay/);
    launcher.kill("SIGKILL");
    // The child holds the launcher's output open, so the output ends only when the child has ended too.
    assert.equal(await nextLine(launcher.lines), "");
  },
);
