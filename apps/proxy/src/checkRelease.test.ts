/** Each check at its edge: what is held, what the chain says and what is asked are in our hands, everything left out is honest. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { findCertificate, findGrant, findSlip } from "@anamnesis/ledger";
import {
  decodeSlip,
  intentCommitment,
  limits,
  parseChainId,
  parseFingerprint,
  parseGid,
  slipIdFrom,
} from "@anamnesis/protocol";
import type {
  CertificateView,
  Grant,
  GrantView,
  ReencryptRequest,
  Slip,
} from "@anamnesis/protocol";
import { RateLimit } from "@anamnesis/server";
import { hospital } from "@anamnesis/testing/federation";
import { holderOf } from "@anamnesis/testing/grantSlips";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { checkRelease } from "./checks.ts";
import type { Asked } from "./checks.ts";
import type { Consortium, SlipOnChain } from "./consortium.ts";
import type { ReadGrants } from "./readGrants.ts";
import type { HeldGrant } from "./store.ts";

const federation = await ProxyFederation.start([]);
after(() => federation.stop());
const { consortium: chain, trust, nodes } = federation.parties;
const who = await federation.newReader("Dr. Reader");
const reader = toHex(who.fingerprint);
const records = [await federation.newRecord(), await federation.newRecord()] as const;
const made = await federation.granted(who, records);
const digests = records.map(({ digest }) => digest);
const announced = federation.intent(who, made, digests);
const whole = federation.request(made.gid, announced, records);
const certificate = findCertificate(chain.state, parseFingerprint(reader))!;
const published = findGrant(chain.state, parseGid(made.gid))!;
const found = findSlip(chain.state, slipIdFrom(fromHex(announced.id)))!;
const slip = decodeSlip(found.slip) as Slip<"usage.intent">;
const now = nodes.clock.now;
const { notBefore, notAfter } = made.grant;

interface Case {
  readonly now?: number;
  readonly certificate?: Partial<CertificateView>;
  readonly held?: Partial<HeldGrant> | null;
  readonly grant?: Partial<Grant>;
  /** `null`: the chain has none. */
  readonly published?: Partial<GrantView> | null;
  readonly request?: Partial<ReencryptRequest>;
  readonly fields?: Partial<Slip<"usage.intent">["fields"]>;
  readonly intent?: Partial<SlipOnChain> | null;
  /** The time that the intent says. */
  readonly intentTime?: number;
}

/** What the checks say: OK, or the first code. */
async function said(given: Case): Promise<string> {
  const held: HeldGrant = {
    digest: made.digest,
    gctx: new Uint8Array(32),
    notAfter,
    replyKey: new Uint8Array(32),
    revoked: false,
    erasedAt: 0,
    receipt: new Uint8Array(0),
    ...given.held,
  };
  const intent: SlipOnChain = {
    slip: {
      ...slip,
      time: given.intentTime ?? slip.time,
      fields: { ...slip.fields, ...given.fields },
    },
    blockTime: found.time,
    committedAt: found.time,
    ...given.intent,
  };
  const view = given.published === null ? undefined : { ...published, ...given.published };
  const asked: Asked = {
    request: { ...whole, ...given.request },
    reader,
    certificate: { ...certificate, ...given.certificate },
    signed: {} as Asked["signed"],
  };
  const deps = {
    trust,
    consortium: {
      grant: async () => view,
      slip: async () => (given.intent === null ? undefined : intent),
      assertFresh: async () => undefined,
    } as unknown as Consortium,
    grants: { of: () => ({ ...made.grant, ...given.grant }) } as unknown as ReadGrants,
    index: 1,
    rate: new RateLimit({ most: 2, periodMs: 60_000, what: "records" }),
    now: () => given.now ?? now,
  };
  return checkRelease(asked, given.held === null ? undefined : held, deps).then(
    () => "OK",
    (error: { code?: string }) => error.code ?? "no code",
  );
}

const commitment = (change: Partial<ReencryptRequest>): Uint8Array =>
  intentCommitment({ ...whole, ...change });
/** What asks for these digests only, as announced. */
const covering = (some: readonly Uint8Array[]): Case => ({
  request: { digests: some },
  fields: { commitment: commitment({ digests: some }) },
});
const [tag, otherTag] = made.grant.tags as [Grant["tags"][number], Grant["tags"][number]];
const withTag = (change: Partial<typeof tag>): Case => ({
  grant: { tags: [{ ...tag, ...change }, otherTag] },
});
const recordIds = records.map((record) => fromHex(record.slip));
const blockTime = found.time;

const rows: readonly (readonly [when: string, want: string, given: Case])[] = [
  ["all is well", "OK", {}],
  ["the certificate is revoked", "CERTIFICATE_NOT_LIVE", { certificate: { revokedAt: 1 } }],
  ["the grant is not held", "GRANT_NOT_HELD", { held: null }],
  ["what is held has another key", "GRANT_NOT_HELD", { grant: { key: randomBytes(32) } }],
  [
    "what is held is another reader's",
    "GRANT_NOT_HELD",
    { grant: { reader: holderOf(randomBytes(32)) } },
  ],
  ["another deal is published", "GRANT_SIGNATURE", { published: { digest: "ab".repeat(32) } }],
  ["another reader is published", "GRANT_SIGNATURE", { published: { reader: "ab".repeat(32) } }],
  ["another revoker is published", "GRANT_SIGNATURE", { published: { revoker: "ab".repeat(32) } }],
  [
    "another deal is published and the grant has ended",
    "GRANT_SIGNATURE",
    { published: { digest: "ab".repeat(32) }, grant: { notAfter: now } },
  ],
  ["the grant begins at this moment", "OK", { grant: { notBefore: blockTime }, now: blockTime }],
  ["the grant begins after this", "OUTSIDE_GRANT_TIME", { grant: { notBefore: now + 1 } }],
  [
    "the grant begins after the intent",
    "OUTSIDE_GRANT_TIME",
    { intent: { blockTime: notBefore - 1 } },
  ],
  ["the grant ends after this moment", "OK", { grant: { notAfter: now + 1 } }],
  ["the grant ends at this moment", "OUTSIDE_GRANT_TIME", { grant: { notAfter: now } }],
  ["the grant ended before the intent", "OUTSIDE_GRANT_TIME", { intent: { blockTime: notAfter } }],
  ["the grant is not published", "GRANT_NOT_LIVE", { published: null }],
  ["its shares are erased", "GRANT_NOT_LIVE", { held: { replyKey: null } }],
  ["the chain ends it at this moment", "GRANT_NOT_LIVE", { published: { expiresAt: now } }],
  [
    "the chain ended it before the intent, by whose clock it is later",
    "GRANT_NOT_LIVE",
    { published: { expiresAt: now + 1 }, intent: { blockTime: now + 1 } },
  ],
  ["its tag is of another chain", "TAG_NOT_GRANTED", withTag({ chain: parseChainId("another") })],
  ["its tag is of another visit", "TAG_NOT_GRANTED", withTag({ pid: randomBytes(32) })],
  ["its tag is another", "TAG_NOT_GRANTED", withTag({ tag: randomBytes(16) })],
  ["the grant is limited to both records", "OK", { grant: { records: recordIds } }],
  [
    "the grant is limited to one of the two",
    "RECORD_NOT_GRANTED",
    { grant: { records: recordIds.slice(1) } },
  ],
  ["the action is not granted", "ACTION_NOT_GRANTED", { grant: { actions: ["copy"] } }],
  ["the purpose is not granted", "PURPOSE_NOT_GRANTED", { grant: { purposes: ["HRESCH"] } }],
  ["there is no intent", "INTENT_MISSING", { intent: null }],
  [
    "the slip is no intent",
    "INTENT_MISSING",
    { intent: { slip: { ...slip, kind: "grant.revoke" } as unknown as Slip } },
  ],
  ["the intent is another reader's", "INTENT_MISSING", { fields: { cert: randomBytes(32) } }],
  ["the intent is for another grant", "INTENT_MISSING", { fields: { gid: randomBytes(32) } }],
  ["the intent is for other proxies", "INTENT_MISSING", { fields: { proxies: [2, 3, 4] } }],
  ["the intent shows another reader", "INTENT_MISSING", { fields: { salt: randomBytes(32) } }],
  ["the intent announces another action", "INTENT_MISSING", { fields: { action: "copy" } }],
  [
    "the intent commits to something else",
    "INTENT_MISSING",
    { fields: { commitment: randomBytes(32) } },
  ],
  ["the intent covers one of two records", "INTENT_MISSING", covering(digests.slice(1))],
  ["the intent covers a third record", "OK", covering([...digests, randomBytes(32)])],
  ["the intent is as old as it may be", "OK", { now: found.time + limits.intentServesMs }],
  ["the intent is older", "INTENT_MISSING", { now: found.time + limits.intentServesMs + 1 }],
  ["the intent was made as long ago as it may be", "OK", { intentTime: now - limits.intentEndsMs }],
  [
    "the intent was made longer ago",
    "INTENT_MISSING",
    { intentTime: now - limits.intentEndsMs - 1 },
  ],
  [
    "what is shown as a record is a visit",
    "NOT_ON_CHAIN",
    { request: { items: whole.items.map((item) => ({ ...item, record: item.session })) } },
  ],
  [
    "a record's proof has one head",
    "NOT_ON_CHAIN",
    withItem({ record: federation.proof(records[0].slip, [hospital]) }),
  ],
  [
    "a visit's proof has one head",
    "NOT_ON_CHAIN",
    withItem({ session: federation.proof(records[0].visit.session, [hospital]) }),
  ],
  ["nothing is confirmed, for research", "NOT_CONFIRMED", forResearch()],
  [
    "a third record is asked for within a minute",
    "RATE_LIMITED",
    { request: { items: [...whole.items, whole.items[0]!] } },
  ],
];

/** The first of the records is shown otherwise. */
function withItem(change: Partial<ReencryptRequest["items"][number]>): Case {
  const [first, ...rest] = whole.items;
  return { request: { items: [{ ...first!, ...change }, ...rest] } };
}

function forResearch(): Case {
  const purpose = "HRESCH";
  return {
    grant: { purposes: [purpose] },
    request: { purpose },
    fields: { commitment: commitment({ purpose }) },
  };
}

for (const [when, want, given] of rows)
  test(`checkRelease() says ${want} when ${when}`, async () =>
    assert.equal(await said(given), want));
