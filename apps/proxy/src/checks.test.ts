import assert from "node:assert/strict";
import { after, test } from "node:test";
import { concat, fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { decodeSlipProof, encodeSlipProof, limits, parseInstitutionId } from "@anamnesis/protocol";
import type { Grant, ReencryptRequest } from "@anamnesis/protocol";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import type { Reader } from "@anamnesis/testing/proxy/federation";
import type { MadeRecord } from "@anamnesis/testing/proxy/records";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { nodes, consortium } = federation.parties;
/** The proxy's own institution, and the others. */
const own = parseInstitutionId("general-hospital");
const others = consortium.genesis.members.map(({ id }) => id as string).filter((id) => id !== own);

const reader = await federation.newReader("Dr. Reader");
const stranger = await federation.newReader("Dr. Stranger");
const [record, sibling, ungranted] = [
  await federation.newRecord(),
  await federation.newRecord(),
  await federation.newRecord(),
];
const brokenPoint = await federation.newRecord({
  spoil: ([patient, author]) => [flip(patient!, 40), author!],
});
const transplanted = await federation.newRecord({
  spoil: ([, author]) => [record.capsules[0]!, author!],
});
const shared = await federation.granted(reader, [record, sibling, brokenPoint, transplanted]);

type Item = ReencryptRequest["items"][number];

/** One request to the proxy; what a row leaves out is what an honest reader does. */
interface Row {
  readonly when: string;
  readonly want: string;
  /** A grant of its own, altered like this. */
  readonly grant?: Partial<Grant>;
  /** Who asks, and in whose name: a certificate's fingerprint with a key. */
  readonly caller?: Pick<Reader, "name" | "fingerprint">;
  readonly records?: readonly MadeRecord[];
  /** What the intent commits to, and the proxies that it names. */
  readonly committed?: readonly Uint8Array[];
  readonly proxies?: readonly number[];
  readonly change?: Partial<ReencryptRequest>;
  readonly item?: (item: Item, position: number) => Partial<Item>;
  /** Between intent and request. */
  readonly meanwhile?: (made: MadeGrant) => void;
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

/** Lets more time pass than a freshness check is remembered, and changes what nodes say. */
const later = (change: () => void) => (): void => {
  nodes.clock.now += limits.headEveryMs + 1;
  change();
};
const ages = (ids: readonly string[], ms: number) =>
  later(() => ids.forEach((id) => nodes.headAgeMs.set(id, ms)));

/** Made anew for each: the clock goes on. */
const rows = (): readonly Row[] => [
  { when: "all is well", want: "OK" },
  { when: "another key signs", want: "READER_SIGNATURE", caller: { ...reader, name: "somebody" } },
  {
    when: "the certificate is not on the chain",
    want: "READER_SIGNATURE",
    caller: { ...reader, fingerprint: randomBytes(32) },
  },
  { when: "the grant is another reader's", want: "GRANT_NOT_HELD", caller: stranger },
  {
    when: "nobody dealt shares for this gid",
    want: "GRANT_NOT_HELD",
    change: { gid: randomBytes(32) },
  },
  {
    when: "the grant begins later",
    want: "OUTSIDE_GRANT_TIME",
    grant: { notBefore: federation.now + 600_000 },
  },
  {
    when: "the grant ends meanwhile",
    want: "OUTSIDE_GRANT_TIME",
    grant: { notAfter: federation.now + 20_000 },
    meanwhile: () => (nodes.clock.now += 20_000),
  },
  {
    when: "the own node is away",
    want: "STALE_CHAIN",
    meanwhile: later(() => nodes.away.add(own)),
  },
  { when: "the own node's head is 11 s old", want: "STALE_CHAIN", meanwhile: ages([own], 11_000) },
  { when: "heads are 9 s old", want: "OK", meanwhile: ages([own, ...others], 9_000) },
  {
    when: "all but one other node are away",
    want: "OK",
    meanwhile: later(() => others.slice(1).forEach((id) => nodes.away.add(id))),
  },
  {
    when: "no other node answers",
    want: "STALE_CHAIN",
    meanwhile: later(() => others.forEach((id) => nodes.away.add(id))),
  },
  { when: "every other head is 11 s old", want: "STALE_CHAIN", meanwhile: ages(others, 11_000) },
  {
    when: "the others are on another history",
    want: "STALE_CHAIN",
    meanwhile: later(() => others.forEach((id) => nodes.forked.add(id))),
  },
  {
    when: "the grant is revoked meanwhile",
    want: "GRANT_NOT_LIVE",
    grant: {},
    meanwhile: (made) => federation.revoke(made),
  },
  { when: "the record's tag is not granted", want: "TAG_NOT_GRANTED", records: [ungranted] },
  {
    when: "one of two records is not granted",
    want: "TAG_NOT_GRANTED",
    records: [record, ungranted],
  },
  {
    when: "the grant is limited to another record",
    want: "RECORD_NOT_GRANTED",
    grant: { records: [fromHex(sibling.slip)] },
  },
  {
    when: "the grant is limited to this record",
    want: "OK",
    grant: { records: [fromHex(record.slip)] },
  },
  { when: "the action is not granted", want: "ACTION_NOT_GRANTED", change: { action: "copy" } },
  {
    when: "the purpose is not granted",
    want: "PURPOSE_NOT_GRANTED",
    change: { purpose: "HRESCH" },
  },
  {
    when: "the intent is not on the chain",
    want: "INTENT_MISSING",
    change: { intent: randomBytes(32) },
  },
  { when: "the salt is another", want: "INTENT_MISSING", change: { salt: randomBytes(32) } },
  {
    when: "the intent commits to another record",
    want: "INTENT_MISSING",
    committed: [sibling.digest],
  },
  {
    when: "the record is not among those opened",
    want: "INTENT_MISSING",
    committed: [sibling.digest],
    change: { digests: [sibling.digest] },
  },
  {
    when: "the record is one of several",
    want: "OK",
    committed: [sibling.digest, record.digest],
    change: { digests: [sibling.digest, record.digest] },
  },
  { when: "the intent is for other proxies", want: "INTENT_MISSING", proxies: [2, 3, 4] },
  {
    when: "the intent is 31 s old",
    want: "INTENT_MISSING",
    meanwhile: () => (nodes.clock.now += limits.intentServesMs + 1_000),
  },
  {
    when: "the intent is 29 s old",
    want: "OK",
    meanwhile: () => (nodes.clock.now += limits.intentServesMs - 1_000),
  },
  {
    when: "the proof has one head",
    want: "NOT_ON_CHAIN",
    item: () => ({ record: federation.proof(record.slip, [own]) }),
  },
  {
    when: "the proof has one head twice",
    want: "NOT_ON_CHAIN",
    item: () => ({ record: federation.proof(record.slip, [own, own]) }),
  },
  {
    when: "the proof is of another height",
    want: "NOT_ON_CHAIN",
    item: ({ record: proof }) => ({ record: atNextHeight(proof) }),
  },
  {
    when: "a head does not verify, of a record behind one whose heads do",
    want: "NOT_ON_CHAIN",
    records: [record, sibling],
    item: ({ record: proof }, i) => (i === 0 ? {} : { record: withSpoiledHead(proof) }),
  },
  {
    when: "the session is another visit's",
    want: "NOT_ON_CHAIN",
    item: () => ({ session: federation.proof(sibling.visit.session) }),
  },
  {
    when: "the session is a record",
    want: "NOT_ON_CHAIN",
    item: () => ({ session: federation.proof(sibling.slip) }),
  },
  {
    when: "the header is another",
    want: "NOT_ON_CHAIN",
    item: ({ header }) => ({ header: flip(header, 3) }),
  },
  {
    when: "the body is another",
    want: "NOT_ON_CHAIN",
    item: ({ bodyHash }) => ({ bodyHash: flip(bodyHash, 3) }),
  },
  {
    when: "a bit of C1 is flipped",
    want: "NOT_ON_CHAIN",
    item: ({ capsules }) => ({ capsules: flip(capsules, 40) }),
  },
  {
    when: "the capsules are another record's",
    want: "NOT_ON_CHAIN",
    item: () => ({ capsules: concat(...sibling.capsules) }),
  },
  {
    when: "the author wrote a capsule that is no point",
    want: "CAPSULE_INVALID",
    records: [brokenPoint],
  },
  {
    when: "the author wrote another tag's capsule",
    want: "CAPSULE_INVALID",
    records: [transplanted],
  },
  {
    when: "the author wrote another tag's capsule, of a record behind one that is well",
    want: "CAPSULE_INVALID",
    records: [record, transplanted],
  },
];

for (const [place, { when, want }] of rows().entries())
  test(`both endpoints give ${want} when ${when}`, () => answered(rows()[place]!));

async function answered(row: Row): Promise<void> {
  const records = row.records ?? [record];
  const made =
    row.grant === undefined ? shared : await federation.granted(reader, [record], row.grant);
  const committed = row.committed ?? records.map(({ digest }) => digest);
  const announced = row.proxies === undefined ? {} : { proxies: row.proxies };
  const intent = federation.intent(reader, made, committed, announced);
  const honest = { ...federation.request(made.gid, intent, records), ...row.change };
  const request = {
    ...honest,
    items: honest.items.map((item, i) => ({ ...item, ...row.item?.(item, i) })),
  };
  try {
    row.meanwhile?.(made);
    const answers = await Promise.all(
      ["/reencrypt", "/proofs"].map((path) =>
        federation.ask(1, path, request, row.caller ?? reader),
      ),
    );
    assert.deepEqual(await Promise.all(answers.map(codeOf)), [row.want, row.want]);
  } finally {
    nodes.away.clear();
    nodes.headAgeMs.clear();
    nodes.forked.clear();
  }
}

function withSpoiledHead(bytes: Uint8Array): Uint8Array {
  const proof = decodeSlipProof(bytes);
  const [first, ...heads] = proof.heads;
  const spoiled = { ...first!, signature: flip(first!.signature, 3) };
  return encodeSlipProof({ ...proof, heads: [spoiled, ...heads] });
}

function atNextHeight(bytes: Uint8Array): Uint8Array {
  const proof = decodeSlipProof(bytes);
  return encodeSlipProof({ ...proof, height: proof.height + 1 });
}
