/** D13, D19, D29: institutions and people come and go in a running federation, through the command line. */
import assert from "node:assert/strict";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { places } from "@anamnesis/client/folder";
import { toHex } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import { consortiumOf, nodeRoutes, parseTrust } from "@anamnesis/protocol";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { ask, refusal, temporaryFolder, up } from "./anamnesis.ts";
import type { Up } from "./anamnesis.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let federation: Up | undefined;
const env = { ANAMNESIS_PASSPHRASE: "a passphrase for tests" };

before(async () => {
  folder = await temporaryFolder();
  dir = join(folder.path, "federation");
  federation = await up(dir, [], env);
});
after(async () => {
  await federation?.stop();
  await folder.remove();
});

const told = <T>(...args: readonly string[]): Promise<T> => ask<T>(dir, args, env);
const refused = async (...args: readonly string[]): Promise<string> =>
  (await refusal(dir, args, env)).code;
const add = (name: string, role: string, at: string): readonly string[] => [
  "person",
  "add",
  name,
  "--role",
  role,
  "--at",
  at,
];

interface Staff {
  readonly staff: readonly {
    readonly name: string;
    readonly role: string;
    readonly institution: string;
    readonly standing: string;
    readonly fingerprint: string;
  }[];
}
interface Institutions {
  readonly institutions: readonly {
    readonly id: string;
    readonly level: string;
    readonly votes: boolean;
    readonly suspended: boolean;
  }[];
}
const institution = async (id: string) =>
  (await told<Institutions>("institution", "list")).institutions.find((one) => one.id === id);

test("a third party joins a running federation, and has staff in its own roles", async () => {
  const insurance = ["institution", "add", "blue-insurance", "--name", "Blue Insurance"];
  await told(...insurance);
  assert.deepEqual(await institution("blue-insurance"), {
    id: "blue-insurance",
    name: "Blue Insurance",
    level: "third-party",
    votes: false,
    suspended: false,
  });
  assert.equal(await refused(...insurance), "INSTITUTION_EXISTS");
  await told(...add("ivy", "insurer", "blue-insurance"));
  const { staff } = await told<Staff>("staff", "list", "--at", "blue-insurance");
  assert.deepEqual(
    staff.map(({ name, role, standing }) => [name, role, standing]),
    [
      ["ivy", "insurer", "live"],
      ["Blue Insurance registrar", "registrar", "live"],
    ],
  );
  for (const role of ["doctor", "patient", "collector"])
    assert.equal(
      await refused(...add("no-one", role, "blue-insurance")),
      "NOT_FOR_THIS_ROLE",
      role,
    );
  assert.equal(await refused(...add("no-one", "insurer", "city-hospital")), "NOT_FOR_THIS_ROLE");
});

test("nobody joins under another's id, or as what would need a node", async () => {
  const adding = (id: string, ...rest: readonly string[]) =>
    refused("institution", "add", id, "--name", "Somebody", ...rest);
  assert.equal(await adding("city-hospital"), "INSTITUTION_EXISTS");
  assert.equal(await adding("care"), "NOT_AUTHORISED");
  assert.equal(await adding("No Id"), "USAGE");
  assert.equal(await adding("new-hospital", "--level", "secondary"), "BAD_REQUEST");
});

test("a suspended institution certifies nobody, and does again when it is resumed", async () => {
  await told("institution", "suspend", "blue-insurance");
  assert.equal((await institution("blue-insurance"))?.suspended, true);
  assert.equal(await refused(...add("ian", "insurer", "blue-insurance")), "UNAVAILABLE");
  await told("institution", "resume", "blue-insurance");
  await told(...add("ian", "insurer", "blue-insurance"));
  assert.equal(await refused("institution", "suspend", "nobody"), "INSTITUTION_UNKNOWN");
});

/** An institution's node key, as each member has it. */
async function nodeKeyOf(id: string): Promise<string> {
  const { chain, members } = consortiumOf(
    parseTrust(await readFile(join(dir, "trust.json"), "utf8")),
  );
  const keys = await Promise.all(
    members.map(async ({ address }) => {
      const node = new Part("node", address);
      const { institutions } = await node.call(nodeRoutes.getInstitutions, { params: { chain } });
      return toHex(institutions.find((one) => one.id === id)!.nodeKey);
    }),
  );
  return keys[0]!;
}

test("D13: a third party's key is replaced by itself, or by the authorities; the one before it ends", async () => {
  const rotate = ["institution", "rotate-key", "blue-insurance"];
  const keys = join(places(dir).data, "blue-insurance", "node", "keys.json");
  const stolen = await readFile(keys);
  const before = await nodeKeyOf("blue-insurance");
  await told(...rotate);
  const after = await nodeKeyOf("blue-insurance");
  assert.notEqual(after, before);
  assert.notDeepEqual(await readFile(keys), stolen);

  await writeFile(keys, stolen);
  assert.equal(await refused(...rotate), "SLIP_SIGNATURE", "who has the key from before");
  assert.equal(await nodeKeyOf("blue-insurance"), after);
  await rm(keys);
  await told(...rotate, "--lost");
  assert.notEqual(await nodeKeyOf("blue-insurance"), after);
  await told(...add("isa", "insurer", "blue-insurance"));

  assert.equal(await refused("institution", "rotate-key", "nobody"), "INSTITUTION_UNKNOWN");
  assert.equal(await refused("institution", "rotate-key", "city-hospital"), "BAD_REQUEST");
  assert.equal(await refused("institution", "rotate-key", "No Id"), "USAGE");
});

/** Where somebody is what, and whether that counts. */
const certificates = async (name: string) =>
  (await told<Staff>("staff", "list", "--name", name)).staff
    .map((one) => `${one.standing} ${one.role} at ${one.institution}`)
    .toSorted();
const first = (record: { records: readonly { id: string }[] }): string => record.records[0]!.id;

test("one doctor works at a hospital and an online clinic, on one device under two certificates", async () => {
  await told(...add("dr-mei", "doctor", "general-hospital"));
  await told(...add("pat", "patient", "general-hospital"));
  const clinic = ["doctor", "add-affiliation", "dr-mei", "--at", "online-clinic"];
  await told(...clinic);
  assert.deepEqual(await certificates("dr-mei"), [
    "live doctor at general-hospital",
    "live doctor at online-clinic",
  ]);
  assert.equal(await refused(...clinic), "ALREADY_ENROLLED");
  assert.equal(
    await refused("doctor", "add-affiliation", "dr-mei", "--at", "blue-insurance"),
    "NOT_FOR_THIS_ROLE",
  );
  assert.equal(await refused("access", "list", "--as", "dr-mei@city-hospital"), "NOT_FOUND");

  // Who the patient let in at the clinic is the clinic's doctor, not the hospital's.
  await told("visit", "open", "--as", "pat", "--with", "dr-mei@online-clinic");
  const file = join(folder.path, "letter.pdf");
  await writeFile(file, syntheticPdf(7));
  const record = first(
    await told("record", "import", file, "--by", "dr-mei@online-clinic", "--for", "pat"),
  );
  const authored = async (who: string) =>
    (await told<{ records: readonly { id: string }[] }>("record", "list", "--as", who)).records.map(
      ({ id }) => id,
    );
  assert.deepEqual(await authored("dr-mei@online-clinic"), [record]);
  assert.deepEqual(await authored("dr-mei"), []);

  // A grant names one certificate.
  assert.equal(await refused("access", "grant", "--as", "pat", "--to", "dr-mei"), "AMBIGUOUS_NAME");
  const named = ["--to", "dr-mei@general-hospital", "--actions", "read,copy"];
  await told("access", "grant", "--as", "pat", ...named);
  const out = join(folder.path, "opened.pdf");
  await told("record", "open", record, "--as", "dr-mei@general-hospital", "--out", out);
});

test("a doctor whose device is lost is certified anew by their registrar, and by nobody else", async () => {
  const anew = (at: string, ...rest: readonly string[]): readonly string[] => [
    "person",
    "recertify",
    "dr-mei",
    "--at",
    at,
    ...rest,
  ];
  assert.equal(await refused(...anew("general-hospital")), "DEVICE_EXISTS");
  await rename(join(dir, "devices", "dr-mei"), join(folder.path, "lost"));
  assert.equal(await refused(...add("dr-mei", "doctor", "general-hospital")), "ALREADY_ENROLLED");
  assert.equal(await refused(...anew("city-hospital")), "NOT_FOUND");
  const { staff } = await told<Staff>("staff", "list", "--name", "dr-mei");
  const lost = staff.find((one) => one.institution === "general-hospital")!.fingerprint;
  assert.equal(
    await refused(...anew("city-hospital", "--replaces", lost)),
    "ALREADY_ENROLLED",
    "another hospital's registrar",
  );
  const { person } = await told<{ person: { fingerprint: string } }>(...anew("general-hospital"));
  assert.deepEqual(await certificates("dr-mei"), [
    "live doctor at general-hospital",
    "live doctor at online-clinic",
    "revoked doctor at general-hospital",
  ]);
  // The patient's device knew the other key, and asks before it deals with this one.
  const grant = ["access", "grant", "--as", "pat", "--to", "dr-mei@general-hospital"];
  assert.equal(await refused(...grant), "KEY_CHANGED");
  await told("person", "accept", person.fingerprint, "--as", "pat");
  await told(...grant);
});

test("a doctor is suspended and let act again by their institution; what voters suspended it does not lift", async () => {
  const asks = ["access", "list", "--as", "dr-nox"];
  await told(...add("dr-nox", "doctor", "city-hospital"));
  const change = (verb: string, at = "city-hospital", ...rest: readonly string[]) =>
    ["person", verb, "dr-nox", "--at", at, ...rest] as const;
  const standing = async () => (await certificates("dr-nox"))[0]!.split(" ")[0];
  await told(...asks);
  assert.equal(await refused(...change("suspend", "general-hospital")), "NOT_FOUND");
  assert.equal(await refused(...change("suspend", "city-hospital", "--hours", "25")), "USAGE");

  await told(...change("suspend", "city-hospital", "--hours", "1"));
  assert.equal(await standing(), "suspended");
  const visit = ["visit", "open", "--as", "pat", "--with", "dr-nox"] as const;
  assert.equal(await refused(...visit), "CERTIFICATE_NOT_LIVE");
  await told(...change("resume"));
  assert.equal(await standing(), "live");
  await told(...visit);

  await told(...change("suspend", "city-hospital", "--by-voters"));
  assert.equal(await refused(...change("resume")), "VOTES_MISSING");
  assert.equal(await standing(), "suspended");
  await told(...change("resume", "city-hospital", "--by-voters"));
  assert.equal(await standing(), "live");
});

test("a hold on a patient is their institution's to make, and is lifted in one step", async () => {
  const { person } = await told<{ person: { fingerprint: string } }>(
    ...add("quinn", "patient", "online-clinic"),
  );
  const hold = (verb: string, at: string) =>
    ["person", verb, person.fingerprint, "--at", at] as const;
  assert.equal(await refused(...hold("suspend", "city-hospital")), "FORBIDDEN");
  await told(...hold("suspend", "online-clinic"));
  await told(...hold("resume", "online-clinic"));
  await told("visit", "open", "--as", "quinn", "--with", "dr-nox");
});

test("D30: whose a visit is two officers find out together, and nobody alone", async () => {
  await told(...add("otto", "officer", "general-hospital"));
  await told(...add("rita", "officer", "national-authority"));
  await told(...add("dr-own", "doctor", "general-hospital"));
  await told(...add("tess", "patient", "general-hospital"));
  const opening = ["visit", "open", "--as", "tess", "--with", "dr-own"] as const;
  const { visit } = await told<{ visit: { pid: string } }>(...opening);
  const trace = (by: string, second: string, pid = visit.pid): readonly string[] => [
    "trace",
    pid,
    "--case",
    "case 7",
    "--by",
    by,
    "--with",
    second,
  ];
  const { traced } = await told<{ traced: { identifier: string } }>(...trace("otto", "rita"));
  assert.equal(traced.identifier, "tess");
  assert.equal(await refused(...trace("otto", "dr-own")), "NOT_FOR_THIS_ROLE");
  assert.equal(await refused(...trace("otto", "otto")), "NOT_THE_REGISTRYS_OFFICER");
  assert.equal(await refused(...trace("otto", "rita", "ab".repeat(32))), "NOT_FOUND");
});
