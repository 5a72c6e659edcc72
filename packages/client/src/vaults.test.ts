/** Where records lie: two vaults hold each, whichever is away, full, forgetful or lying; readers go on and name it. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { fromHex, streamOf } from "@anamnesis/crypto/verify";
import { consortiumOf, vaultsInOrder } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const hourMs = 3_600_000;
const content = new TextEncoder().encode("a letter");
const unwritten = new TextEncoder().encode("never written");
let letters = 0;
/** What stands in each letter, by the id of its record. */
const texts = new Map<string, Uint8Array>();
const large = 5 * 1024 * 1024;

describe("records in vaults", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
  });
  beforeEach(() => federation.vaults.mend());
  after(() => federation.vaults.mend());

  /** Writes a record. @returns its id and its object's, whose vaults stand in order. */
  async function write(size?: number) {
    const before = federation.vaults.stored();
    letters += 1;
    const letter = new TextEncoder().encode(`letter ${letters}`);
    const [written] = await doctor.importFile(author, {
      content:
        size === undefined
          ? letter
          : { size, open: () => streamOf([new Uint8Array(size).fill(letters)]) },
      fileName: "letter.bin",
      for: "alice",
      whole: true,
    });
    const added = [...federation.vaults.stored().keys()].filter((id) => !before.has(id));
    const [object = ""] = added;
    assert.equal(added.length, 1);
    texts.set(written!.id, letter);
    return { record: written!.id, object, order: orderOf(object) };
  }

  const orderOf = (object: string) => {
    const at = { institution: "general-hospital", object: fromHex(object) };
    return vaultsInOrder(consortiumOf(federation.trust).consortium, at).map(({ id }) =>
      federation.vaults.named(id),
    );
  };
  const holdersOf = (object: string): string[] =>
    federation.vaults.all.filter(({ objects }) => objects.has(object)).map(({ id }) => id);

  /** The record as patient, author and granted reader open it. */
  async function openAll(record: string) {
    await patient.grant(alice, {
      to: "Dr Chen",
      records: [record],
      until: federation.clock() + hourMs,
    });
    await doctor.receive(reader);
    const opened = [
      await patient.openRecord(alice, record),
      await doctor.openOwn(author, record),
      await doctor.openGranted(federation.session(reader.device), record),
    ];
    return Promise.all(
      opened.map(async (each) => ({
        content: (await collect(each)).content,
        passed: each.passedVaults.map(({ vault, code }) => `${vault} ${code}`),
      })),
    );
  }

  test("D15: two vaults hold a record, its institution's own first, and are told to keep it", async () => {
    for (let i = 0; i < 4; i += 1) {
      const { object, order } = await write();
      const two = order.slice(0, 2);
      assert.equal(two[0]?.id, "vault");
      assert.deepEqual(holdersOf(object).toSorted(), two.map(({ id }) => id).toSorted());
      for (const vault of two) assert.ok(vault.kept.has(object));
    }
  });

  test("D15: an amendment is kept in two vaults, too", async () => {
    const { record } = await write();
    await doctor.amendRecord(author, { record, content, fileName: "again.txt", whole: true });
    const newest = [...federation.vaults.stored().keys()].at(-1) ?? "";
    for (const id of holdersOf(newest)) assert.ok(federation.vaults.named(id).kept.has(newest));
  });

  test("D15: with any one vault away, writing, opening and confirming go on for every record", async () => {
    const older = await write();
    for (const away of federation.vaults.all) {
      federation.vaults.mend();
      away.isAway = true;
      const newer = await write();
      assert.equal(holdersOf(newer.object).length, 2);
      assert.ok(!holdersOf(newer.object).includes(away.id));
      for (const { record, order } of [older, newer]) {
        for (const opened of await openAll(record)) {
          assert.deepEqual(opened.content, texts.get(record));
          const passed = order[0] === away ? [`${away.id} UNAVAILABLE`] : [];
          assert.deepEqual(opened.passed, passed);
        }
      }
      await patient.receive(alice);
      const { failed } = await patient.confirm(alice, { ids: [newer.record] });
      assert.deepEqual(failed, []);
    }
  });

  test("D15: a record that was written while its second home was away is found where it lies", async () => {
    const [, second] = federation.vaults.all;
    second!.isAway = true;
    const written = await write();
    federation.vaults.mend();
    const holders = holdersOf(written.object);
    federation.vaults.named("vault").isAway = true;
    for (const opened of await openAll(written.record)) {
      assert.deepEqual(opened.content, texts.get(written.record));
      const asked = written.order.map(({ id }) => id);
      const passed = asked.slice(0, asked.indexOf(holders.find((id) => id !== "vault") ?? ""));
      assert.deepEqual(
        opened.passed,
        passed.map((id) => (id === "vault" ? `${id} UNAVAILABLE` : `${id} NOT_FOUND`)),
      );
    }
  });

  test("D15: with one vault left nothing is submitted, and the error names those that are away", async () => {
    for (const { id } of federation.vaults.all) {
      for (const vault of federation.vaults.all) vault.isAway = vault.id !== id;
      const slips = federation.chains.posted.length;
      await assert.rejects(
        doctor.importFile(author, { content: unwritten, fileName: "x.txt", for: "alice" }),
        (error: { code: string; message: string; details: { vaults: { vault: string }[] } }) => {
          assert.equal(error.code, "TOO_FEW_VAULTS");
          const others = federation.vaults.all.filter((vault) => vault.id !== id);
          const named = error.details.vaults.map(({ vault }) => vault);
          assert.ok(named.length > 0 && named.every((name) => others.some((v) => v.id === name)));
          return true;
        },
      );
      assert.equal(federation.chains.posted.length, slips);
    }
  });

  test("D15: a vault that fails in the middle of an upload is replaced by a copy from the other", async () => {
    for (const at of [0, 1]) {
      federation.vaults.mend();
      const failing = federation.vaults.all[at]!;
      failing.breaksAfter = 1_000_000;
      const { object, record } = await write(large);
      const holders = holdersOf(object);
      assert.equal(holders.length, 2);
      assert.ok(!holders.includes(failing.id));
      const [one, other] = holders.map((id) => federation.vaults.named(id).objects.get(object));
      assert.deepEqual(one, other);
      federation.vaults.mend();
      const { content: read } = await collect(await patient.openRecord(alice, record));
      assert.equal(read.length, large);
    }
  });

  test("D15: a vault that answers OK and drops what it got is passed over by readers, and named", async () => {
    const own = federation.vaults.named("vault");
    own.forgets = true;
    const { record, object } = await write();
    assert.equal(holdersOf(object).length, 1);
    for (const opened of await openAll(record)) {
      assert.deepEqual(opened.content, texts.get(record));
      assert.deepEqual(opened.passed, ["vault NOT_FOUND"]);
    }
  });

  test("D15: a vault that gives other bytes is passed over and named, wherever they differ", async () => {
    const { record, object, order } = await write();
    const [own] = order;
    const bytes = own!.objects.get(object)!;
    for (const at of [0, 7, 40, Math.floor(bytes.length / 2), bytes.length - 1]) {
      own!.objects.set(object, bytes.with(at, bytes[at]! ^ 1));
      for (const opened of await openAll(record)) {
        assert.deepEqual(opened.content, texts.get(record), `byte ${at}`);
        assert.match(opened.passed.join(), /^vault (E_DECRYPT|DIGEST_MISMATCH)$/, `byte ${at}`);
      }
    }
  });

  test("D15: a large record goes on at the next vault where one breaks off or lies", async () => {
    const { record, object, order } = await write(large);
    const [own] = order;
    const bytes = own!.objects.get(object)!;
    for (const [code, spoil] of [
      ["UNAVAILABLE", () => (own!.breaksAfter = bytes.length >> 1)],
      [
        "E_DECRYPT",
        () => own!.objects.set(object, bytes.with(bytes.length - 9, bytes.at(-9)! ^ 1)),
      ],
    ] as const) {
      federation.vaults.mend();
      spoil();
      for (const opened of await openAll(record)) {
        assert.equal(opened.content.length, large);
        assert.ok(opened.content.every((byte) => byte === letters));
        assert.deepEqual(opened.passed, [`vault ${code}`]);
      }
    }
  });

  test("D15: two vaults that say they hold different bytes are told apart before anything is submitted", async () => {
    const { vault, ...rest } = { vault: federation.vault.bind(federation), ...author };
    const lying: Session = {
      ...rest,
      network: {
        node: (id) => federation.node(id),
        mailbox: (id) => federation.mailbox(id),
        proxy: (index) => federation.proxy(index),
        registry: () => federation.registry(),
        vault: (id) => {
          const honest = vault(id);
          return {
            isSilent: () => false,
            get: (object, ticket) => honest.get(object, ticket),
            keep: (object, ticket) => honest.keep(object, ticket),
            put: async (object, ticket, given) => {
              const sha256 = await honest.put(object, ticket, given);
              return id === "vault" ? sha256.with(0, sha256[0]! ^ 1) : sha256;
            },
          };
        },
      },
    };
    const slips = federation.chains.posted.length;
    await assert.rejects(
      doctor.importFile(lying, { content: unwritten, fileName: "x.txt", for: "alice" }),
      {
        code: "OBJECT_CORRUPT",
        message: /general-hospital/,
      },
    );
    assert.equal(federation.chains.posted.length, slips);
  });
});
