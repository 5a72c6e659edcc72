/** `anamnesis demo` as a judge: what it says when everything holds, and when proxies check nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { run, temporaryFolder } from "./anamnesis.ts";

interface Played {
  readonly ok: boolean;
  readonly steps: readonly { readonly name: string; readonly ok: boolean }[];
}

/** Plays the demo to its end. */
async function played(env: NodeJS.ProcessEnv): Promise<Played & { readonly code: number }> {
  const folder = await temporaryFolder();
  try {
    const dir = join(folder.path, "federation");
    const { code, stdout, stderr } = await run(["demo", "--json", "--dir", dir], env);
    assert.notEqual(stdout, "", stderr);
    return { code, ...(JSON.parse(stdout) as Played) };
  } finally {
    await folder.remove();
  }
}

test("demo: every step holds, and the exit code says so", async () => {
  const { code, ok, steps } = await played({});
  assert.deepEqual(
    steps.filter((step) => !step.ok),
    [],
  );
  assert.ok(ok && code === 0);
  assert.ok(steps.filter(({ name }) => name.startsWith("attack: ")).length >= 20);
});

test("demo: with the proxies' checks taken out, each attack on them is found to succeed, and it exits with 5", async () => {
  const emptied = new URL("emptiedChecks.ts", import.meta.url).href;
  const { code, ok, steps } = await played({ NODE_OPTIONS: `--import ${emptied}` });
  assert.ok(!ok && code === 5);
  assert.deepEqual(
    steps.filter((step) => !step.ok).map(({ name }) => name),
    [
      "attack: a stranger asks with the reader's intent",
      "attack: it asks to copy, where reading is granted",
      "attack: it asks for research",
      "attack: no intent is on the chain",
      "attack: the intent is for other records",
      "attack: a bit of the capsule is flipped",
      "attack: the same question after the grant has expired",
    ],
  );
});
