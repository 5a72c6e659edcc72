/** Writing: bad files, an absent patient, a full vault, a chain that refuses; what is left behind. */
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { createSha256, piecesOf, streamOf } from "@anamnesis/crypto/verify";
import type { ContentSource } from "@anamnesis/crypto/seal";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { decodeCard } from "../mail.ts";
import { contactKey } from "./addressBook.ts";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const bundle = (entry: object[], type = "collection"): Uint8Array =>
  text(JSON.stringify({ resourceType: "Bundle", type, entry }));
const person = {
  fullUrl: "urn:uuid:00000000-0000-4000-8000-000000000001",
  resource: { resourceType: "Patient", id: "p" },
};
const visit = (n: number) => ({
  fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000010${n}`,
  resource: {
    resourceType: "Encounter",
    status: "finished",
    class: { code: "AMB" },
    subject: { reference: person.fullUrl },
  },
});

describe("importFile()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    await patient.openVisit(alice, {
      institution: "general-hospital",
      doctor: "Dr Li",
      categories: ["encounter-note", "imaging"],
    });
    await doctor.receive(author);
  });
  beforeEach(() => {
    federation.chains.refuse.clear();
    federation.vaults.mend();
  });

  const state = () => [federation.vaults.stored().size, federation.chains.posted.length] as const;
  const untouched = async (attempt: Promise<unknown>, want: object): Promise<void> => {
    const before = state();
    await assert.rejects(attempt, want);
    assert.deepEqual(state(), before);
  };

  test("refuses what is not a patient's record, with nothing written", async () => {
    const rows: [Uint8Array, string, string][] = [
      [text('{"resourceType":"Bundle","type":"coll'), "cut.json", "JSON_TRUNCATED"],
      [text("<Bundle/>"), "a.xml", "XML_NOT_SUPPORTED"],
      [
        bundle([person, { fullUrl: "urn:uuid:2", resource: { resourceType: "Patient" } }]),
        "two.json",
        "MANY_PATIENTS",
      ],
      [bundle([person], "message"), "type.json", "BUNDLE_TYPE"],
    ];
    for (const [content, fileName, code] of rows)
      await untouched(doctor.importFile(author, { content, fileName, for: "alice" }), { code });
    await untouched(
      doctor.importFile(author, {
        content: text("x"),
        fileName: "x",
        for: "alice",
        category: "nonsense",
      }),
      { code: "CATEGORY_UNKNOWN" },
    );
    await untouched(doctor.importFile(alice, { content: text("x"), fileName: "x", for: "alice" }), {
      code: "NOT_FOR_THIS_ROLE",
    });
    await untouched(
      doctor.importFile(author, { content: text("x"), fileName: "x", for: "nobody" }),
      { code: "NOT_FOUND" },
    );
  });

  test("PATIENT_AWAY when nobody attends, with nothing written; their answer then serves the next attempt", async () => {
    const content = bundle([person, visit(1), visit(2)]);
    const attempt = () =>
      doctor.importFile(author, {
        content,
        fileName: "two.json",
        for: "alice",
        patientWaitMs: 300,
      });
    await untouched(attempt(), { code: "PATIENT_AWAY" });
    await patient.receive(alice);
    const written = await attempt();
    assert.equal(new Set(written.map(({ pid }) => pid)).size, 2);
  });

  test("the same encounter imported again goes to its own visit", async () => {
    const content = bundle([person, visit(1), visit(2)]);
    const again = await doctor.importFile(author, {
      content,
      fileName: "two.json",
      for: "alice",
      patientWaitMs: 300,
    });
    assert.equal(new Set((await patient.listRecords(alice)).map(({ pid }) => pid)).size, 2);
    assert.equal(again.length, 2);
  });

  test("a token serves only its categories", async () => {
    const attempt = doctor.importFile(author, {
      content: text("x"),
      fileName: "x.txt",
      for: "alice",
      category: "laboratory",
      patientWaitMs: 200,
    });
    await untouched(attempt, { code: "PATIENT_AWAY" });
    await patient.receive(alice);
  });

  test("two patients of one name are not confused", async () => {
    const other = await federation.join("patient", "alice", "general-hospital", "another alice");
    await patient.openVisit(other, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    await untouched(
      doctor.importFile(author, { content: text("x"), fileName: "x.txt", for: "alice" }),
      { code: "AMBIGUOUS_NAME" },
    );
    const { fingerprint } = await other.device.certificate();
    const [written] = await doctor.importFile(author, {
      content: text("x"),
      fileName: "x.txt",
      for: fingerprint,
    });
    assert.equal((await patient.listRecords(other))[0]?.id, written?.id);
    // The doctor's own address book tells them apart from here on.
    for (const item of await author.device.items.all("contact")) {
      const key = contactKey(item.patient, decodeCard(item.card));
      if (item.patient === fingerprint)
        await author.device.items.put("contact", key, { ...item, name: "other alice" });
    }
  });

  test("fewer than two vaults with room leave no slip, and each is named", async () => {
    for (const vault of federation.vaults.all.slice(1)) vault.fullAfter = vault.objects.size;
    const slips = federation.chains.posted.length;
    await assert.rejects(
      doctor.importFile(author, { content: text("x"), fileName: "x.txt", for: "alice" }),
      {
        code: "TOO_FEW_VAULTS",
        message: /1 of 2 .*(online-clinic|city-hospital): STORAGE_FULL, /,
      },
    );
    assert.equal(federation.chains.posted.length, slips);
  });

  test("a chain that refuses is told with its code and what is written nevertheless", async () => {
    federation.chains.refuse.set("record.submit", "CARRIER_SUSPENDED");
    await assert.rejects(
      doctor.importFile(author, { content: text("x"), fileName: "x.txt", for: "alice" }),
      (error: { code: string; details?: object }) => {
        assert.equal(error.code, "CARRIER_SUSPENDED");
        assert.deepEqual(error.details, { submitted: [] });
        return true;
      },
    );
  });

  test("a lost answer is asked for again, and nothing is written twice", async () => {
    const count = federation.chains.posted.length;
    let lost = false;
    federation.chains.lies.set("submitBatch", (answer) => {
      if (lost) return answer;
      lost = true;
      throw new AnamnesisError("UNAVAILABLE", "The answer was lost");
    });
    try {
      const [written] = await doctor.importFile(author, {
        content: text("once"),
        fileName: "x.txt",
        for: "alice",
      });
      assert.equal(federation.chains.posted.length, count + 1);
      assert.equal(written?.id, federation.chains.posted.at(-1)?.id);
    } finally {
      federation.chains.lies.clear();
    }
  });

  test("a source that changes between its readings is refused, with no slip", async () => {
    let readings = 0;
    const content: ContentSource = {
      size: 4,
      open: () => {
        readings += 1;
        return streamOf([text(readings > 3 ? "evil" : "good")]);
      },
    };
    const slips = federation.chains.posted.length;
    await assert.rejects(
      doctor.importFile(author, { content, fileName: "x.txt", for: "alice", whole: true }),
      { code: "E_ARGUMENT" },
    );
    assert.equal(federation.chains.posted.length, slips);
  });

  test("a record whose label says something else is not confirmed", async () => {
    const observation = (day: string) =>
      text(JSON.stringify({ resourceType: "Observation", effectiveDateTime: `2026-05-${day}` }));
    let readings = 0;
    const content: ContentSource = {
      size: observation("06").length,
      open: () => {
        readings += 1;
        return streamOf([observation(readings === 1 ? "06" : "07")]);
      },
    };
    const category = "encounter-note";
    const options = { fileName: "x.json", for: "alice", whole: true, category };
    const [lying] = await doctor.importFile(author, { ...options, content });
    const [honest] = await doctor.importFile(author, { ...options, content: observation("08") });
    const ids = [lying!.id, honest!.id];
    const { confirmed, failed } = await patient.confirm(alice, { ids });
    assert.deepEqual(confirmed, [honest!.id]);
    assert.deepEqual(
      failed.map(({ id, code }) => ({ id, code })),
      [{ id: lying!.id, code: "LABEL_MISMATCH" }],
    );
  });

  test("a file of many mebibytes goes through in pieces, byte for byte", async () => {
    const piece = new Uint8Array(1 << 20).map((_, i) => (i * 31) & 0xff);
    const pieces = 24;
    const content: ContentSource = {
      size: pieces * piece.length,
      open: () => streamOf(Array.from({ length: pieces }, () => piece)),
    };
    const [written] = await doctor.importFile(author, {
      content,
      fileName: "scan.dcm",
      for: "alice",
      whole: true,
      category: "imaging",
    });
    const opened = await patient.openRecord(alice, written?.id ?? "");
    const [hash, want] = [createSha256(), createSha256()];
    for await (const part of piecesOf(opened.content)) hash.update(part);
    for await (const part of piecesOf(content.open())) want.update(part);
    assert.deepEqual(hash.digest(), want.digest());
    assert.equal((await opened.finished).size, content.size);
    const [record] = (await patient.listRecords(alice)).filter(({ id }) => id === written?.id);
    assert.equal(record?.title, "scan.dcm");
    await assert.rejects(collect(await patient.openRecord(alice, written?.id ?? ""), 1 << 20), {
      code: "TOO_LARGE",
    });
  });
});
