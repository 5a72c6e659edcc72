import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import { holding } from "./heldFolders.ts";

let dir: string;
const children: ChildProcess[] = [];
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "held-"));
});
after(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
});

const server = { stop: async (): Promise<void> => undefined };
const hold = (...folders: string[]): Promise<typeof server> => holding(folders, async () => server);

/** Another process that holds a folder, or says with which code it was refused. */
async function holder(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const module = new URL("heldFolders.ts", import.meta.url).href;
  const code = `
    const { holding } = await import(${JSON.stringify(module)});
    try {
      await holding([${JSON.stringify(folder)}], async () => ({ stop: async () => undefined }));
      process.stdout.write("held\\n");
      setInterval(() => undefined, 1_000);
    } catch (error) { process.stdout.write(error.code + "\\n"); }`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

test("attack 10: what a server makes in its folders is for its own user alone", async (t) => {
  const usual = process.umask(0o022);
  t.after(() => process.umask(usual));
  const made = await mkdtemp(join(dir, "made-"));
  const { stop } = await holding([made], async () => {
    await mkdir(join(made, "folder"));
    await writeFile(join(made, "file"), "a library's database");
    return server;
  });
  await stop();
  const modeOf = async (name: string): Promise<number> => (await stat(join(made, name))).mode;
  assert.equal((await modeOf("file")) & 0o777, 0o600);
  assert.equal((await modeOf("lock")) & 0o777, 0o600);
  assert.equal((await modeOf("folder")) & 0o777, 0o700);
});

test("a folder is one process's, and free at once after kill -9", async () => {
  const first = await holder(dir);
  assert.equal(first.said, "held");
  assert.equal((await holder(dir)).said, "ALREADY_RUNNING");
  await assert.rejects(hold(dir), { code: "ALREADY_RUNNING" });
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const second = await holder(dir);
  assert.equal(second.said, "held");
  second.child.kill("SIGKILL");
  await once(second.child, "exit");
  await (await hold(dir)).stop();
});

test("one of many processes that start at once gets the folder", async () => {
  const said = (await Promise.all(Array.from({ length: 6 }, () => holder(dir)))).map(
    ({ said: word }) => word,
  );
  assert.deepEqual(said.toSorted(), [...Array<string>(5).fill("ALREADY_RUNNING"), "held"]);
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
});

test("holding() refuses a second server in this process, by another name too, until the first has stopped", async () => {
  const link = `${dir}-link`;
  await symlink(dir, link);
  const running = await hold(dir);
  await assert.rejects(hold(dir), { code: "ALREADY_RUNNING" });
  await assert.rejects(hold(link), { code: "ALREADY_RUNNING" });
  await running.stop();
  await (await hold(link)).stop();
  await rm(link);
});

test("holding() lets go of every folder when one is taken, missing or the server does not start", async () => {
  const other = await mkdtemp(join(tmpdir(), "held-"));
  const running = await hold(other);
  await assert.rejects(hold(dir, other), { code: "ALREADY_RUNNING" });
  await assert.rejects(hold(dir, join(dir, "missing")), { code: "FILE_UNREADABLE" });
  const failing = holding([dir], async (): Promise<typeof server> => {
    throw new AnamnesisError("UNAVAILABLE", "Does not start");
  });
  await assert.rejects(failing, { code: "UNAVAILABLE" });
  const halting = await holding([dir], async () => ({
    stop: async (): Promise<void> => {
      throw new AnamnesisError("INTERNAL", "Does not stop cleanly");
    },
  }));
  await assert.rejects(halting.stop(), { code: "INTERNAL" });
  await (await hold(dir)).stop();
  await running.stop();
  await rm(other, { recursive: true });
});
