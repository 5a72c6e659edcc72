/**
 * What must not be possible, tried against a federation of real processes: uncommitted openings, siblings and other tags,
 * too few proxies, flipped bits; then servers that lie to a client, and messages that are not what they say.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
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
  shown,
  shownByAuthor,
  submitAs,
  unavailable,
} from "./attackTools.ts";
import type { AskedOpening } from "./attackTools.ts";
import {
  alice,
  all,
  author,
  blood,
  byCategory,
  byRecord,
  colleague,
  digestShown,
  file,
  honest,
  hour,
  intended,
  note,
  people,
  read,
  reader,
  sibling,
  slipProofOf,
  startWorld,
  stranger,
  verified,
} from "./attackWorld.ts";
import { liesAndForgeries } from "./liesAndForgeries.ts";
import { lyingNodes } from "./lyingNodes.ts";
import { outsiders } from "./outsiders.ts";

before(startWorld);
after(() => people.close());

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
  const { digests } = opening;
  const announced = intend(stranger, byCategory, digests, randomBytes(32), reader);
  assert.equal(await refusalOf(announced), "NOT_THE_READER", "though it knows reader and salt");
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
    all("NOT_ON_CHAIN"),
  );
});

test("I6: an amendment of the granted record does not lend its name to a sibling's capsule", async () => {
  const bytes = [1, 2].map((n) => new TextEncoder().encode(`letter ${n}`));
  const written = [];
  for (const content of bytes) {
    const input = { content, fileName: "letter.txt", for: "alice", whole: true };
    written.push((await doctor.importFile(author, input))[0]!.id);
  }
  const [granted = "", wanted = ""] = written;
  const { id: gid } = await patient.grant(alice, { to: "dr-reader", records: [granted] });
  await doctor.receive(reader);
  const open = await shown(reader, granted);
  const stolen = await shownByAuthor(author, wanted);
  const { pid, tag, digest: before, sealedId } = open.slip.fields;
  const digest = digestShown(stolen);
  const record = fromHex(granted);
  const slip = await submitAs(colleague, "record.amend", {
    pid,
    tag,
    record,
    before,
    digest,
    sealedId,
  });
  const item = { ...itemOf(open), ...stolen, record: await slipProofOf(slip) };
  assert.deepEqual(await askEveryProxy(reader, await intended(gid, [item])), all("NOT_ON_CHAIN"));
  await patient.receive(alice);
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
    const spoiled: AskedOpening = {
      ...opening,
      items: [{ ...item, capsules: flipped(item.capsules, at) }],
    };
    assert.deepEqual(await askEveryProxy(reader, spoiled), all("NOT_ON_CHAIN"), `byte ${at}`);
  }
  for (const part of ["header", "bodyHash"] as const) {
    const spoiled: AskedOpening = {
      ...opening,
      items: [{ ...item, [part]: flipped(item[part], 7) }],
    };
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

liesAndForgeries();
outsiders();
lyingNodes();
