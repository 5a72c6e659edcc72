/** A grant answers the open requests that it covers, whether it was made for one or for its reader. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import type { AccessRequestInput } from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { GrantInput } from "@anamnesis/client/patient";
import { toHex } from "@anamnesis/crypto/verify";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const DAY_MS = 24 * 3_600_000;

describe("grant() to a doctor who has asked", () => {
  let federation: ClientFederation;
  let alice: Session;
  let chen: Session;
  let note = "";
  let lab = "";

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    const author = await federation.join("doctor", "Dr Li");
    chen = await federation.join("doctor", "Dr Chen", "city-hospital");
    await federation.join("doctor", "Dr Wu", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const write = async (category: string): Promise<string> => {
      const input = { content: text(category), fileName: "a.txt", for: "alice", category };
      return (await doctor.importFile(author, input))[0]?.id ?? "";
    };
    [note, lab] = [await write("encounter-note"), await write("laboratory")];
    await patient.confirm(alice, { all: true });
  });

  const asks = async (wants: Partial<AccessRequestInput>): Promise<string> => {
    const until = federation.clock() + DAY_MS;
    const { id } = await doctor.requestAccess(chen, {
      for: "alice",
      purpose: "TREAT",
      until,
      ...wants,
    });
    await patient.receive(alice);
    return id;
  };
  const stateOf = async (id: string): Promise<readonly (string | undefined)[]> => {
    await doctor.receive(chen);
    const lists = [await patient.listRequests(alice), await doctor.listRequests(chen)];
    return lists.map((list) => list.find((request) => request.id === id)?.state);
  };

  const rows: {
    readonly when: string;
    readonly asked: () => Partial<AccessRequestInput>;
    readonly given: () => Omit<GrantInput, "to">;
    readonly want: "granted" | "open";
    readonly to?: string;
  }[] = [
    { when: "all is asked, all given", asked: () => ({}), given: () => ({}), want: "granted" },
    {
      when: "a category is asked, all given",
      asked: () => ({ categories: ["laboratory"] }),
      given: () => ({}),
      want: "granted",
    },
    {
      when: "a record is asked, its category given",
      asked: () => ({ records: [lab] }),
      given: () => ({ categories: ["laboratory"] }),
      want: "granted",
    },
    {
      when: "a record is asked and given",
      asked: () => ({ records: [lab] }),
      given: () => ({ records: [lab] }),
      want: "granted",
    },
    {
      when: "research is asked and given",
      asked: () => ({ purpose: "HRESCH" }),
      given: () => ({ purpose: "HRESCH" }),
      want: "granted",
    },
    {
      when: "all is asked, one category given",
      asked: () => ({}),
      given: () => ({ categories: ["laboratory"] }),
      want: "open",
    },
    {
      when: "a category is asked, its records of today given",
      asked: () => ({ categories: ["laboratory"] }),
      given: () => ({ records: [lab] }),
      want: "open",
    },
    {
      when: "two records are asked, one given",
      asked: () => ({ records: [lab, note] }),
      given: () => ({ records: [lab] }),
      want: "open",
    },
    {
      when: "a record that is not the patient's is asked too",
      asked: () => ({ records: [lab, "f".repeat(64)] }),
      given: () => ({}),
      want: "open",
    },
    {
      when: "research is asked, treatment given",
      asked: () => ({ purpose: "HRESCH" }),
      given: () => ({}),
      want: "open",
    },
    {
      when: "a copy is asked, reading given",
      asked: () => ({ actions: ["read", "copy"] }),
      given: () => ({}),
      want: "open",
    },
    {
      when: "another doctor is given",
      asked: () => ({}),
      given: () => ({}),
      want: "open",
      to: "Dr Wu",
    },
  ];
  for (const { when, asked, given, want, to = "Dr Chen" } of rows) {
    test(`the request is ${want} when ${when}`, async () => {
      const id = await asks(asked());
      const grant = await patient.grant(alice, { to, ...given() });
      assert.deepEqual(await stateOf(id), [want, want]);
      const listed = (await patient.listRequests(alice)).find((request) => request.id === id);
      assert.equal(listed?.gid, want === "granted" ? grant.id : undefined);
      if (want === "open") await patient.refuse(alice, id);
      else await assert.rejects(patient.refuse(alice, id), { code: "REQUEST_CLOSED" });
    });
  }

  test("a grant for one request answers it though narrowed, and others that it covers", async () => {
    const [all, ofLab, ofNote] = [
      await asks({}),
      await asks({ categories: ["laboratory"] }),
      await asks({ records: [note] }),
    ];
    await patient.grant(alice, { request: all, categories: ["laboratory"] });
    assert.deepEqual(
      [await stateOf(all), await stateOf(ofLab), await stateOf(ofNote)],
      [
        ["granted", "granted"],
        ["granted", "granted"],
        ["open", "open"],
      ],
    );
  });

  test("no slip of a grant names a request", () => {
    const requests = federation.chains.posted.filter(({ kind }) => kind === "access.request");
    const grants = federation.chains.posted.filter(({ kind }) => kind === "grant.publish");
    assert.ok(requests.length > 10 && grants.length > 10);
    for (const { bytes } of grants)
      for (const { id } of requests) assert.ok(!toHex(bytes).includes(id));
  });
});
