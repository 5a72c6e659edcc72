/** Which grant opens a record, and what has to be proven before anybody is asked for shares. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { toHex, utf8 } from "@anamnesis/crypto/verify";
import type { GrantView, RecordView } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital, otherHospital } from "@anamnesis/testing/federation";
import { Opening } from "./opening.ts";
import { heldGrants } from "./grants.ts";
import { locate, prepare, usableGrant } from "./prepareOpening.ts";

suite("preparing to open", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  /** Of two categories, and so under two tags. */
  let laboratory = "";
  let imaging = "";
  /** Under the tag of the first. */
  let sibling = "";
  let readers = 0;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    await patient.openVisit(alice, { institution: hospital, doctor: "Dr Li" });
    await doctor.receive(author);
    const write = async (category: string, words = `of ${category}`): Promise<string> => {
      const content = utf8(words);
      const file = { content, fileName: "a.txt", for: "alice", category };
      return (await doctor.importFile(author, file))[0]!.id;
    };
    laboratory = await write("laboratory");
    sibling = await write("laboratory", "another of laboratory");
    imaging = await write("imaging");
    await patient.confirm(alice, { ids: [imaging] });
    await doctor.amendRecord(author, {
      record: laboratory,
      content: utf8("v2"),
      fileName: "a.txt",
    });
  });

  /** A doctor with grants of these terms, oldest first; their ids. */
  async function holding(...terms: readonly Omit<Parameters<typeof patient.grant>[1], "to">[]) {
    readers += 1;
    const reader = await federation.join("doctor", `Dr ${readers}`, otherHospital);
    const gids: string[] = [];
    for (const term of terms) {
      federation.skewMs += 1000;
      gids.push((await patient.grant(alice, { to: `Dr ${readers}`, ...term })).id);
    }
    await doctor.receive(reader);
    return { gids, opening: new Opening(federation.session(reader.device)), reader };
  }
  const found = async (opening: Opening, name: string, purpose?: string) =>
    locate(opening, await heldGrants(opening.session), name, { purpose, action: "read" });
  /** What is asked in this opening, where a member answers otherwise. */
  const asking = (opening: Opening, change: Partial<Opening>): Opening =>
    Object.assign(Object.create(opening) as Opening, {
      session: opening.session,
      askHead: opening.askHead,
      grantOnChain: (gid: string) => opening.grantOnChain(gid),
      firstSlip: (...given: Parameters<Opening["firstSlip"]>) => opening.firstSlip(...given),
      records: (...given: Parameters<Opening["records"]>) => opening.records(...given),
      visitProof: (...given: Parameters<Opening["visitProof"]>) => opening.visitProof(...given),
      ...change,
    });

  test("locate() takes the newest grant that is live, and where none is the newest of all", async () => {
    const { gids, opening, reader } = await holding({}, {}, {});
    const [, second, third] = gids;
    assert.equal((await found(opening, laboratory)).held.gid, third);
    await patient.revoke(alice, third!);
    const anew = () => new Opening(federation.session(reader.device));
    assert.equal((await found(anew(), laboratory)).held.gid, second);
    for (const gid of gids.slice(0, 2)) await patient.revoke(alice, gid);
    assert.equal((await found(anew(), laboratory)).held.gid, third);
    await assert.rejects(doctor.openGranted(reader, laboratory), { code: "GRANT_REVOKED" });
  });

  test("locate() takes a grant for the purpose that is named, and one for another where none is", async () => {
    const { gids, opening, reader } = await holding({ purpose: "HRESCH" }, {});
    const [research, treatment] = gids;
    assert.equal((await found(opening, imaging)).held.gid, treatment);
    assert.equal((await found(opening, imaging, "HRESCH")).held.gid, research);
    assert.equal((await found(opening, imaging, "HPAYMT")).held.gid, treatment);
    await patient.revoke(alice, research!);
    const anew = new Opening(federation.session(reader.device));
    assert.equal(
      (await found(anew, imaging, "HRESCH")).held.gid,
      research,
      "and says what is wrong",
    );
  });

  test("locate() finds the tag of the record, and no access to a record of another tag", async () => {
    const { opening } = await holding(
      { categories: ["imaging"] },
      { categories: ["laboratory", "imaging"] },
    );
    for (const [id, category] of [
      [laboratory, "laboratory"],
      [imaging, "imaging"],
    ] as const) {
      const { tag, first, ...located } = await found(opening, id);
      assert.deepEqual(tag.tag, first.slip.fields.tag);
      assert.equal(located.category, category);
    }
    assert.equal((await found(opening, `${laboratory}@1`)).n, 1);
    const denied = { code: "NO_ACCESS" };
    const { opening: narrow } = await holding({ categories: ["imaging"] });
    await assert.rejects(found(narrow, laboratory), denied);
    await assert.rejects(found(narrow, "0".repeat(64)), denied);
    const { opening: listed } = await holding({ records: [sibling] });
    await assert.rejects(found(listed, laboratory), denied);
    const { opening: none } = await holding();
    await assert.rejects(found(none, laboratory), denied);
  });

  test("locate() believes no slip that a member shows of another visit or chain under a granted tag", async () => {
    const { opening } = await holding({});
    const firstSlip: Opening["firstSlip"] = async (place, id) => {
      const first = (await opening.firstSlip(place, id))!;
      const fields = { ...first.slip.fields, pid: new Uint8Array(32) };
      return { ...first, slip: { ...first.slip, fields } };
    };
    const lied = asking(opening, { firstSlip });
    await assert.rejects(found(lied, laboratory), { code: "NO_ACCESS" });
  });

  test("usableGrant() wants the very grant and reader of the message on the chain", async () => {
    const { opening } = await holding({});
    const { held } = await found(opening, laboratory);
    assert.ok((await usableGrant(opening, held)).tags.length > 0);
    const onChain = (change: (view: GrantView) => GrantView | undefined) =>
      asking(opening, { grantOnChain: async (gid) => change((await opening.grantOnChain(gid))!) });
    await assert.rejects(
      usableGrant(
        onChain(() => undefined),
        held,
      ),
      { code: "GRANT_UNKNOWN" },
    );
    for (const change of [{ digest: "0".repeat(64) }, { reader: "0".repeat(64) }]) {
      const other = onChain((view) => ({ ...view, ...change }));
      await assert.rejects(usableGrant(other, held), { code: "GRANT_SIGNATURE" });
    }
  });

  test("prepare() proves the version that is meant, by the proof at hand where that is the first", async () => {
    const { opening } = await holding({});
    let shown = 0;
    federation.chains.lies.set("slipProof", (answer) => {
      shown += 1;
      return answer;
    });
    try {
      for (const [name, n] of [
        [laboratory, 2],
        [`${laboratory}@1`, 1],
      ] as const) {
        const located = await found(opening, name);
        const grant = await usableGrant(opening, located.held);
        await opening.visitProof(located.tag, toHex(located.tag.pid));
        shown = 0;
        const prepared = await prepare(opening, located, { grant, purpose: "TREAT" });
        assert.deepEqual(
          [prepared.version.n, prepared.slip.kind],
          [n, n === 1 ? "record.submit" : "record.amend"],
        );
        assert.equal(prepared.confirmation, undefined);
        assert.equal(shown, n === 1 ? 0 : 1);
      }
    } finally {
      federation.chains.lies.clear();
    }
  });

  test("prepare() takes the record that is meant among those of its tag, by the key of that tag", async () => {
    const { opening } = await holding({});
    for (const id of [laboratory, sibling, imaging]) {
      const located = await found(opening, id);
      const grant = await usableGrant(opening, located.held);
      const { summary, stored } = await prepare(opening, located, { grant, purpose: "TREAT" });
      assert.deepEqual([summary.id, stored.header.tag], [id, located.tag.tag]);
    }
  });

  test("prepare() wants the record in the chain's list, and for research the confirmation of its version", async () => {
    const { opening } = await holding({ purpose: "HRESCH" });
    const located = await found(opening, imaging);
    const grant = await usableGrant(opening, located.held);
    const listing = (change: (views: readonly RecordView[]) => readonly RecordView[]) =>
      asking(opening, {
        records: async (place, tag) => change(await opening.records(place, tag)),
      });
    const purpose = "HRESCH";
    const without = listing((views) => views.filter(({ record }) => record !== imaging));
    await assert.rejects(prepare(without, located, { grant, purpose }), { code: "NOT_FOUND" });
    for (const isOther of [false, true]) {
      const other = listing((views) =>
        views.map((view) => ({
          ...view,
          confirmed: isOther
            ? view.confirmed.map((each) => ({ ...each, digest: "0".repeat(64) }))
            : [],
        })),
      );
      await assert.rejects(prepare(other, located, { grant, purpose }), { code: "NOT_CONFIRMED" });
    }
    assert.ok((await prepare(opening, located, { grant, purpose })).confirmation !== undefined);
  });
});
