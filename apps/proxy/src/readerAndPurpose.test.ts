/** Who the reader of a grant is, and what an intent says of action, purpose and confirmation, as proxies judge it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { readerCommitment, slipIdFrom } from "@anamnesis/protocol";
import type { Grant, ReencryptRequest, SlipFields } from "@anamnesis/protocol";
import { hospital, otherHospital } from "@anamnesis/testing/federation";
import { holderOf } from "@anamnesis/testing/grantSlips";
import type { AnnouncedChange } from "@anamnesis/testing/proxy/asking";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import type { MadeRecord } from "@anamnesis/testing/proxy/records";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { nodes, consortium } = federation.parties;
const reader = await federation.newReader("Dr. Reader");
const [record, sibling] = [await federation.newRecord(), await federation.newRecord()];
const amended = await federation.amend(record);
const shared = await federation.granted(reader, [record]);
const confirmed = federation.confirm(record);
const proofs = {
  record: federation.proof(confirmed),
  ofOneMember: federation.proof(confirmed, [hospital]),
  sibling: federation.proof(federation.confirm(sibling)),
  slip: federation.proof(record.slip),
};

/** One request to the proxy; what a row leaves out is what an honest reader does. */
interface Row {
  readonly when: string;
  readonly want: string;
  /** A grant of its own, altered like this; else the shared one, for reading and treatment. */
  readonly grant?: Partial<Grant>;
  readonly published?: Partial<SlipFields<"grant.publish">>;
  /** The intent is under the shared grant, because the chain refuses one under this. */
  readonly isIntentElsewhere?: true;
  readonly announced?: AnnouncedChange;
  readonly asked?: Partial<Pick<ReencryptRequest, "action" | "purpose">>;
  readonly of?: MadeRecord;
  readonly confirmation?: Uint8Array;
  /** The own node tells another intent than the chain holds. */
  readonly told?: Partial<SlipFields<"usage.intent">>;
}

const institution = (id: typeof hospital, role: "doctor" | "desk") =>
  ({ reader: { kind: "institution", id, role } }) as const;
const twoActions = { actions: ["read", "copy"] } as const;
const twoPurposes = { purposes: ["TREAT", "ETREAT"] } as const;
const research = {
  grant: { purposes: ["HRESCH"] },
  announced: { purpose: "HRESCH" },
  asked: { purpose: "HRESCH" },
} as const;

const rows: readonly Row[] = [
  {
    when: "the grant is for the doctors of the reader's institution",
    want: "OK",
    grant: institution(hospital, "doctor"),
  },
  {
    when: "the grant is for another role there",
    want: "GRANT_NOT_HELD",
    grant: institution(hospital, "desk"),
    isIntentElsewhere: true,
  },
  {
    when: "the grant is for the doctors of another institution",
    want: "GRANT_NOT_HELD",
    grant: institution(otherHospital, "doctor"),
    isIntentElsewhere: true,
  },
  {
    when: "the chain holds the same grant for another reader",
    want: "GRANT_SIGNATURE",
    grant: {},
    published: {
      reader: readerCommitment({ reader: holderOf(randomBytes(32)), salt: randomBytes(32) }),
    },
    isIntentElsewhere: true,
  },
  {
    when: "the chain holds the same grant with another revoker",
    want: "GRANT_SIGNATURE",
    grant: {},
    published: { revoker: randomBytes(32) },
  },
  {
    when: "the intent is another certificate's",
    want: "INTENT_MISSING",
    told: { cert: randomBytes(32) },
  },
  {
    when: "the intent is for another grant",
    want: "INTENT_MISSING",
    told: { gid: randomBytes(32) },
  },
  {
    when: "the intent shows another reader",
    want: "INTENT_MISSING",
    told: institution(hospital, "doctor"),
  },
  {
    when: "the intent shows another salt",
    want: "INTENT_MISSING",
    told: { salt: randomBytes(32) },
  },
  {
    when: "the reader copies, as announced",
    want: "OK",
    grant: twoActions,
    announced: { committed: "copy" },
    asked: { action: "copy" },
  },
  {
    when: "the intent announces reading and the reader copies",
    want: "INTENT_MISSING",
    grant: twoActions,
    asked: { action: "copy" },
  },
  {
    when: "the intent shows another action than it commits to",
    want: "INTENT_MISSING",
    grant: twoActions,
    announced: { action: "read", committed: "copy" },
  },
  {
    when: "the intent commits to another action than it shows",
    want: "INTENT_MISSING",
    grant: twoActions,
    announced: { action: "copy", committed: "read" },
  },
  {
    when: "the intent commits to another purpose",
    want: "INTENT_MISSING",
    grant: twoPurposes,
    asked: { purpose: "ETREAT" },
  },
  {
    when: "the intent commits to this purpose",
    want: "OK",
    grant: twoPurposes,
    announced: { purpose: "ETREAT" },
    asked: { purpose: "ETREAT" },
  },
  { when: "research shows no confirmation", want: "NOT_CONFIRMED", ...research },
  {
    when: "research shows the confirmation",
    want: "OK",
    ...research,
    confirmation: proofs.record,
  },
  {
    when: "one member alone says that it was confirmed",
    want: "NOT_CONFIRMED",
    ...research,
    confirmation: proofs.ofOneMember,
  },
  {
    when: "the confirmation is another record's",
    want: "NOT_CONFIRMED",
    ...research,
    confirmation: proofs.sibling,
  },
  {
    when: "the confirmation is of the version before",
    want: "NOT_CONFIRMED",
    ...research,
    of: amended,
    confirmation: proofs.record,
  },
  {
    when: "the confirmation is the record's own slip",
    want: "NOT_CONFIRMED",
    ...research,
    confirmation: proofs.slip,
  },
  {
    when: "the confirmation is noise",
    want: "NOT_CONFIRMED",
    ...research,
    confirmation: randomBytes(200),
  },
];

for (const row of rows)
  test(`POST /reencrypt gives ${row.want} when ${row.when}`, async () => {
    const of = row.of ?? record;
    const made =
      row.grant === undefined
        ? shared
        : await federation.granted(reader, [record], row.grant, row.published);
    const under = row.isIntentElsewhere === true ? shared : made;
    const intent = federation.intent(reader, under, [of.digest], row.announced);
    if (row.told !== undefined) nodes.lie(consortium, slipIdFrom(fromHex(intent.id)), row.told);
    const honest = federation.request(made.gid, intent, [of]);
    const request = {
      ...honest,
      ...row.asked,
      items: honest.items.map((item) => ({ ...item, confirmation: row.confirmation ?? null })),
    };
    assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), row.want);
  });

test("an amendment is opened for research with the confirmation of itself", async () => {
  const confirmation = federation.proof(federation.confirm(amended, record.slip));
  const made = await federation.granted(reader, [record], research.grant);
  const intent = federation.intent(reader, made, [amended.digest], research.announced);
  const { items, ...honest } = federation.request(made.gid, intent, [amended]);
  const request = {
    ...honest,
    ...research.asked,
    items: items.map((item) => ({ ...item, confirmation })),
  };
  assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), "OK");
});
