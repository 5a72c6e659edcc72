/** The command line as outside scripts use it: one demo federation, walked from enrolment to revocation. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, sameResources, unite } from "@anamnesis/fhir";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import { inOrder } from "@anamnesis/testing/inOrder";
import { ask, refusal, run, temporaryFolder, up } from "./anamnesis.ts";
import type { Up } from "./anamnesis.ts";
import { registrarsKeys } from "./registrarsKeys.ts";

interface Listed {
  readonly id: string;
  readonly category: string;
  readonly state: string;
  readonly confirmed: boolean;
  readonly patient?: { readonly name: string };
}
interface Records {
  readonly records: readonly Listed[];
}
interface Entries {
  readonly entries: readonly {
    readonly what: string;
    readonly who: { readonly name: string };
    readonly records?: readonly string[];
  }[];
}

const test = inOrder();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let federation: Up;
const unknown = "f".repeat(64);
const file = (name: string): string => join(folder.path, name);
const pdf = syntheticPdf(5);
const [visit] = syntheticPatient(5, { institutions: ["general-hospital"], visits: 1 }).bundles;
assert.ok(visit);
let whole = "";
let split: readonly string[] = [];
let request = "";
let grant = "";

before(async () => {
  folder = await temporaryFolder();
  dir = file("federation");
  await writeFile(file("letter.pdf"), pdf);
  await writeFile(file("visit.json"), visit.bytes);
  federation = await up(dir, ["--demo"], { ANAMNESIS_PASSPHRASE: "of some other federation" });
});

after(async () => {
  await federation.stop();
  await folder.remove();
});

test("up says that it is ready, writes what others need, and serves the portal", async () => {
  const { ready, portal, dir: said } = federation.ready;
  assert.equal(ready, true);
  assert.equal(said, dir);
  assert.match(portal, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const trust = await fetch(`${portal}trust.json`);
  assert.equal(await trust.text(), await readFile(join(dir, "trust.json"), "utf8"));
  assert.match(
    trust.headers.get("content-security-policy") ?? "",
    /default-src 'none'.*'wasm-unsafe-eval'/,
  );
  const { people } = (await (await fetch(`${portal}demo/people`)).json()) as {
    people: { name: string; role: string }[];
  };
  assert.deepEqual(
    people.map(({ name }) => name),
    ["anna-keller", "dr-chen", "dr-li", "dr-sun", "zhang-wei"],
  );
});

registrarsKeys(() => federation);

test("a demo federation is alive: records, an open request, a live grant", async () => {
  const { records } = await ask<Records>(dir, ["record", "list", "--as", "zhang-wei"]);
  assert.ok(records.length > 4);
  assert.ok(
    records.some(({ confirmed }) => confirmed) && records.some(({ confirmed }) => !confirmed),
  );
  const { requests, grants } = await ask<{
    requests: { state: string }[];
    grants: { status: string }[];
  }>(dir, ["access", "list", "--as", "zhang-wei"]);
  assert.deepEqual(
    requests.map(({ state }) => state),
    ["open"],
  );
  assert.deepEqual(
    grants.map(({ status }) => status),
    ["live"],
  );
});

test("person add enrols once, and says why not", async () => {
  const add = (...args: readonly string[]): readonly string[] => ["person", "add", ...args];
  const { person } = await ask<{ person: Record<string, string> }>(
    dir,
    add("maria", "--role", "patient", "--at", "general-hospital"),
  );
  assert.equal(person["role"], "patient");
  await ask(dir, add("dr-rossi", "--role", "doctor", "--at", "general-hospital"));
  await ask(dir, add("dr-haas", "--role", "doctor", "--at", "city-hospital"));
  await ask(dir, add("dr-ito", "--role", "doctor", "--at", "online-clinic"));
  const rows = [
    [add("maria", "--role", "patient", "--at", "city-hospital"), 5, "DEVICE_EXISTS"],
    [
      add("other", "--role", "patient", "--at", "city-hospital", "--identifier", "maria"),
      5,
      "ALREADY_ENROLLED",
    ],
    [add("other", "--role", "patient", "--at", "no-hospital"), 3, "NOT_FOUND"],
    [add("../other", "--role", "patient", "--at", "city-hospital"), 2, "BAD_REQUEST"],
    [add("other", "--role", "patient", "--at", "national-authority"), 4, "NOT_FOR_THIS_ROLE"],
  ] as const;
  for (const [args, exit, code] of rows) {
    const found = await refusal(dir, args);
    assert.deepEqual([found.exit, found.code], [exit, code], args.join(" "));
  }
  assert.ok(
    !(await readdir(join(dir, "devices"))).includes("other"),
    "A refused enrolment leaves no device",
  );
});

test("visit open hands the token over; import writes a file whole and a Bundle split", async () => {
  await ask(dir, ["visit", "open", "--as", "maria", "--with", "dr-rossi"]);
  const written = await ask<Records>(dir, [
    "record",
    "import",
    file("letter.pdf"),
    "--by",
    "dr-rossi",
    "--for",
    "maria",
    "--whole",
  ]);
  assert.equal(written.records.length, 1);
  whole = written.records[0]?.id ?? "";
  const more = await ask<Records>(dir, [
    "record",
    "import",
    file("visit.json"),
    "--by",
    "dr-rossi",
    "--for",
    "maria",
  ]);
  split = more.records.map(({ id }) => id);
  assert.ok(split.length > 1);
  const listed = await ask<Records>(dir, ["record", "list", "--as", "maria"]);
  assert.deepEqual(listed.records.map(({ id }) => id).toSorted(), [whole, ...split].toSorted());
  assert.ok(listed.records.every(({ state }) => state === "unconfirmed"));
  const mine = await ask<Records>(dir, ["record", "list", "--as", "dr-rossi"]);
  assert.ok(mine.records.every(({ patient }) => patient?.name === "maria"));
});

test("confirm and dispute: the patient's word on a record", async () => {
  const [disputed = "", ...rest] = split;
  await ask(dir, ["record", "dispute", disputed, "--reason", "That was not me", "--as", "maria"]);
  const { confirmed } = await ask<{ confirmed: string[] }>(dir, [
    "record",
    "confirm",
    ...rest,
    whole,
    "--as",
    "maria",
  ]);
  assert.equal(confirmed.length, rest.length + 1);
  const { records } = await ask<Records>(dir, ["record", "list", "--as", "maria"]);
  assert.equal(records.find(({ id }) => id === disputed)?.state, "disputed");
  assert.ok(records.filter(({ id }) => id !== disputed).every((record) => record.confirmed));
  const again = await refusal(dir, [
    "record",
    "dispute",
    disputed,
    "--reason",
    "x",
    "--as",
    "maria",
  ]);
  assert.equal(again.code, "ALREADY_DISPUTED");
});

test("request, grant, open: byte-identical and resource-identical at the other hospital", async () => {
  const asking = "access request --as dr-haas --for maria --purpose TREAT --days 30";
  const asked = await ask<{ request: { id: string } }>(dir, [
    ...asking.split(" "),
    "--actions",
    "read,copy",
  ]);
  request = asked.request.id;
  const given = await ask<{ grant: { id: string } }>(dir, [
    "access",
    "grant",
    "--as",
    "maria",
    "--request",
    request,
  ]);
  grant = given.grant.id;
  const { records } = await ask<Records>(dir, ["record", "list", "--as", "dr-haas"]);
  assert.deepEqual(records.map(({ id }) => id).toSorted(), [whole, ...split].toSorted());
  assert.ok(records.every(({ patient }) => patient?.name === "maria"));

  await ask(dir, ["record", "open", whole, "--as", "dr-haas", "--out", file("seen.pdf")]);
  assert.deepEqual(await readFile(file("seen.pdf")), Buffer.from(pdf));
  const plain = await run(["record", "open", whole, "--as", "dr-haas", "--dir", dir]);
  assert.deepEqual(Buffer.from(plain.stdout, "latin1"), Buffer.from(pdf));
  const several = ["record", "open", ...split, unknown, whole, "--as", "dr-haas", "--json"];
  const opened = await run([...several, "--out", file("opened"), "--dir", dir]);
  assert.equal(opened.code, 5, "one is unknown");
  const { failed } = JSON.parse(opened.stdout) as { failed: { id: string; code: string }[] };
  assert.deepEqual([failed.length, failed[0]?.id, failed[0]?.code], [1, unknown, "NO_ACCESS"]);
  assert.deepEqual((await readdir(file("opened"))).toSorted(), [whole, ...split].toSorted());
  const documents = [];
  for (const id of split) documents.push(parse(await readFile(join(file("opened"), id))));
  assert.ok(sameResources(unite(documents), parse(visit.bytes).entries));
  await ask(dir, ["record", "open", whole, "--as", "dr-rossi", "--out", file("own.pdf")]);
  assert.deepEqual(await readFile(file("own.pdf")), Buffer.from(pdf));
});

test("a grant by record opens that record and no other; a stranger opens nothing", async () => {
  const before = await refusal(dir, ["record", "open", whole, "--as", "dr-ito"]);
  assert.deepEqual([before.exit, before.code], [4, "NO_ACCESS"]);
  await ask(dir, ["access", "grant", "--as", "maria", "--to", "dr-ito", "--records", whole]);
  const { records } = await ask<Records>(dir, ["record", "list", "--as", "dr-ito"]);
  assert.deepEqual(
    records.map(({ id }) => id),
    [whole],
  );
  await ask(dir, ["record", "open", whole, "--as", "dr-ito"]);
  const copied = ["record", "open", whole, "--as", "dr-ito", "--out", file("ito.pdf")];
  assert.equal((await refusal(dir, copied)).code, "ACTION_NOT_GRANTED", "a file is a copy");
  const far = ["access", "grant", "--as", "maria", "--to", "dr-ito", "--until", "2099-01-01"];
  assert.equal((await refusal(dir, far)).code, "USAGE", "beyond 366 days, before anything is sent");
  const noFolder = await refusal(dir, ["record", "open", whole, unknown, "--as", "dr-ito"]);
  assert.deepEqual([noFolder.exit, noFolder.code], [2, "USAGE"]);
  const sibling = await refusal(dir, ["record", "open", split[0] ?? "", "--as", "dr-ito"]);
  assert.equal(sibling.exit, 4);
});

test("refuse: the doctor reads nothing more, and the request is closed", async () => {
  const asked = await ask<{ request: { id: string } }>(dir, [
    "access",
    "request",
    "--as",
    "dr-ito",
    "--for",
    "maria",
    "--categories",
    "laboratory",
    "--days",
    "1",
  ]);
  await ask(dir, ["access", "refuse", asked.request.id, "--as", "maria"]);
  const { requests } = await ask<{ requests: { id: string; state: string }[] }>(dir, [
    "access",
    "list",
    "--as",
    "dr-ito",
  ]);
  assert.equal(requests.find(({ id }) => id === asked.request.id)?.state, "refused");
  const late = await refusal(dir, [
    "access",
    "grant",
    "--as",
    "maria",
    "--request",
    asked.request.id,
  ]);
  assert.equal(late.exit, 5);
});

test("log: who asked, was allowed, opened, and which record", async () => {
  const { entries } = await ask<Entries>(dir, ["log", "--as", "maria"]);
  const of = (what: string, name: string): Entries["entries"] =>
    entries.filter((entry) => entry.what === what && entry.who.name === name);
  assert.equal(of("asked", "dr-haas").length, 1);
  assert.equal(of("granted", "dr-haas").length, 1);
  const opened = of("opened", "dr-haas").map(({ records }) => records?.length ?? 0);
  assert.deepEqual(
    opened.toSorted((a, b) => a - b),
    [1, 1, split.length + 1],
    "by intent",
  );
  assert.ok(of("opened", "dr-haas").some(({ records }) => records?.includes(whole)));
  assert.equal(of("reread", "dr-rossi").length, 1);
  assert.equal(of("refused", "dr-ito").length, 1);
});

test("log filters by kind, person and record, and exports as CSV and as AuditEvents", async () => {
  const log = ["log", "--as", "maria"];
  const filter = ["--kind", "opened", "--who", "dr-haas", "--record", whole];
  const { entries } = await ask<Entries>(dir, [...log, ...filter]);
  assert.ok(entries.length > 0);
  assert.ok(entries.every(({ what, records }) => what === "opened" && records?.includes(whole)));
  const [csv, fhir] = [file("log.csv"), file("log.json")];
  const written = await ask<{ entries: number }>(dir, [
    ...log,
    ...filter,
    "--format",
    "csv",
    "--out",
    csv,
  ]);
  assert.equal(written.entries, entries.length);
  assert.equal((await readFile(csv, "utf8")).split("\r\n").length, entries.length + 2);
  await ask(dir, [...log, "--format", "fhir", "--out", fhir]);
  const bundle = JSON.parse(await readFile(fhir, "utf8")) as {
    entry: { resource: { resourceType: string } }[];
  };
  assert.ok(bundle.entry.every(({ resource }) => resource.resourceType === "AuditEvent"));
  const { exit, code } = await refusal(dir, [...log, "--since", "last week"]);
  assert.deepEqual([exit, code], [2, "USAGE"]);
});

test("revoke and expire: no more openings", async () => {
  const revoked = await ask<{ grant: { status: string; receipts: number[] } }>(dir, [
    "access",
    "revoke",
    grant,
    "--as",
    "maria",
  ]);
  assert.equal(revoked.grant.status, "revoked");
  assert.ok(revoked.grant.receipts.length >= 3);
  const askedAt = Date.now();
  const refused = await refusal(dir, ["record", "open", whole, "--as", "dr-haas"]);
  assert.equal(refused.exit, 4);
  // Time enough to grant and to open, on a busy machine too.
  const until = new Date(Date.now() + 8_000 + 6 * (Date.now() - askedAt)).toISOString();
  const again = `access grant --as maria --to dr-haas --records ${whole} --until ${until} --actions read,copy`;
  await ask(dir, again.split(" "));
  await ask(dir, ["record", "open", whole, "--as", "dr-haas", "--out", file("again.pdf")]);
  await sleep(Math.max(0, Date.parse(until) - Date.now()) + 500);
  const expired = await refusal(dir, ["record", "open", whole, "--as", "dr-haas"]);
  assert.equal(expired.exit, 4);
});
