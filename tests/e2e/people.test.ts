/** D13, D19, D29: institutions and people come and go in a running federation, through the command line. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
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
