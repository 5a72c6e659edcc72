/** Servers that lie to a client, and messages that are not what they say. The world is that of attacks.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "@anamnesis/client";
import type { LogEntry, NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  careChainOf,
  disputeReason,
  parseFingerprint,
  recordNotice,
  signedVisitToken,
  tokenAnswer,
  visitToken,
} from "@anamnesis/protocol";
import type { ContactCard, UsageView } from "@anamnesis/protocol";
import { bareCaller, certifiedCaller } from "../../packages/client/src/caller.ts";
import { cardAddress, sendMessage, staffAddress } from "../../packages/client/src/mail.ts";
import { visitKey, visitOf } from "../../packages/client/src/patient/visitKeys.ts";
import { findDoctor } from "../../packages/client/src/people.ts";
import { askEveryProxy, over, refusalOf, requestOf, shown, submitAs } from "./attackTools.ts";
import {
  alice,
  mallory,
  author,
  colleague,
  reader,
  stranger,
  blood,
  sibling,
  note,
  byCategory,
  file,
  people,
  read,
  all,
  honest,
} from "./attackWorld.ts";

const openings = async (who: Session): Promise<(LogEntry & { readonly what: "opened" })[]> =>
  (await patient.accessLog(who)).filter((entry) => entry.what === "opened");

const isOwn = (institution: string): boolean => institution === alice.device.institution;

/** The patient's view through nodes of which some, the own one by default, tell `lie` about the use of grants. */
const lying = (
  lie: (honest: readonly UsageView[]) => readonly UsageView[],
  isLiar: (institution: string) => boolean = isOwn,
): Session =>
  over(alice, {
    node: (institution): NodeApi => {
      const node = alice.network.node(institution);
      if (!isLiar(institution)) return node;
      return {
        ...node,
        grantUsage: async (...asked) => {
          const { usage, ...page } = await node.grantUsage(...asked);
          return { usage: lie(usage), ...page };
        },
      };
    },
  });

/** Alice's contact card, as any doctor gets it who knows her identifier. */
const contactOf = async (identifier: string): Promise<ContactCard> => {
  const { cards } = await doctor.lookupPatient(stranger, identifier);
  assert.ok(cards[0]);
  return cards[0];
};

/** Registers the attacks on what clients believe. */
export function liesAndForgeries(): void {
  test("I8: an opening is in the patient's log though the reader never said that it is done", async () => {
    const opening = await honest(sibling, byCategory);
    assert.deepEqual(await askEveryProxy(reader, opening), all("SERVED"));
    const entry = (await openings(alice)).find(({ intent }) => intent === opening.intent);
    assert.ok(entry);
    assert.equal(entry.who.name, "dr-reader");
    assert.deepEqual(entry.records, [sibling]);
    assert.equal(entry.witnesses, 4);
    assert.equal(entry.completed, undefined);
  });

  test("I8: a node that leaves openings out, or names another reader, is not believed", async () => {
    const honestly = await openings(alice);
    assert.ok(honestly.some(({ witnesses }) => witnesses >= 3));
    const ids = (entries: typeof honestly): string[] =>
      entries.map(({ intent }) => intent).toSorted();
    const silent = await openings(lying(() => []));
    assert.deepEqual(ids(silent), ids(honestly), "another member tells");
    const served = honestly.filter(({ witnesses }) => witnesses > 0);
    const allSilent = await openings(
      lying(
        () => [],
        () => true,
      ),
    );
    assert.deepEqual(ids(allSilent), ids(served), "the proxies tell");
    const { fingerprint } = await stranger.device.certificate();
    const slander = await openings(
      lying((usage) => usage.map((used) => ({ ...used, reader: parseFingerprint(fingerprint) }))),
    );
    assert.deepEqual(new Set(slander.map(({ who }) => who.name)), new Set(["dr-reader"]));
    const gone = over(alice, {
      node: (institution): NodeApi => {
        const node = alice.network.node(institution);
        const grant = (): Promise<never> =>
          Promise.reject(new AnamnesisError("NOT_FOUND", "There is no such grant"));
        const grantUsage = async (): Promise<{ usage: [] }> => ({ usage: [] });
        return institution === alice.device.institution ? { ...node, grant, grantUsage } : node;
      },
    });
    assert.equal((await openings(gone)).length, honestly.length);
  });

  test("I8: a hospital cannot hide that its own doctor reread what they wrote", async () => {
    await read(author, note);
    const hiding = over(alice, {
      node: (institution): NodeApi => {
        const node = alice.network.node(institution);
        if (institution !== "general-hospital") return node;
        return {
          ...node,
          session: async (chain, pid) => ({ ...(await node.session(chain, pid)), authors: [] }),
        };
      },
    });
    // The other members may be a moment behind the one that hides.
    for (let tries = 0; ; tries++) {
      const reread = (await patient.accessLog(hiding)).filter(({ what }) => what === "reread");
      if (reread.length === 1 && reread[0]?.who.name === "dr-author") break;
      assert.ok(tries < 20, "the rereading is not in the log");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test("I8: a stranger's vain tries with a stolen grant are in the patient's log", async () => {
    const opening = await honest(blood, byCategory);
    assert.deepEqual(await askEveryProxy(stranger, opening), all("GRANT_NOT_HELD"));
    for (let tries = 0; ; tries++) {
      const denied = (await patient.accessLog(alice)).filter(({ what }) => what === "denied");
      if (denied.some(({ who }) => who.name === "dr-stranger")) break;
      assert.ok(tries < 20, "no denial reached the chain");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test("trap 8: a proxy answers alike for a grant that it holds for others and for none", async () => {
    const opening = await honest(blood, byCategory);
    const caller = await certifiedCaller(stranger.device);
    const answers = await Promise.all(
      [opening.gid, toHex(randomBytes(32))].map((gid) =>
        stranger.network
          .proxy(1)
          .reencrypt(requestOf({ ...opening, gid }), caller)
          .then(
            () => assert.fail(),
            (error: { code: string; message: string }) => [error.code, error.message],
          ),
      ),
    );
    assert.deepEqual(answers[0], answers[1]);
    const evidence = await Promise.all(
      [opening.gid, toHex(randomBytes(32))].map(async (gid) =>
        refusalOf(
          reader.network.proxy(1).evidence(gid, bareCaller((await reader.device.keys()).signing)),
        ),
      ),
    );
    assert.deepEqual(evidence, ["FORBIDDEN", "FORBIDDEN"]);
  });

  test("trap 8: a box answers alike whether it is another's or nobody's, and the registry whoever asks in vain", async () => {
    const { box } = await contactOf("alice");
    const caller = bareCaller((await reader.device.keys()).signing);
    const mailbox = reader.network.mailbox("general-hospital");
    for (const asked of [box, randomBytes(32)])
      assert.equal(await refusalOf(mailbox.read(asked, { waitMs: 0 }, caller)), "FORBIDDEN");
    assert.equal(await refusalOf(doctor.lookupPatient(reader, "nobody-at-all")), "NOT_FOUND");
    assert.equal(await refusalOf(doctor.lookupPatient(reader, "dr-author")), "NOT_FOUND");
    assert.equal(await refusalOf(doctor.lookupPatient(mallory, "alice")), "NOT_FOR_THIS_ROLE");
  });

  test("trap 3: a colleague's record under the patient's tag is theirs in nobody's eyes, and spoils no other", async () => {
    const { pid, tag, sealedId } = (await shown(reader, blood)).slip.fields;
    const forged = { pid, tag, sealedId, digest: randomBytes(32) };
    const slip = await submitAs(colleague, "record.submit", forged);
    assert.notEqual(await refusalOf(patient.openRecord(alice, slip).then(collect)), "INTERNAL");
    const { confirmed, failed } = await patient.confirm(alice, { all: true });
    assert.ok(failed.some(({ id }) => id === slip) && !confirmed.includes(slip));
    assert.ok([blood, sibling, note].every((id) => confirmed.includes(id)));
    assert.notEqual(await refusalOf(read(reader, slip)), "INTERNAL");
    assert.ok((await read(reader, blood)).length > file.length);
  });

  test("a record of another hospital, or under a visit of another, is refused by the chain", async () => {
    const { pid, tag, sealedId } = (await shown(reader, blood)).slip.fields;
    const forged = { pid, tag, sealedId, digest: randomBytes(32) };
    assert.equal(await refusalOf(submitAs(reader, "record.submit", forged)), "SESSION_UNKNOWN");
  });

  test("a forged notice hides no record, and what cannot be handled holds nothing up", async () => {
    const card = await contactOf("alice");
    const notice = (pid: Uint8Array): Uint8Array =>
      recordNotice.encode({
        v: 1,
        chain: careChainOf(people.trust, "general-hospital").chain,
        pid,
        record: fromHex(note),
        slip: fromHex(note),
      });
    await alice.device.items.remove("record", note);
    const to = cardAddress(stranger, card);
    await sendMessage(stranger, to, { type: "record.notice", body: notice(randomBytes(32)) });
    await stranger.network
      .mailbox("general-hospital")
      .post(card.box, { sealed: randomBytes(4_096), proof: null });
    const told: string[] = [];
    await patient.receive(alice, ({ what }) => told.push(what));
    assert.ok(told.includes("declined") && !told.includes("noticed"));
    assert.ok((await collect(await patient.openRecord(alice, note))).content.length > file.length);
  });

  test("a token that names another patient's box does not take their place in the address book", async () => {
    const card = await contactOf("alice");
    const opened = await patient.openVisit(mallory, { institution: "general-hospital" });
    const signed = signedVisitToken.decode(opened.token);
    const token = visitToken.encode({
      ...visitToken.decode(signed.token),
      contact: card,
      stated: { name: "alice" },
    });
    const { secretKey } = visitKey(mallory, await visitOf(mallory, opened.pid));
    const signature = sign({ type: "VISIT-TOKEN", message: token, secretKey });
    const to = staffAddress(await findDoctor(mallory, "dr-author"), { by: "nothing" });
    for (const forged of [
      { ...signed, token },
      { ...signed, token, signature },
    ]) {
      const body = tokenAnswer.encode({
        v: 1,
        id: new Uint8Array(16),
        index: 0,
        token: signedVisitToken.encode(forged),
      });
      await sendMessage(mallory, to, { type: "visit.token", body });
    }
    const [changed, lied] = await doctor.receive(author);
    assert.deepEqual(changed, { what: "discarded", code: "SIGNATURE_INVALID" });
    assert.equal(lied?.what, "token");
    assert.equal(
      await refusalOf(
        doctor.importFile(author, { content: file, fileName: "x.pdf", for: "alice", whole: true }),
      ),
      "AMBIGUOUS_NAME",
    );
  });

  test("nobody can dispute a record but its patient", async () => {
    const to = staffAddress(await findDoctor(mallory, "dr-author"), { by: "nothing" });
    const reason = {
      v: 1 as const,
      chain: careChainOf(people.trust, "general-hospital").chain,
      record: fromHex(blood),
      digest: (await shown(reader, blood)).slip.fields.digest,
      text: "I never said so",
      key: new Uint8Array(32),
      time: Date.now(),
      notAfter: Date.now() + 60_000,
    };
    await sendMessage(mallory, to, { type: "record.dispute", body: disputeReason.encode(reason) });
    assert.deepEqual(await doctor.receive(author), [{ what: "discarded", code: "PROOF_INVALID" }]);
  });

  test("trap 6: outside a demo the portal hands out no device", async () => {
    const { portal } = people.federation.ready;
    for (const path of ["demo/people", "demo/people/alice", "demo/people/alice/items"])
      assert.equal((await fetch(portal + path)).status, 404);
  });
}
