import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "server-main-"));
  await writeFile(join(dir, "main.mjs"), program);
});
after(() => rm(dir, { recursive: true, force: true }));

/** A server that starts and stops, and takes a number beside what all take. */
const program = `
  import { uint } from ${JSON.stringify(import.meta.resolve("@anamnesis/protocol"))};
  import { serverMain } from ${JSON.stringify(new URL("./serverMain.ts", import.meta.url).href)};
  await serverMain({ most: uint }, async ({ most }) => ({ address: "at " + most, stop: async () => {} }));
`;

/** What it says with this file: where it listens, or the code of its refusal. */
async function said(config: unknown): Promise<string> {
  const file = join(dir, "config.json");
  await writeFile(file, typeof config === "string" ? config : JSON.stringify(config));
  const { stdout, stderr } = spawnSync(process.execPath, [join(dir, "main.mjs"), file], {
    encoding: "utf8",
  });
  if (stdout !== "") return (JSON.parse(stdout) as { address: string }).address;
  return (JSON.parse(stderr) as { error: { code: string } }).error.code;
}

test("a configuration file is exact to the field: nothing misspelt or ill-typed falls back to a default", async () => {
  assert.equal(await said({ most: 3, logLevel: "silent", port: 0 }), "at 3");
  for (const wrong of [
    { most: "3" },
    { most: 3, port: "80" },
    { most: 3, quotaByte: 1 },
    { most: 3, connections: { perOrigin: 1 } },
    { most: 3, reverseProxies: "10.0.0.1" },
    {},
    [],
    "not JSON",
  ])
    assert.equal(await said(wrong), "MALFORMED", JSON.stringify(wrong));
});
