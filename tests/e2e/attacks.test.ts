/**
 * What must not be possible, tried against a federation of real processes: uncommitted openings, siblings and other tags,
 * too few proxies, flipped bits, servers that lie to a client, colleagues who write or mail what they should not.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { GrantView, LogEntry, NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { fromHex, randomBytes, recordDigest, sha256, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  careChainOf,
  decodeSlipProof,
  disputeReason,
  encodeSlipProof,
  recordNotice,
  signedVisitToken,
  tokenAnswer,
  verifySlipProof,
} from "@anamnesis/protocol";
import type { ContactCard } from "@anamnesis/protocol";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { bareCaller, certifiedCaller } from "../../packages/client/src/caller.ts";
import { cardAddress, sendMessage, staffAddress } from "../../packages/client/src/mail.ts";
import { findDoctor } from "../../packages/client/src/people.ts";
import { proveSlip } from "../../packages/client/src/proveSlip.ts";
import {
  askEveryProxy,
  flipped,
  intend,
  itemOf,
  objectFiles,
  over,
  proxyIndices,
  refusalOf,
  replaceObject,
  requestOf,
  shown,
  shownByAuthor,
  submitAs,
  unavailable,
} from "./attackTools.ts";
import type { Opening } from "./attackTools.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const hour = 3_600_000;
const file = syntheticPdf(11);

let people: People;
let alice: Session;
let mallory: Session;
let author: Session;
let colleague: Session;
let reader: Session;
let stranger: Session;
/** Two records of one tag, and one of another. */
let blood = "";
let sibling = "";
let note = "";
/** To the reader: the tag of the first two; and the first record only. */
let byCategory = "";
let byRecord = "";

before(async () => {
  people = await startPeople();
  [alice, mallory, author, colleague, reader, stranger] = await Promise.all([
    people.enrol("alice", "patient", "general-hospital"),
    people.enrol("mallory", "patient", "general-hospital"),
    people.enrol("dr-author", "doctor", "general-hospital"),
    people.enrol("dr-colleague", "doctor", "general-hospital"),
    people.enrol("dr-reader", "doctor", "city-hospital"),
    people.enrol("dr-stranger", "doctor", "city-hospital"),
  ]);
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "dr-author" });
  await doctor.receive(author);
  const write = async (name: string, category: string): Promise<string> => {
    const content = Buffer.concat([file, Buffer.from(name)]);
    const [written] = await doctor.importFile(author, {
      content,
      fileName: `${name}.pdf`,
      for: "alice",
      whole: true,
      category,
    });
    assert.ok(written);
    return written.id;
  };
  blood = await write("blood", "laboratory");
  sibling = await write("sibling", "laboratory");
  note = await write("note", "encounter-note");
  await patient.receive(alice);
  const until = Date.now() + hour;
  byCategory = (await patient.grant(alice, { to: "dr-reader", categories: ["laboratory"], until }))
    .id;
  byRecord = (await patient.grant(alice, { to: "dr-reader", records: [blood], until })).id;
  await doctor.receive(reader);
});
after(() => people.close());

/** Opens as an honest reader, and gives the bytes. */
const read = async (who: Session, id: string): Promise<Uint8Array> =>
  (await collect(await doctor.openRecord(who, id))).content;

const all = (code: string): string[] => Array.from({ length: 4 }, () => code);

/** An opening that every proxy would serve, to be spoiled. */
async function honest(id: string, gid: string): Promise<Opening> {
  const item = itemOf(await shown(reader, id));
  const digests = [digestOf(item.record)];
  const salt = randomBytes(32);
  return { gid, intent: await intend(reader, gid, digests, salt), salt, digests, items: [item] };
}

function digestOf(record: Uint8Array): Uint8Array {
  const { slip } = verified(record);
  assert.ok(slip.kind === "record.submit" || slip.kind === "record.amend");
  return slip.fields.digest;
}

const verified = (record: Uint8Array): ReturnType<typeof verifySlipProof> =>
  verifySlipProof(careChainOf(people.trust, "general-hospital"), decodeSlipProof(record));

test("I3: no share without a committed intent of this reader, for this grant and these records", async () => {
  const opening = await honest(blood, byCategory);
  const other = await honest(sibling, byCategory);
  const never = { ...opening, intent: toHex(randomBytes(32)) };
  const [forGrant, forRecord] = [
    { ...opening, intent: (await honest(blood, byRecord)).intent },
    { ...opening, intent: other.intent },
  ];
  assert.deepEqual(await askEveryProxy(reader, never), all("INTENT_MISSING"));
  assert.deepEqual(await askEveryProxy(reader, forGrant), all("INTENT_MISSING"));
  assert.deepEqual(await askEveryProxy(reader, forRecord), all("INTENT_MISSING"));
  assert.deepEqual(
    await askEveryProxy(reader, { ...opening, salt: randomBytes(32) }),
    all("INTENT_MISSING"),
  );
  const more = { ...opening, items: [...opening.items, ...other.items] };
  assert.deepEqual(await askEveryProxy(reader, more), all("INTENT_MISSING"));
  assert.deepEqual(await askEveryProxy(stranger, opening), all("GRANT_NOT_HELD"));
  assert.deepEqual(await askEveryProxy(reader, opening), all("SERVED"), "and honestly it opens");
});

test("I3: action and purpose are those of the grant", async () => {
  const opening = await honest(blood, byCategory);
  assert.deepEqual(
    await askEveryProxy(reader, { ...opening, action: "copy" }),
    all("ACTION_NOT_GRANTED"),
  );
  assert.deepEqual(
    await askEveryProxy(reader, { ...opening, purpose: "HRESCH" }),
    all("PURPOSE_NOT_GRANTED"),
  );
});

test("I3: a grant revoked between the intent and the question opens nothing, at no proxy", async () => {
  const short = await patient.grant(alice, {
    to: "dr-reader",
    records: [blood],
    until: Date.now() + hour,
  });
  await doctor.receive(reader);
  const opening = await honest(blood, short.id);
  const { receipts } = await patient.revoke(alice, short.id);
  assert.equal(receipts.length, 4);
  assert.deepEqual(await askEveryProxy(reader, opening), all("GRANT_NOT_LIVE"));
  assert.equal(
    await refusalOf(intend(reader, short.id, opening.digests, randomBytes(32))),
    "GRANT_REVOKED",
  );
});

test("I6: k-1 proxies open nothing, whichever they are; any k do", async () => {
  for (const away of proxyIndices(reader)) {
    const others = proxyIndices(reader).filter((index) => index !== away);
    const few = over(reader, {
      proxy: (index) => {
        const proxy = reader.network.proxy(index);
        return index === away || index === others[0] ? { ...proxy, reencrypt: unavailable } : proxy;
      },
    });
    assert.equal(await refusalOf(doctor.openRecord(few, blood)), "TOO_FEW_PROXIES");
    const enough = over(reader, {
      proxy: (index) => {
        const proxy = reader.network.proxy(index);
        return index === away ? { ...proxy, reencrypt: unavailable } : proxy;
      },
    });
    assert.ok((await read(enough, blood)).length > file.length);
  }
});

test("I6: k proxies and the reader get the granted tag only, and of a grant by record that record only", async () => {
  const item = itemOf(await shown(reader, blood));
  const ungranted = await slipProofOf(note);
  const withSlip = await intended(byCategory, [{ ...item, record: ungranted }]);
  assert.deepEqual(await askEveryProxy(reader, withSlip), all("TAG_NOT_GRANTED"));
  const limited = await honest(sibling, byRecord);
  assert.deepEqual(await askEveryProxy(reader, limited), all("RECORD_NOT_GRANTED"));
  const swapped = await intended(byCategory, [{ ...item, record: await slipProofOf(sibling) }]);
  assert.deepEqual(await askEveryProxy(reader, swapped), all("NOT_ON_CHAIN"));
});

test("I6: another tag's capsule, written again under the granted tag by a colluding author, opens nothing", async () => {
  const granted = await shown(reader, blood);
  const stolen = await shownByAuthor(author, note);
  const digest = digestShown(stolen);
  const { pid, tag, sealedId } = granted.slip.fields;
  const slip = await submitAs(author, "record.submit", { pid, tag, digest, sealedId });
  const item = { ...itemOf(granted), ...stolen, record: await slipProofOf(slip) };
  assert.deepEqual(
    await askEveryProxy(reader, await intended(byCategory, [item])),
    all("CAPSULE_INVALID"),
  );
});

/** An intent for these items, and the request under it. */
async function intended(gid: string, items: Opening["items"]): Promise<Opening> {
  const digests = items.map(({ record }) => digestOf(record));
  const salt = randomBytes(32);
  return { gid, intent: await intend(reader, gid, digests, salt), salt, digests, items };
}

const slipProofOf = async (id: string): Promise<Uint8Array> => {
  const { chain } = careChainOf(people.trust, "general-hospital");
  return encodeSlipProof((await proveSlip(reader, chain, id)).proof);
};

const digestShown = (item: Omit<Opening["items"][number], "record" | "session">): Uint8Array =>
  recordDigest({
    headerHash: item.headerHash,
    capsulesHash: sha256(item.capsules),
    bodyHash: item.bodyHash,
  });

test("I7: a flipped bit anywhere in a stored object is found, though the vault's checksums fit", async () => {
  const files = objectFiles(join(people.dir, "vaults"));
  const known = new Map<string, Uint8Array>();
  for (const path of files) known.set(path, new Uint8Array(await readFile(path)));
  const size = Math.min(...[...known.values()].map(({ length }) => length));
  const envelope = [3, 8, 40, 1_000, 2_500, size >> 1, size - 100, size - 1];
  for (const at of envelope) {
    for (const [path, bytes] of known) await replaceObject(path, flipped(bytes, at));
    const code = await refusalOf(read(reader, blood));
    assert.ok(["E_DECRYPT", "E_FORMAT", "DIGEST_MISMATCH"].includes(code), `byte ${at}: ${code}`);
    assert.ok(
      (await patient.confirm(alice, { ids: [blood] })).failed.length === 1,
      `byte ${at} was confirmed`,
    );
  }
  for (const [path, bytes] of known) await replaceObject(path, bytes);
  assert.ok((await read(reader, blood)).length > file.length);
});

test("I7: a flipped bit anywhere in a capsule, header hash or digest shown to proxies is refused", async () => {
  const opening = await honest(blood, byCategory);
  const [item] = opening.items;
  assert.ok(item);
  for (const at of [0, 95, 100, 130, 200, 1_300, item.capsules.length - 1]) {
    const spoiled: Opening = {
      ...opening,
      items: [{ ...item, capsules: flipped(item.capsules, at) }],
    };
    assert.deepEqual(await askEveryProxy(reader, spoiled), all("NOT_ON_CHAIN"), `byte ${at}`);
  }
  for (const part of ["headerHash", "bodyHash"] as const) {
    const spoiled: Opening = { ...opening, items: [{ ...item, [part]: flipped(item[part], 7) }] };
    assert.deepEqual(await askEveryProxy(reader, spoiled), all("NOT_ON_CHAIN"), part);
  }
});

test("I7: no byte of a slip's proof, its page and heads included, may be another", async () => {
  const proof = await slipProofOf(blood);
  assert.ok(verified(proof).signers.length >= 2);
  for (let at = 0; at < proof.length; at++) {
    assert.throws(
      () => {
        const { slip } = verified(flipped(proof, at));
        assert.equal(slip.id, blood);
        throw new Error(`byte ${at} of ${proof.length} was missed`);
      },
      (error: Error) => !/was missed/.test(error.message),
    );
  }
});

const openings = async (who: Session): Promise<(LogEntry & { readonly what: "opened" })[]> =>
  (await patient.accessLog(who)).filter((entry) => entry.what === "opened");

/** The patient's view through nodes of which the own one tells `lie` about grants. */
const lying = (lie: (honest: GrantView) => GrantView): Session =>
  over(alice, {
    node: (institution): NodeApi => {
      const node = alice.network.node(institution);
      if (institution !== alice.device.institution) return node;
      return { ...node, grant: async (chain, gid) => lie(await node.grant(chain, gid)) };
    },
  });

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
  const served = honestly.filter(({ witnesses }) => witnesses > 0).map(({ intent }) => intent);
  const silent = await openings(lying((grant) => ({ ...grant, usage: [] })));
  assert.deepEqual(silent.map(({ intent }) => intent).toSorted(), served.toSorted());
  const { fingerprint } = await stranger.device.certificate();
  const slander = await openings(
    lying((grant) => ({
      ...grant,
      usage: grant.usage.map((usage) => ({ ...usage, reader: fingerprint })),
    })),
  );
  assert.deepEqual(new Set(slander.map(({ who }) => who.name)), new Set(["dr-reader"]));
  const gone = over(alice, {
    node: (institution): NodeApi => {
      const node = alice.network.node(institution);
      const grant = (): Promise<never> =>
        Promise.reject(new AnamnesisError("NOT_FOUND", "There is no such grant"));
      return institution === alice.device.institution ? { ...node, grant } : node;
    },
  });
  assert.equal((await openings(gone)).length, served.length);
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
  const reread = (await patient.accessLog(hiding)).filter(({ what }) => what === "reread");
  assert.deepEqual(
    reread.map(({ who }) => who.name),
    ["dr-author"],
  );
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

/** Alice's contact card, as any doctor gets it who knows her identifier. */
const contactOf = async (identifier: string): Promise<ContactCard> => {
  const { cards } = await doctor.lookupPatient(stranger, identifier);
  assert.ok(cards[0]);
  return cards[0];
};

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
  await stranger.network.mailbox("general-hospital").post(card.box, randomBytes(4_096));
  const told: string[] = [];
  await patient.receive(alice, ({ what }) => told.push(what));
  assert.ok(told.includes("declined") && !told.includes("noticed"));
  assert.ok((await collect(await patient.openRecord(alice, note))).content.length > file.length);
});

test("a token that names another patient's box does not take their place in the address book", async () => {
  const card = await contactOf("alice");
  const { token } = await patient.openVisit(mallory, { institution: "general-hospital" });
  const forged = signedVisitToken.encode({
    ...signedVisitToken.decode(token),
    contact: card,
    name: "alice",
  });
  const to = staffAddress(await findDoctor(mallory, "dr-author"));
  const body = tokenAnswer.encode({ v: 1, id: new Uint8Array(16), index: 0, token: forged });
  await sendMessage(mallory, to, { type: "visit.token", body });
  await doctor.receive(author);
  assert.equal(
    await refusalOf(
      doctor.importFile(author, { content: file, fileName: "x.pdf", for: "alice", whole: true }),
    ),
    "AMBIGUOUS_NAME",
  );
});

test("nobody can dispute a record but its patient", async () => {
  const to = staffAddress(await findDoctor(mallory, "dr-author"));
  const reason = {
    v: 1 as const,
    chain: careChainOf(people.trust, "general-hospital").chain,
    record: fromHex(blood),
    digest: (await shown(reader, blood)).slip.fields.digest,
    text: "I never said so",
  };
  await sendMessage(mallory, to, { type: "record.dispute", body: disputeReason.encode(reason) });
  assert.deepEqual(await doctor.receive(author), [{ what: "discarded", code: "PROOF_INVALID" }]);
});

test("trap 6: outside a demo the portal hands out no device", async () => {
  const { portal } = people.federation.ready;
  for (const path of ["demo/people", "demo/people/alice", "demo/people/alice/items"])
    assert.equal((await fetch(portal + path)).status, 404);
});
