/** A federation without demo keys: devices are sealed, the portal hands none out, and its trust is its own. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { ask, refusal, temporaryFolder, up } from "./anamnesis.ts";
import type { Up } from "./anamnesis.ts";

const sealed = { ANAMNESIS_PASSPHRASE: "correct horse battery staple" };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let federation: Up;

before(async () => {
  folder = await temporaryFolder();
  dir = join(folder.path, "federation");
  const refused = await refusal(dir, ["up"]);
  assert.deepEqual([refused.exit, refused.code], [4, "PASSPHRASE_REQUIRED"]);
  federation = await up(dir, [], sealed);
});

after(async () => {
  await federation.stop();
  await folder.remove();
});

test("devices lie sealed and open only with their passphrase", async () => {
  await ask(
    dir,
    ["person", "add", "maria", "--role", "patient", "--at", "general-hospital"],
    sealed,
  );
  for (const name of await readdir(join(dir, "devices"))) {
    const identity = JSON.parse(
      await readFile(join(dir, "devices", name, "identity.json"), "utf8"),
    ) as { demo: boolean };
    assert.equal(identity.demo, false, name);
  }
  assert.equal(
    (await refusal(dir, ["record", "list", "--as", "maria"])).code,
    "PASSPHRASE_REQUIRED",
  );
  const wrong = await refusal(dir, ["record", "list", "--as", "maria"], {
    ANAMNESIS_PASSPHRASE: "wrong",
  });
  assert.deepEqual([wrong.exit, wrong.code], [4, "PASSPHRASE_WRONG"]);
  const file = join(folder.path, "passphrase");
  await writeFile(file, `${sealed.ANAMNESIS_PASSPHRASE}\n`);
  const { records } = await ask<{ records: unknown[] }>(dir, [
    "record",
    "list",
    "--as",
    "maria",
    "--passphrase-file",
    file,
  ]);
  assert.deepEqual(records, []);
});

test("the portal has no demo persons, and no demo federation starts here", async () => {
  const { portal } = federation.ready;
  for (const path of [
    "demo/people",
    "demo/people/maria",
    "demo/people/maria/items",
    "demo/people/maria/items/identity.json",
  ]) {
    assert.equal((await fetch(portal + path)).status, 404, path);
  }
  const { chains } = JSON.parse(await readFile(join(dir, "trust.json"), "utf8")) as {
    chains: { chain: string; demo: boolean }[];
  };
  assert.ok(chains.every(({ chain, demo }) => chain.startsWith("ana-") && !demo));
});

test("a proof fails under another federation's trust", async () => {
  await ask(
    dir,
    ["person", "add", "dr-rossi", "--role", "doctor", "--at", "general-hospital"],
    sealed,
  );
  await ask(dir, ["visit", "open", "--as", "maria", "--with", "dr-rossi"], sealed);
  const letter = join(folder.path, "letter.pdf");
  await writeFile(letter, syntheticPdf(3));
  const args = ["record", "import", letter, "--by", "dr-rossi", "--for", "maria", "--whole"];
  const { records } = await ask<{ records: { id: string }[] }>(dir, args, sealed);
  const proof = join(folder.path, "proof");
  await ask(
    dir,
    ["proof", "export", records[0]?.id ?? "", "--as", "maria", "--out", proof],
    sealed,
  );
  const trust = join(dir, "trust.json");
  await ask(dir, ["proof", "check", proof, "--trust", trust]);

  const other = join(folder.path, "other.json");
  const text = await readFile(trust, "utf8");
  await writeFile(other, text.replaceAll(/ana-[0-9a-f]{6}-/g, "ana-000000-"));
  assert.equal((await refusal(dir, ["proof", "check", proof, "--trust", other])).exit, 5);
  const keys = [...text.matchAll(/"nodeKey": \{\s*"\$b64u": "([^"]+)"/g)].map(
    ([, key = ""]) => key,
  );
  const swapped = keys.reduce(
    (trusted, key) => trusted.replaceAll(key, keys.find((one) => one !== key) ?? ""),
    text,
  );
  await writeFile(other, swapped);
  assert.equal(
    (await refusal(dir, ["proof", "check", proof, "--trust", other])).code,
    "PROOF_INVALID",
  );
  await writeFile(proof, (await readFile(proof)).subarray(0, 100));
  assert.equal(
    (await refusal(dir, ["proof", "check", proof, "--trust", trust])).code !== "INTERNAL",
    true,
  );
});
