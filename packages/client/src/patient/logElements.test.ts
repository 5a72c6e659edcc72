/** What the log says of every kind of entry, what it says years later, and what it asks to say it. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { LogEntry, Session } from "@anamnesis/client";
import { collect } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { announceMany, denyMany } from "@anamnesis/testing/client/uses";
import { proveSlip } from "../proofs/prove.ts";

const YEAR_MS = 366 * 24 * 3_600_000;
/** With as many that say that they are done, more than a page of 500. */
const OPENINGS = 260;

describe("accessLog()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let chen: Session;
  let record = "";
  let gid = "";
  let intents: readonly string[] = [];

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    const author = await federation.join("doctor", "Dr Li");
    chen = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const input = {
      content: utf8("a note"),
      fileName: "a.txt",
      for: "alice",
      category: "laboratory",
    };
    record = (await doctor.importFile(author, input))[0]?.id ?? "";
    await patient.confirm(alice, { ids: [record] });
    await collect(await doctor.openOwn(author, record));
    const asks = {
      for: "alice",
      categories: ["laboratory"],
      purpose: "ETREAT",
      until: federation.clock() + YEAR_MS / 12,
    } as const;
    await doctor.requestAccess(chen, asks);
    await patient.receive(alice);
    const [asked] = await patient.listRequests(alice);
    await patient.refuse(alice, asked!.id);
    gid = (await patient.grant(alice, { to: "Dr Chen", records: [record] })).id;
    const { digest } = (await patient.listRecords(alice))[0]!.versions[0]!;
    const used = { patient: alice, reader: chen, gid };
    intents = await announceMany(federation, used, [digest], OPENINGS);
    await denyMany(federation, used, 1);
    await patient.revoke(alice, gid);
  });

  const reader = ["Dr Chen", "city-hospital", "doctor"];
  /** The record's kind, its institution, its title. */
  const data = [["laboratory"], ["general-hospital"], ["a.txt"]] as const;
  const nothing = [[], [], []] as const;
  const kind = [["laboratory"], undefined, []] as const;
  // Regulation (EU) 2025/327, article 9 and annex II 3.2: who, when, which kinds of data, whence; and why, in an emergency or not.
  const rows: Readonly<Record<LogEntry["what"], readonly unknown[]>> = {
    asked: [reader, kind, ["ETREAT"], true],
    refused: [reader, kind, ["ETREAT"], true],
    granted: [reader, data, ["TREAT"], false],
    revoked: [reader, data, ["TREAT"], false],
    opened: [reader, data, ["TREAT"], false],
    denied: [reader, data, ["TREAT"], false],
    // The author reads what they wrote, and states no purpose.
    reread: [["Dr Li", "general-hospital", "doctor"], data, [], false],
    // Nobody had data of a record; a notice proves no role.
    lookedUp: [["Dr Chen", "city-hospital", ""], nothing, [], false],
  };

  test("every kind of entry says who, when, which kinds of data, whence and why", async () => {
    const log = await patient.accessLog(alice);
    assert.deepEqual(
      new Set(log.map(({ what }) => what)),
      new Set(Object.keys(rows)),
      "every kind is there",
    );
    for (const entry of log) {
      const { name, institution, role } = entry.who;
      const { categories, origins, titles } = entry;
      assert.deepEqual(
        [
          [name, institution, role],
          [categories, origins, Object.values(titles)],
          entry.purposes,
          entry.emergency,
        ],
        rows[entry.what],
        entry.what,
      );
      assert.ok(Number.isSafeInteger(entry.time) && entry.time <= federation.clock());
    }
  });

  test("what was proven once is not proven again, and stays where proofs cannot be had", async (t) => {
    const before = await patient.accessLog(alice);
    t.after(() => federation.chains.lies.clear());
    let asked = 0;
    federation.chains.lies.set("slipProof", () => {
      asked += 1;
      throw new AnamnesisError("UNAVAILABLE", "away");
    });
    assert.deepEqual(await patient.accessLog(alice), before);
    assert.equal(asked, 0);
  });

  test("what a proxy told before is not forgotten while it is silent", async (t) => {
    const before = await patient.accessLog(alice);
    await patient.grant(alice, { to: "Dr Chen", records: [record] });
    t.after(() => federation.proxies.away.clear());
    federation.proxies.away.add(1).add(2);
    const opened = (log: readonly LogEntry[]) => log.filter(({ what }) => what === "opened");
    assert.deepEqual(opened(await patient.accessLog(alice)), opened(before));
  });

  test("L-68: entries of three years ago are listed, page by page, and provable", async () => {
    federation.skewMs += 3 * YEAR_MS;
    const another = { ...alice };
    const opened = (await patient.accessLog(another)).filter(({ what }) => what === "opened");
    assert.equal(opened.length, OPENINGS);
    assert.deepEqual(
      new Set(opened.flatMap((entry) => (entry.what === "opened" ? [entry.intent] : []))),
      new Set(intents),
    );
    assert.ok(opened.every(({ time }) => federation.clock() - time >= 3 * YEAR_MS));
    const { chain } = consortiumOf(federation.trust);
    const { slip, signers } = await proveSlip(alice, chain, intents[0]!);
    assert.equal(slip.kind, "usage.intent");
    assert.ok(signers.length >= 2);
  });
});
