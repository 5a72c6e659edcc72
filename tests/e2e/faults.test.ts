/**
 * A federation without demo keys, and what goes wrong in it: locked devices, patients who are away, children that die,
 * and starts after a clean and after a hard end.
 */
import assert from "node:assert/strict";
import { access, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import { ask, refusal, temporaryFolder, up } from "./anamnesis.ts";
import type { Up } from "./anamnesis.ts";

const sealed = { ANAMNESIS_PASSPHRASE: "correct horse battery staple" };

interface Records {
  readonly records: readonly { readonly id: string }[];
}
interface Federation {
  readonly run: { readonly children: Readonly<Record<string, number>> };
}

const pdf = syntheticPdf(3);
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let federation: Up;
let written = "";
const file = (name: string): string => join(folder.path, name);
const federationFile = async (): Promise<Federation> =>
  JSON.parse(await readFile(join(dir, "federation.json"), "utf8")) as Federation;

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

test("a proof fails under another federation's trust, and when it is torn", async () => {
  await ask(
    dir,
    ["person", "add", "dr-rossi", "--role", "doctor", "--at", "general-hospital"],
    sealed,
  );
  await ask(dir, ["visit", "open", "--as", "maria", "--with", "dr-rossi"], sealed);
  await writeFile(file("letter.pdf"), pdf);
  const args = [
    "record",
    "import",
    file("letter.pdf"),
    "--by",
    "dr-rossi",
    "--for",
    "maria",
    "--whole",
  ];
  const { records } = await ask<Records>(dir, args, sealed);
  written = records[0]?.id ?? "";
  const proof = file("record.proof");
  await ask(dir, ["proof", "export", written, "--as", "maria", "--out", proof], sealed);
  const trust = join(dir, "trust.json");
  await ask(dir, ["proof", "check", proof, "--trust", trust]);

  const other = file("other.json");
  const text = await readFile(trust, "utf8");
  await writeFile(other, text.replaceAll(/ana-[0-9a-f]{6}-/g, "ana-000000-"));
  assert.equal((await refusal(dir, ["proof", "check", proof, "--trust", other])).exit, 5);
  const keys = [...text.matchAll(/"nodeKey": "([^"]+)"/g)].map(([, key = ""]) => key);
  assert.ok(keys.length > 6);
  const [first = "", ...others] = new Set(keys);
  const swapped = others.reduce((now, key) => now.replaceAll(key, first), text);
  await writeFile(other, swapped);
  assert.equal(
    (await refusal(dir, ["proof", "check", proof, "--trust", other])).code,
    "MALFORMED",
    "nodes vouch for the registrars that genesis names",
  );
  const alone = JSON.parse(swapped) as { readonly chains: readonly object[] };
  const chains = alone.chains.map((chain) => ({ ...chain, registrars: [] }));
  await writeFile(other, JSON.stringify({ ...alone, chains }));
  assert.equal(
    (await refusal(dir, ["proof", "check", proof, "--trust", other])).code,
    "PROOF_INVALID",
  );
  await writeFile(file("torn.proof"), (await readFile(proof)).subarray(0, 100));
  const torn = await refusal(dir, ["proof", "check", file("torn.proof"), "--trust", trust]);
  assert.ok(["PROOF_INVALID", "MALFORMED"].includes(torn.code), torn.code);
});

test("import says what is wrong with a file, and writes nothing", async () => {
  await writeFile(file("torn.json"), severalVisits().slice(0, 500));
  await writeFile(file("utf16.json"), Buffer.from(`\ufeff{"resourceType":"Bundle"}`, "utf16le"));
  await writeFile(file("xml.xml"), "<Bundle/>");
  await writeFile(file("list.json"), '{"resourceType":"Bundle","type":"history","entry":[]}');
  const rows = [
    ["torn.json", /^JSON_/],
    ["utf16.json", /^ENCODING_/],
    ["xml.xml", /^XML_NOT_SUPPORTED$/],
    ["list.json", /^BUNDLE_/],
    ["absent.json", /^FILE_UNREADABLE$/],
  ] as const;
  for (const [name, wanted] of rows) {
    const { exit, code } = await refusal(
      dir,
      ["record", "import", file(name), "--by", "dr-rossi", "--for", "maria"],
      sealed,
    );
    assert.match(code, wanted);
    assert.equal(exit, 2, name);
  }
  const { records } = await ask<Records>(dir, ["record", "list", "--as", "maria"], sealed);
  assert.equal(records.length, 1);
});

test("a record opens only as what it is, for whom it is", async () => {
  const rows = [
    [["record", "open", "0".repeat(64), "--as", "maria"], 3, "NOT_FOUND"],
    [["record", "list", "--as", "nobody"], 3, "NOT_FOUND"],
    [["record", "confirm", "--all", "--as", "dr-rossi"], 4, "NOT_FOR_THIS_ROLE"],
    [["visit", "open", "--as", "maria", "--with", "dr-nobody"], 3, "NOT_FOUND"],
    [["access", "revoke", "0".repeat(64), "--as", "maria"], 3, "NOT_FOUND"],
  ] as const;
  for (const [args, exit, code] of rows) {
    const found = await refusal(dir, args, sealed);
    assert.deepEqual([found.exit, found.code], [exit, code], args.join(" "));
  }
});

test("import works with a token at hand while the patient's device cannot be read", async () => {
  await ask(dir, ["visit", "open", "--as", "maria", "--with", "dr-rossi"], sealed);
  await writeFile(file("another.pdf"), syntheticPdf(77));
  await withoutDevice("maria", async () => {
    const { records } = await ask<Records>(
      dir,
      ["record", "import", file("another.pdf"), "--by", "dr-rossi", "--for", "maria", "--whole"],
      sealed,
    );
    assert.equal(records.length, 1);
  });
});

test("import answers PATIENT_AWAY after 30 s, with nothing written", async () => {
  const before = await ask<Records>(dir, ["record", "list", "--as", "maria"], sealed);
  await writeFile(file("visits.json"), severalVisits());
  await withoutDevice("maria", async () => {
    const since = Date.now();
    const args = ["record", "import", file("visits.json"), "--by", "dr-rossi", "--for", "maria"];
    const { exit, code } = await refusal(dir, args, sealed);
    assert.deepEqual([exit, code], [6, "PATIENT_AWAY"]);
    assert.ok(Date.now() - since > 28_000 && Date.now() - since < 45_000);
  });
  const afterwards = await ask<Records>(dir, ["record", "list", "--as", "maria"], sealed);
  assert.equal(afterwards.records.length, before.records.length);
});

/** A history of three visits: more than there are tokens at hand. */
function severalVisits(): string {
  const entries = new Map<string, unknown>();
  for (const { bytes } of syntheticPatient(6, { institutions: ["general-hospital"], visits: 3 })
    .bundles) {
    const { entry } = JSON.parse(new TextDecoder().decode(bytes)) as {
      entry: { fullUrl: string }[];
    };
    for (const each of entry) entries.set(each.fullUrl, each);
  }
  return JSON.stringify({
    resourceType: "Bundle",
    type: "transaction",
    entry: [...entries.values()],
  });
}

/** While `work` runs, a device is a file that is no folder: whoever tries to read it fails, root too. */
async function withoutDevice(name: string, work: () => Promise<void>): Promise<void> {
  const device = join(dir, "devices", name);
  await rename(device, `${device} away`);
  await writeFile(device, "", { mode: 0o000 });
  try {
    await work();
  } finally {
    await rename(`${device} away`, `${device} back`);
    await rm(device);
    await rename(`${device} back`, device);
  }
}

test("a child that dies is named and started again, and its chain goes on", async () => {
  const { run } = await federationFile();
  process.kill(run.children["general-hospital"] ?? 0, "SIGKILL");
  const isBack = (): boolean => federation.said().includes("general-hospital runs again");
  for (let waitedMs = 0; !isBack(); waitedMs += 100) {
    assert.ok(waitedMs < 30_000, federation.said());
    await sleep(100);
  }
  assert.match(federation.said(), /general-hospital ended unexpectedly \(SIGKILL\)/);
  assert.notEqual(
    (await federationFile()).run.children["general-hospital"],
    run.children["general-hospital"],
  );
  await ask(dir, ["record", "confirm", written, "--as", "maria"], sealed);
});

test("a proof checks offline after SIGTERM; the same folder resumes with the same keys and data", async () => {
  const proof = file("record.proof");
  await ask(dir, ["proof", "export", written, "--as", "maria", "--out", proof], sealed);
  const trust = await readFile(join(dir, "trust.json"), "utf8");
  const { run } = await federationFile();

  assert.equal(await federation.stop(), 0);
  await assert.rejects(access(join(dir, "up.lock")));
  assert.equal((await federationFile()).run, undefined);
  for (const pid of Object.values(run.children))
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  assert.equal(
    (await refusal(dir, ["record", "list", "--as", "maria"], sealed)).code,
    "NOT_RUNNING",
  );
  const check = ["proof", "check", proof, "--trust", join(dir, "trust.json")];
  const checked = await ask<{ ok: boolean; record: string; confirmed: boolean }>(dir, check);
  assert.deepEqual([checked.ok, checked.record, checked.confirmed], [true, written, true]);

  federation = await up(dir, [], sealed);
  assert.equal(await readFile(join(dir, "trust.json"), "utf8"), trust);
  await ask(
    dir,
    ["record", "open", written, "--as", "maria", "--out", file("resumed.pdf")],
    sealed,
  );
  assert.deepEqual(await readFile(file("resumed.pdf")), Buffer.from(pdf));
});

test("after a hard end the children end by themselves, and the folder resumes", async () => {
  const { run } = await federationFile();
  federation.process.kill("SIGKILL");
  federation = await up(dir, [], sealed);
  for (const pid of Object.values(run.children))
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  await ask(
    dir,
    ["record", "open", written, "--as", "dr-rossi", "--out", file("again.pdf")],
    sealed,
  );
  assert.deepEqual(await readFile(file("again.pdf")), Buffer.from(pdf));
});
