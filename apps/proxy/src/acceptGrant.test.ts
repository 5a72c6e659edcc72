import assert from "node:assert/strict";
import { after, test } from "node:test";
import { randomBytes, sha256, toHex } from "@anamnesis/crypto/verify";
import { parseInstitutionId, signedDigest, vouched } from "@anamnesis/protocol";
import type { Grant, SharePackage, ShareSecret, VisitSignature } from "@anamnesis/protocol";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { byPatient, sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1, 2]);
after(() => federation.stop());
const { parties } = federation;
const { certificates, identity } = parties;
const reader = await federation.newReader("Dr. Reader");
const records = [await federation.newRecord(), await federation.newRecord()];
const [first, second] = records as [(typeof records)[0], (typeof records)[0]];
const members = parties.consortium.genesis.consortium!.proxies.map(({ index, institution }) => ({
  index,
  institution,
}));
const otherInstitution = parseInstitutionId("online-clinic");
const DAY_MS = 24 * 3_600_000;

/** A share package with one thing wrong; `seal` alters what is inside the seal, `outside` what is around it. */
interface Row {
  readonly when: string;
  readonly want: string;
  readonly grant?: Partial<Grant>;
  readonly seal?: (made: MadeGrant) => Partial<ShareSecret>;
  readonly outside?: (made: MadeGrant) => Partial<SharePackage>;
  /** Whose shares are sealed to proxy 1. */
  readonly index?: number;
}

const patientBy =
  (certificate: Uint8Array, key = identity.signing) =>
  (made: MadeGrant) => ({
    by: {
      ...byPatient(parties, made),
      certificate,
      signature: signer(key)("PATIENT-GRANT", vouched(made.gid)),
    },
  });
const visitsBy =
  (...visits: readonly ((made: MadeGrant) => VisitSignature)[]) =>
  (made: MadeGrant) => ({
    by: { ...byPatient(parties, made), visits: visits.map((visit) => visit(made)) },
  });
const visitBy =
  (key: typeof first.visit.keys, digest: (made: MadeGrant) => Uint8Array) => (made: MadeGrant) => ({
    key: key.publicKey,
    signature: signer(key)("GRANT-VISIT", signedDigest(digest(made))),
  });
const digestOf = ({ digest }: MadeGrant): Uint8Array => digest;
const pointsOf = (made: MadeGrant, index: number): Uint8Array[] => [
  ...made.dealt.shares[index - 1]!.points,
];
const commitmentsOf = (made: MadeGrant): Uint8Array[] => [...made.dealt.commitments];

const rows: readonly Row[] = [
  { when: "all is well", want: "OK" },
  { when: "it is for another chain", want: "BAD_REQUEST", grant: { chain: "elsewhere" } },
  { when: "its threshold is another", want: "BAD_REQUEST", grant: { k: 2 } },
  {
    when: "it lists no more proxies than its threshold",
    want: "BAD_REQUEST",
    grant: { proxies: members.slice(0, 3) },
  },
  {
    when: "it lists proxies in another order",
    want: "BAD_REQUEST",
    grant: { proxies: members.toReversed() },
  },
  {
    when: "it lists a proxy of no institution here",
    want: "BAD_REQUEST",
    grant: { proxies: members.with(3, { ...members[3]!, institution: otherInstitution }) },
  },
  {
    when: "it lists an index that no proxy has",
    want: "BAD_REQUEST",
    grant: { proxies: members.with(3, { ...members[3]!, index: 5 }) },
  },
  { when: "it has expired", want: "OUTSIDE_GRANT_TIME", grant: { notAfter: federation.now - 1 } },
  {
    when: "it lasts longer than a year",
    want: "OUTSIDE_GRANT_TIME",
    grant: { notAfter: federation.now + 400 * DAY_MS },
  },
  {
    when: "it ends before it begins",
    want: "OUTSIDE_GRANT_TIME",
    grant: { notBefore: federation.now + 2 * DAY_MS, notAfter: federation.now + DAY_MS },
  },
  {
    when: "it was sealed for another grant",
    want: "SHARE_INVALID",
    outside: () => ({ sealed: randomBytes(3_000) }),
  },
  { when: "it holds another proxy's index", want: "SHARE_INVALID", seal: () => ({ index: 2 }) },
  {
    when: "it holds another proxy's shares",
    want: "SHARE_INVALID",
    seal: (made) => ({ shares: pointsOf(made, 2) }),
  },
  {
    when: "its shares are in another order",
    want: "SHARE_INVALID",
    seal: (made) => ({ shares: pointsOf(made, 1).reverse() }),
  },
  {
    when: "a share is missing",
    want: "SHARE_INVALID",
    seal: (made) => ({ shares: pointsOf(made, 1).slice(1) }),
  },
  {
    when: "a share is no point",
    want: "SHARE_INVALID",
    seal: (made) => ({ shares: [randomBytes(48), ...pointsOf(made, 1).slice(1)] }),
  },
  {
    when: "a share is the identity",
    want: "SHARE_INVALID",
    seal: (made) => ({
      shares: [Uint8Array.of(0xc0, ...new Uint8Array(47)), ...pointsOf(made, 1).slice(1)],
    }),
  },
  {
    when: "the hash of the reader's part is another",
    want: "GRANT_SIGNATURE",
    outside: () => ({ sealedHash: randomBytes(32) }),
  },
  {
    when: "commitments are in another order",
    want: "GRANT_SIGNATURE",
    outside: (made) => ({ commitments: commitmentsOf(made).reverse() }),
  },
  {
    when: "the patient's certificate is a doctor's",
    want: "CERTIFICATE_INVALID",
    seal: patientBy(certificates.asDoctor),
  },
  {
    when: "the patient's certificate is by third parties",
    want: "CERTIFICATE_INVALID",
    seal: patientBy(certificates.byThirdParties),
  },
  {
    when: "the patient's certificate is by a stranger",
    want: "CERTIFICATE_INVALID",
    seal: patientBy(certificates.byStranger),
  },
  {
    when: "the patient's certificate is noise",
    want: "CERTIFICATE_INVALID",
    seal: patientBy(randomBytes(500)),
  },
  {
    when: "another key vouches for the grant",
    want: "GRANT_SIGNATURE",
    seal: patientBy(certificates.patient, keyOf("somebody")),
  },
  {
    when: "the patient vouches for another grant",
    want: "GRANT_SIGNATURE",
    seal: (made) => ({
      by: {
        ...byPatient(parties, made),
        signature: signer(identity.signing)("PATIENT-GRANT", vouched(toHex(randomBytes(32)))),
      },
    }),
  },
  {
    when: "a visit did not sign",
    want: "GRANT_SIGNATURE",
    seal: visitsBy(visitBy(first.visit.keys, digestOf)),
  },
  { when: "no visit signed", want: "GRANT_SIGNATURE", seal: visitsBy() },
  {
    when: "a visit signed another digest",
    want: "GRANT_SIGNATURE",
    seal: visitsBy(
      visitBy(first.visit.keys, digestOf),
      visitBy(second.visit.keys, () => randomBytes(32)),
    ),
  },
  {
    when: "another key signed as a visit",
    want: "GRANT_SIGNATURE",
    seal: visitsBy(
      ...[first, second].map(({ visit }) => (made: MadeGrant) => ({
        ...visitBy(visit.keys, digestOf)(made),
        key: keyOf("somebody").publicKey,
      })),
    ),
  },
];

for (const { when, want, grant, seal, outside } of rows)
  test(`POST /grants gives ${want} when ${when}`, async () => {
    const made = await federation.newGrant(reader, records, grant);
    const body = await sharesFor(parties, made, 1, seal?.(made), outside?.(made));
    const answer = await federation.postShares(1, body);
    assert.equal(await codeOf(answer), want);
    if (want === "OK") return;
    const honest = await federation.postShares(1, await sharesFor(parties, made, 1));
    assert.notEqual(await codeOf(honest), "GRANT_EXISTS", "a refused package leaves nothing");
  });

test("a patient whose certificate is out of date grants nothing", async () => {
  const { clock } = parties.nodes;
  const { now } = clock;
  try {
    clock.now += 20 * 366 * 24 * 3_600_000;
    const made = await federation.newGrant(reader, records);
    const body = await sharesFor(parties, made, 1);
    assert.equal(await codeOf(await federation.postShares(1, body)), "CERTIFICATE_NOT_LIVE");
  } finally {
    clock.now = now;
  }
});

test("a package for one proxy is nothing to another", async () => {
  const made = await federation.newGrant(reader, records);
  assert.equal(
    await codeOf(await federation.postShares(2, await sharesFor(parties, made, 1))),
    "SHARE_INVALID",
  );
});

test("bodies that are no package are refused", async () => {
  const made = await federation.newGrant(reader, records);
  const body = await sharesFor(parties, made, 1);
  assert.match(
    await codeOf(await federation.postShares(1, randomBytes(200))),
    /MALFORMED|NOT_CANONICAL/,
  );
  assert.match(
    await codeOf(await federation.postShares(1, body.slice(0, -1))),
    /MALFORMED|NOT_CANONICAL/,
  );
  assert.match(
    await codeOf(await federation.postShares(1, new Uint8Array(0))),
    /MALFORMED|NOT_CANONICAL/,
  );
  assert.equal(
    await codeOf(await federation.postShares(1, randomBytes(9 * 1024 * 1024))),
    "TOO_LARGE",
  );
});

test("the same deal may be sent again, another deal of the same grant only if it is the published one", async () => {
  const made = await federation.newGrant(reader, records);
  const body = await sharesFor(parties, made, 1);
  assert.equal(await codeOf(await federation.postShares(1, body)), "OK");
  assert.deepEqual(await (await federation.postShares(1, body)).json(), {
    gid: made.gid,
    accepted: true,
  });

  // Somebody who knows the grant's public key deals another grant under it before the owner's package arrives.
  const own = await federation.newGrant(reader, records);
  const squatting = await federation.newGrant(reader, [first], { key: own.keys.publicKey });
  const underOwnGid = { ...squatting, gid: own.gid, records: [first] };
  assert.equal(
    await codeOf(await federation.postShares(1, await sharesFor(parties, underOwnGid, 1))),
    "OK",
  );
  const ownBody = await sharesFor(parties, own, 1);
  assert.equal(await codeOf(await federation.postShares(1, ownBody)), "GRANT_EXISTS");
  federation.publish(own);
  assert.equal(await codeOf(await federation.postShares(1, ownBody)), "OK");
  assert.equal(
    await codeOf(await federation.postShares(1, await sharesFor(parties, underOwnGid, 1))),
    "GRANT_EXISTS",
  );
  assert.equal(await codeOf(await federation.open(1, reader, own, [first])), "OK");
  assert.equal(toHex(sha256(own.keys.publicKey)), own.gid);
});
