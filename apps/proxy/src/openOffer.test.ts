/** A share package at the edge of what is taken, from a patient and from a relative, judged without a server. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  AnamnesisError,
  delegationSecret,
  fingerprintOf,
  grantDocument,
  limits,
  sharePackage,
  vouched,
} from "@anamnesis/protocol";
import type { Grant, ShareSecret } from "@anamnesis/protocol";
import type { RevocationLists } from "@anamnesis/server";
import { sha256, toHex } from "@anamnesis/crypto/verify";
import { keyOf, signer } from "@anamnesis/testing/keys";
import {
  byRelative,
  delegationOver,
  endingKey,
  secretOver,
  signDelegation,
} from "@anamnesis/testing/proxy/delegations";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { byPatient, makeGrant, sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { openOffer } from "./acceptGrant.ts";
import type { AcceptDeps, Offered } from "./acceptGrant.ts";
import { readKeys } from "./dataDirectory.ts";
import { checkDeal } from "./dealCheck.ts";

const federation = await ProxyFederation.start([]);
after(() => federation.stop());
const { parties } = federation;
const { certificates, identity } = parties;
const reader = await federation.newReader("Dr. Reader");
const records = [await federation.newRecord(), await federation.newRecord()] as const;
const [tag, otherTag] = (await federation.newGrant(reader, records)).grant.tags as [
  Grant["tags"][number],
  Grant["tags"][number],
];
const { chain, consortium } = parties.consortium.genesis;
const { box } = await readKeys(parties.dataDirectories.get(1)!);
const { now } = federation;

/** @param revoked - Serials of certificates that were taken back. */
const depsWith = (change: Partial<AcceptDeps> = {}, isRevoked = false): AcceptDeps => ({
  chain,
  k: consortium!.k,
  proxies: consortium!.proxies,
  index: 1,
  cas: parties.consortium.genesis.cas,
  revocations: {
    assertNotRevoked: async () => {
      if (isRevoked) throw new AnamnesisError("CERTIFICATE_NOT_LIVE", "It is on the list");
    },
  } as unknown as RevocationLists,
  box,
  now: () => now,
  ...change,
});

async function judged(body: Uint8Array, deps: AcceptDeps): Promise<Offered> {
  const offered = await openOffer(sharePackage.decode(body), deps);
  await checkDeal(offered.inQuestion);
  return offered;
}
const codeOf = (judging: Promise<Offered>): Promise<string> =>
  judging.then(
    () => "OK",
    (error: { code?: string }) => error.code ?? "no code",
  );

interface Row {
  readonly when: string;
  readonly want: string;
  readonly grant?: Partial<Grant>;
  /** What the grant says in the package, which nobody dealt so. */
  readonly shown?: Partial<Grant>;
  readonly seal?: (made: MadeGrant) => Partial<ShareSecret>;
  readonly deps?: Partial<AcceptDeps>;
  readonly isRevoked?: boolean;
  /** Which of the proxies it lists gets a package, sealed to proxy 1. */
  readonly of?: number;
}
const byPatients =
  (change: Partial<Extract<ShareSecret["by"], { kind: "patient" }>>) => (made: MadeGrant) => ({
    by: { ...byPatient(parties, made), ...change },
  });
const tooLong = limits.grantLifetimeMs + 1;
const YEARS_MS = 10 * 366 * 24 * 3_600_000;

const rows: readonly Row[] = [
  { when: "all is well", want: "OK" },
  { when: "it is for another chain", want: "BAD_REQUEST", grant: { chain: "elsewhere" } },
  { when: "its threshold is another", want: "BAD_REQUEST", grant: { k: 2 } },
  { when: "it has no tags", want: "BAD_REQUEST", shown: { tags: [] } },
  { when: "it has a tag twice", want: "BAD_REQUEST", shown: { tags: [tag, otherTag, tag] } },
  { when: "it ends at this moment", want: "OUTSIDE_GRANT_TIME", grant: { notAfter: now } },
  { when: "it ends a moment later", want: "OK", grant: { notAfter: now + 1 } },
  { when: "it lasts a year", want: "OK", grant: { notAfter: now + limits.grantLifetimeMs } },
  { when: "it lasts longer", want: "OUTSIDE_GRANT_TIME", grant: { notAfter: now + tooLong } },
  {
    when: "it ends when it begins",
    want: "OUTSIDE_GRANT_TIME",
    grant: { notBefore: now + 5, notAfter: now + 5 },
  },
  {
    when: "it begins just before it ends",
    want: "OK",
    grant: { notBefore: now + 4, notAfter: now + 5 },
  },
  { when: "it holds another proxy's index", want: "SHARE_INVALID", seal: () => ({ index: 2 }) },
  {
    when: "a share is missing",
    want: "SHARE_INVALID",
    seal: ({ dealt }) => ({ shares: dealt.shares[0]!.points.slice(1) }),
  },
  {
    when: "it holds another proxy's shares",
    want: "SHARE_INVALID",
    seal: ({ dealt }) => ({ shares: [...dealt.shares[1]!.points] }),
  },
  {
    when: "it is another proxy's whole package, sealed to this one",
    want: "SHARE_INVALID",
    seal: () => ({ index: 2 }),
    of: 2,
  },
  {
    when: "the certificate is a doctor's",
    want: "CERTIFICATE_INVALID",
    seal: byPatients({ certificate: certificates.asDoctor }),
  },
  {
    when: "the certificate is by third parties",
    want: "CERTIFICATE_INVALID",
    seal: byPatients({ certificate: certificates.byThirdParties }),
  },
  {
    when: "the patient's certificate is out of date",
    want: "CERTIFICATE_NOT_LIVE",
    deps: { now: () => now + YEARS_MS },
    grant: { notBefore: now + YEARS_MS, notAfter: now + YEARS_MS + 5 },
  },
  {
    when: "the patient signed for another grant",
    want: "GRANT_SIGNATURE",
    seal: byPatients({
      signature: signer(identity.signing)("PATIENT-GRANT", vouched("ab".repeat(32))),
    }),
  },
  { when: "the patient's certificate is revoked", want: "CERTIFICATE_NOT_LIVE", isRevoked: true },
  { when: "no visit signed", want: "GRANT_SIGNATURE", seal: byPatients({ visits: [] }) },
];

for (const { when, want, grant, shown, seal, deps, isRevoked, of = 1 } of rows)
  test(`a patient's package gives ${want} when ${when}`, async () => {
    const made = await federation.newGrant(reader, records, grant);
    const outside =
      shown === undefined ? {} : { grant: grantDocument.encode({ ...made.grant, ...shown }) };
    const secret = { index: 1, ...seal?.(made) };
    const body = await sharesFor(parties, made, of, secret, outside, 1);
    assert.equal(await codeOf(judged(body, depsWith(deps, isRevoked))), want);
  });

test("a proxy that a grant does not list takes no share of it, though the grant may do without", async (t) => {
  const own = await ProxyFederation.start([], {}, { k: 2 });
  t.after(() => own.stop());
  const proxies = own.parties.consortium.genesis.consortium!.proxies;
  const listed = proxies.slice(1).map(({ index, institution }) => ({ index, institution }));
  const who = await own.newReader("Dr. Reader");
  const made = await own.newGrant(who, [await own.newRecord()], { proxies: listed });
  const { box: boxOf2 } = await readKeys(own.parties.dataDirectories.get(2)!);
  const { box: boxOf1 } = await readKeys(own.parties.dataDirectories.get(1)!);
  const { cas } = own.parties.consortium.genesis;
  const deps = depsWith({ k: 2, proxies, cas, now: () => own.now });
  const listedDeps = { ...deps, index: 2, box: boxOf2 };
  assert.equal(await codeOf(judged(await sharesFor(own.parties, made, 2), listedDeps)), "OK");
  const body = await sharesFor(own.parties, made, 2, { index: 1 }, {}, 1);
  assert.equal(await codeOf(judged(body, { ...deps, box: boxOf1 })), "BAD_REQUEST");
});

const delegation = delegationOver(parties, records);
const { tags: secrets } = delegationSecret.decode(secretOver(parties, records));
const dealt = (change: Partial<Grant> = {}): Promise<MadeGrant> =>
  makeGrant(parties, reader, records, { revoker: sha256(endingKey.publicKey), ...change }, secrets);
const whole = signDelegation(parties, delegation, records);

interface RelativesRow extends Pick<Row, "when" | "want" | "grant" | "isRevoked"> {
  readonly shown?: () => Uint8Array;
  readonly sign?: Parameters<typeof byRelative>[2];
}
const stranger: typeof parties = {
  ...parties,
  identity: { ...identity, signing: keyOf("somebody") },
};
const relativesRows: readonly RelativesRow[] = [
  { when: "all is well", want: "OK" },
  {
    when: "one of the visits did not sign the delegation",
    want: "GRANT_SIGNATURE",
    shown: () => signDelegation(parties, delegation, records.slice(1)),
  },
  {
    when: "the patient did not sign the delegation",
    want: "GRANT_SIGNATURE",
    shown: () => signDelegation(stranger, delegation, records),
  },
  { when: "the patient's certificate is revoked", want: "CERTIFICATE_NOT_LIVE", isRevoked: true },
  {
    when: "it lasts longer than was delegated",
    want: "GRANT_SIGNATURE",
    grant: { notAfter: delegation.notAfter + 1 },
  },
  { when: "another signed it", want: "GRANT_SIGNATURE", sign: { key: keyOf("somebody") } },
];

for (const { when, want, grant, shown, sign, isRevoked } of relativesRows)
  test(`a relative's package gives ${want} when ${when}`, async () => {
    const made = await dealt(grant);
    const by = byRelative(made, shown?.() ?? whole, sign);
    const body = await sharesFor(parties, made, 1, { by });
    assert.equal(await codeOf(judged(body, depsWith({}, isRevoked))), want);
  });

test("openOffer() tells whose grant it is, and keeps a patient's visits but no delegation", async () => {
  const made = await federation.newGrant(reader, records);
  const patients = await judged(await sharesFor(parties, made, 1), depsWith());
  assert.equal(patients.patient, fingerprintOf(certificates.patient));
  assert.deepEqual([patients.gid, toHex(patients.held.digest)], [made.gid, toHex(made.digest)]);
  assert.equal(patients.deal.visits.length, 2);
  const theirs = await dealt();
  const body = await sharesFor(parties, theirs, 1, { by: byRelative(theirs, whole) });
  const relatives = await judged(body, depsWith());
  assert.equal(relatives.patient, fingerprintOf(certificates.patient));
  assert.deepEqual(relatives.deal.visits, []);
});

test("checkDeal() finds a wrong share wherever it stands, and lets a small deal pass a large one", async () => {
  const made = await federation.newGrant(reader, records);
  const { inQuestion } = await openOffer(
    sharePackage.decode(await sharesFor(parties, made, 1)),
    depsWith(),
  );
  const { shares } = inQuestion;
  const [good] = shares.tags;
  const large = Array.from({ length: 65 }, () => good!);
  const judging = (tags: typeof large): Promise<void> =>
    checkDeal({ ...inQuestion, shares: { ...shares, tags } });
  await judging(large.slice(1)); // One turn to its end.
  const wrong = { ...good!, share: shares.tags[1]!.share };
  await assert.rejects(judging(large.with(64, wrong)), { code: "SHARE_INVALID" });
  const ended: string[] = [];
  await Promise.all([
    judging(large).then(() => ended.push("large")),
    checkDeal(inQuestion).then(() => ended.push("small")),
  ]);
  assert.deepEqual(ended, ["small", "large"]);
});

test("openOffer() and checkDeal() pass on what is no fault of the package", async () => {
  const made = await federation.newGrant(reader, records);
  const received = sharePackage.decode(await sharesFor(parties, made, 1));
  const broken = { ...received, commitments: undefined as never };
  await assert.rejects(openOffer(broken, depsWith()), TypeError);
  const { inQuestion } = await openOffer(received, depsWith());
  const shares = { ...inQuestion.shares, tags: [undefined as never] };
  await assert.rejects(checkDeal({ ...inQuestion, shares }), TypeError);
});
