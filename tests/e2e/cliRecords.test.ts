/** The command line over a federation of its own: exports that come again, of somebody else, and one history of it all. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { parse } from "@anamnesis/fhir";
import { syntheticLife } from "@anamnesis/fhir/synthetic";
import { inOrder } from "@anamnesis/testing/inOrder";
import { ask, refusal, run, temporaryFolder, up } from "./anamnesis.ts";
import type { Up } from "./anamnesis.ts";

interface Imported {
  readonly records: readonly { readonly id: string; readonly outcome: string }[];
  readonly counts: Readonly<Record<"new" | "version" | "unchanged", number>>;
}

const test = inOrder();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let federation: Up;
const file = (name: string): string => join(folder.path, name);
const life = syntheticLife(11, 2);
const [export1, export2] = life.parts;
assert.ok(export1 && export2);

before(async () => {
  folder = await temporaryFolder();
  dir = file("federation");
  await writeFile(file("harbour.json"), export1.bytes);
  await writeFile(file("river.json"), export2.bytes);
  federation = await up(dir, ["--demo"]);
  for (const [name, role, at] of [
    ["maria", "patient", "general-hospital"],
    ["dr-rossi", "doctor", "general-hospital"],
    ["dr-haas", "doctor", "city-hospital"],
  ] as const)
    await ask(dir, ["person", "add", name, "--role", role, "--at", at]);
  await ask(dir, "visit open --as maria --with dr-rossi".split(" "));
  await ask(dir, "visit open --as maria --with dr-haas".split(" "));
});

after(async () => {
  await federation.stop();
  await folder.remove();
});

const take = (name: string, by: string): Promise<Imported> =>
  ask<Imported>(dir, ["record", "import", file(name), "--by", by, "--for", "maria"]);

test("record import writes an export once: the same again is unchanged, what changed becomes a version", async () => {
  const first = await take("harbour.json", "dr-rossi");
  assert.equal(first.counts.new, first.records.length);
  const again = await take("harbour.json", "dr-rossi");
  assert.deepEqual(again.counts, { new: 0, version: 0, unchanged: first.records.length });
  const changed = (await readFile(file("harbour.json"), "utf8")).replace(
    "Rash",
    "Rash and swelling",
  );
  await writeFile(file("amended.json"), changed);
  const amended = await take("amended.json", "dr-rossi");
  assert.equal(amended.counts.new, 0);
  assert.equal(amended.counts.version, 1);
  const [version] = amended.records.filter(({ outcome }) => outcome === "version");
  assert.ok(
    first.records.some(({ id }) => id === version?.id),
    "of the record that was there",
  );
});

test("record amend makes a version, and record history tells both, side by side", async () => {
  for (const [name, text] of [
    ["letter.txt", "Come again in May."],
    ["letter-2.txt", "Come again in June."],
  ] as const)
    await writeFile(file(name), text);
  const [letter] = (await take("letter.txt", "dr-rossi")).records;
  const id = letter?.id ?? "";
  await ask(dir, ["record", "amend", id, file("letter-2.txt"), "--as", "dr-rossi", "--whole"]);
  for (const who of ["dr-rossi", "maria"]) {
    const args = ["record", "history", id, "--as", who, "--compare", "1..2"];
    const { versions, compared } = await ask<{
      versions: { n: number; state: string }[];
      compared: { identical: boolean };
    }>(dir, args);
    assert.deepEqual(versions.map(({ n, state }) => `${n} ${state}`).toSorted(), [
      "1 unconfirmed",
      "2 unconfirmed",
    ]);
    assert.equal(compared.identical, false);
  }
});

test("record import refuses a file of another person, and writes nothing of it", async () => {
  const other = (await readFile(file("harbour.json"), "utf8"))
    .replaceAll(life.person.name, "Somebody Else")
    .replaceAll(`"birthDate":"${life.person.birthDate}"`, '"birthDate":"2011-01-01"')
    .replaceAll(/"value":"[LP]11"/g, '"value":"X99"');
  await writeFile(file("other.json"), other);
  const list = ["record", "list", "--as", "maria"];
  const { records: before } = await ask<{ records: readonly object[] }>(dir, list);
  const args = ["record", "import", file("other.json"), "--by", "dr-rossi", "--for", "maria"];
  const { code } = await refusal(dir, args);
  assert.equal(code, "OTHER_PATIENT");
  const { records: after } = await ask<{ records: readonly object[] }>(dir, list);
  assert.equal(after.length, before.length);
});

test("history tells what two hospitals wrote, once, for the patient and for a doctor with a grant", async () => {
  await take("river.json", "dr-haas");
  await ask(dir, "access grant --as maria --to dr-rossi --days 7".split(" "));
  for (const who of ["--as maria", "--as dr-rossi --for maria"]) {
    const { history, failed } = await ask<{
      history: { institutions: string[]; facts: { problems: { current: boolean }[] } };
      failed: unknown[];
    }>(dir, ["history", ...who.split(" ")]);
    assert.deepEqual(failed, []);
    assert.deepEqual(history.institutions, ["city-hospital", "general-hospital"]);
    assert.equal(
      history.facts.problems.filter(({ current }) => current).length,
      life.truth.activeProblems.length,
    );
  }
});

test("history --ips writes a document; a doctor needs a grant to copy for a file", async () => {
  const summary = file("summary.json");
  await ask(dir, ["history", "--as", "maria", "--ips", "--out", summary]);
  const parsed = parse(await readFile(summary));
  assert.equal(parsed.entries[0]?.resource.resourceType, "Composition");
  const copy = [
    "history",
    "--as",
    "dr-rossi",
    "--for",
    "maria",
    "--ips",
    "--out",
    file("copy.json"),
  ];
  const { code, stdout, stderr } = await run([...copy, "--json", "--dir", dir]);
  assert.equal(code, 5, stderr);
  const { failed } = JSON.parse(stdout) as { failed: { code: string }[] };
  assert.ok(failed.length > 0 && failed.every((each) => each.code === "ACTION_NOT_GRANTED"));
});

test("the portal answers only its own pages", async () => {
  const { portal } = federation.ready;
  const identity = `${portal}demo/people/zhang-wei`;
  assert.equal((await fetch(identity)).status, 200);
  assert.equal(
    (await fetch(identity, { headers: { origin: "https://elsewhere.example" } })).status,
    403,
  );
  for (const path of [
    "demo/people/..%2f..%2fsecrets",
    "demo/people/nobody",
    "demo/people/zhang-wei/items/..%2fx",
  ]) {
    assert.ok((await fetch(portal + path)).status >= 400, path);
  }
  const put = { method: "PUT", body: "x", headers: { "content-type": "application/octet-stream" } };
  assert.equal((await fetch(`${identity}/items/identity.json`, put)).status, 403);
});

test("a second up on a live folder says so", async () => {
  const { exit, code } = await refusal(dir, ["up"]);
  assert.deepEqual([exit, code], [6, "ALREADY_RUNNING"]);
});
