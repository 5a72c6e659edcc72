import assert from "node:assert/strict";
import { after, test } from "node:test";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import { BYTES, randomBytes, sha256 } from "@anamnesis/crypto/verify";
import type { Purpose, SlipId } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { sealUnder } from "@anamnesis/testing/proxy/records";
import type { MadeRecord } from "@anamnesis/testing/proxy/records";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { care } = federation.parties;
const reader = await federation.newReader("Dr. Reader");

/** A record that a patient submits themself, whoever its header names as author. */
async function ownRecord(author?: Uint8Array): Promise<MadeRecord> {
  const visit = federation.openVisit();
  const { publicKey: key } = visit.keys;
  const pid = sha256(key);
  const tag = randomBytes(BYTES.tag);
  const box = await boxKeypairFromSeed(randomBytes(32));
  const sealed = await sealUnder(
    federation.parties,
    { fingerprint: author ?? pid, box },
    visit,
    tag,
  );
  const { digest } = sealed;
  const fields = { institution: hospital, key, pid, tag, digest };
  const sealedId = randomBytes(BYTES.sealedId);
  const slip = care.slip("record.own", { ...fields, sealedId }, visit.keys);
  federation.commit(care, slip);
  return { ...sealed, slip: slip.id, visit, tag };
}

interface Asked {
  readonly purpose?: Purpose;
  /** The slip that is shown as the patient's confirmation. */
  readonly confirming?: SlipId;
}

async function answer(
  record: MadeRecord,
  { purpose = "TREAT", confirming }: Asked = {},
): Promise<string> {
  const made = await federation.granted(reader, [record], { purposes: [purpose] });
  const intent = federation.intent(reader, made, [record.digest], { purpose });
  const { items, ...honest } = federation.request(made.gid, intent, [record]);
  const confirmation = confirming === undefined ? null : federation.proof(confirming);
  const request = {
    ...honest,
    purpose,
    items: items.map((item) => ({ ...item, confirmation })),
  };
  return codeOf(await federation.ask(1, "/reencrypt", request, reader));
}

test("a patient's own record is opened under a grant as others are", async () => {
  assert.equal(await answer(await ownRecord()), "OK");
});

test("a patient's own record is its own confirmation, and no other's", async () => {
  const [record, sibling] = [await ownRecord(), await ownRecord()];
  const purpose = "HRESCH";
  assert.equal(await answer(record, { purpose }), "NOT_CONFIRMED");
  assert.equal(await answer(record, { purpose, confirming: sibling.slip }), "NOT_CONFIRMED");
  assert.equal(await answer(record, { purpose, confirming: record.slip }), "OK");
});

test("a patient's slip does not lend its name to a record whose header names another author", async () => {
  assert.equal(await answer(await ownRecord(randomBytes(32))), "NOT_ON_CHAIN");
});
