/** A relative grants in the patient's place: what visits delegated, and nothing beyond it. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { openWith } from "@anamnesis/crypto/box";
import { checkedGrant, openAsReader } from "@anamnesis/crypto/open";
import { at, fromHex, grantContext, randomBytes, sha256, toHex } from "@anamnesis/crypto/verify";
import { delegationSecret, grantSecret, hpkeInfo, signedDelegation } from "@anamnesis/protocol";
import type { Delegation, Grant, ShareSecret } from "@anamnesis/protocol";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { answerItems, revocation } from "@anamnesis/testing/proxy/calls";
import {
  byRelative,
  delegationOver,
  endingKey,
  relativeKey,
  secretOver,
  signDelegation,
} from "@anamnesis/testing/proxy/delegations";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { makeGrant, sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1, 2, 3]);
after(() => federation.stop());
const { parties } = federation;
const reader = await federation.newReader("Dr. Reader");
const records = [await federation.newRecord(), await federation.newRecord()];
const [first, second] = records as [(typeof records)[0], (typeof records)[0]];
const revoker = sha256(endingKey.publicKey);
const { tags: secrets } = delegationSecret.decode(secretOver(parties, records));

/** A grant that the relative deals over all records, of the delegation's secret alone. */
const dealt = (change: Partial<Grant> = {}): Promise<MadeGrant> =>
  makeGrant(parties, reader, records, { revoker, ...change }, secrets);

/** A relative's package with one thing wrong. */
interface Row {
  readonly when: string;
  readonly want: string;
  readonly grant?: Partial<Grant>;
  readonly delegation?: Partial<Delegation>;
  /** In place of what the visits of all records sign. */
  readonly signed?: (delegation: Delegation) => Uint8Array;
  readonly sign?: Parameters<typeof byRelative>[2];
  /** What the relative signs, where it is not this grant. */
  readonly digest?: Uint8Array;
  readonly seal?: (made: MadeGrant) => Partial<ShareSecret>;
}

const whole = delegationOver(parties, records);
const [tagOfFirst, tagOfSecond] = whole.tags as [Delegation["tags"][0], Delegation["tags"][0]];
const resigned =
  (change: (signed: ReturnType<typeof signedDelegation.decode>) => object) =>
  (delegation: Delegation): Uint8Array => {
    const signed = signedDelegation.decode(signDelegation(parties, delegation, records));
    return signedDelegation.encode({ ...signed, ...change(signed) });
  };

const rows: readonly Row[] = [
  { when: "all is well", want: "OK" },
  {
    when: "more was delegated than is granted",
    want: "OK",
    delegation: { actions: ["read", "copy"] },
  },
  { when: "it ends with its delegation", want: "OK", grant: { notAfter: whole.notAfter } },
  {
    when: "one of the visits did not sign the delegation",
    want: "GRANT_SIGNATURE",
    signed: (delegation) => signDelegation(parties, delegation, [first]),
  },
  {
    when: "a visit signed another delegation",
    want: "GRANT_SIGNATURE",
    signed: resigned(({ visits }) => ({
      visits: [
        visits[0],
        signedDelegation.decode(
          signDelegation(parties, delegationOver(parties, records, { actions: ["copy"] }), [
            second,
          ]),
        ).visits[0],
      ],
    })),
  },
  {
    when: "visits signed it as something else",
    want: "GRANT_SIGNATURE",
    signed: (delegation) => signDelegation(parties, delegation, records, "GRANT-VISIT"),
  },
  {
    when: "keys of no visit signed it",
    want: "GRANT_SIGNATURE",
    signed: resigned(({ visits }) => ({
      visits: visits.map((visit) => ({ ...visit, key: keyOf("somebody").publicKey })),
    })),
  },
  {
    when: "another person signed the delegation in the patient's place",
    want: "GRANT_SIGNATURE",
    signed: resigned(({ delegation }) => ({
      signature: signer(keyOf("somebody"))("PATIENT-DELEGATION", delegation),
    })),
  },
  {
    when: "the patient signed it as something else",
    want: "GRANT_SIGNATURE",
    signed: resigned(({ delegation }) => ({
      signature: signer(parties.identity.signing)("PATIENT-GRANT", delegation),
    })),
  },
  {
    when: "the certificate is a doctor's",
    want: "CERTIFICATE_INVALID",
    signed: resigned(() => ({ certificate: parties.certificates.asDoctor })),
  },
  {
    when: "the delegation is for another federation",
    want: "GRANT_SIGNATURE",
    delegation: { chain: "elsewhere" },
  },
  {
    when: "it lasts longer than the delegation",
    want: "GRANT_SIGNATURE",
    grant: { notAfter: whole.notAfter + 1 },
  },
  {
    when: "the delegation has expired",
    want: "GRANT_SIGNATURE",
    delegation: { notAfter: federation.now - 1 },
  },
  {
    when: "a tag was not delegated",
    want: "GRANT_SIGNATURE",
    delegation: { tags: [tagOfFirst] },
  },
  {
    when: "a tag was delegated by another visit",
    want: "GRANT_SIGNATURE",
    delegation: { tags: [tagOfFirst, { ...tagOfSecond, pid: tagOfFirst.pid }] },
  },
  {
    when: "a tag was delegated on another chain",
    want: "GRANT_SIGNATURE",
    delegation: { tags: [tagOfFirst, { ...tagOfSecond, chain: "elsewhere" }] },
  },
  {
    when: "an action was not delegated",
    want: "GRANT_SIGNATURE",
    grant: { actions: ["read", "copy"] },
  },
  {
    when: "its revoker is the relative's own",
    want: "GRANT_SIGNATURE",
    grant: { revoker: sha256(relativeKey.publicKey) },
  },
  {
    when: "the delegation names another relative",
    want: "GRANT_SIGNATURE",
    delegation: { relative: keyOf("another relative").publicKey },
  },
  {
    when: "a visit's key signed in the relative's place",
    want: "GRANT_SIGNATURE",
    sign: { key: first.visit.keys },
  },
  {
    when: "the relative signed it as something else",
    want: "GRANT_SIGNATURE",
    sign: { type: "GRANT-VISIT" },
  },
  {
    when: "the relative signed another grant",
    want: "GRANT_SIGNATURE",
    digest: randomBytes(32),
  },
  { when: "the delegation has no tags", want: "MALFORMED", delegation: { tags: [] } },
  { when: "the delegation has no revokers", want: "MALFORMED", delegation: { revokers: [] } },
  { when: "there is no delegation", want: "MALFORMED", signed: () => new Uint8Array(0) },
  {
    when: "it holds another proxy's shares",
    want: "SHARE_INVALID",
    seal: (made) => ({ shares: [...made.dealt.shares[1]!.points] }),
  },
];

test("POST /grants takes from a relative what was delegated, and nothing else", async (t) => {
  for (const { when, want, grant, delegation, signed, sign, digest, seal } of rows) {
    await t.test(when, async () => {
      const made = await dealt(grant);
      const says = delegationOver(parties, records, { notAfter: whole.notAfter, ...delegation });
      const shown = signed?.(says) ?? signDelegation(parties, says, records);
      const by = byRelative({ digest: digest ?? made.digest }, shown, sign);
      const body = await sharesFor(parties, made, 1, { by, ...seal?.(made) });
      assert.equal(await codeOf(await federation.postShares(1, body)), want);
    });
  }
});

const signed = signDelegation(parties, whole, records);
const packageOf = (made: MadeGrant, index = 1): Promise<Uint8Array> =>
  sharesFor(parties, made, index, { by: byRelative(made, signed) });

/** A relative's grant as it is made: shares to three proxies, then the publication. */
async function granted(): Promise<MadeGrant> {
  const made = await dealt();
  for (const index of [1, 2, 3])
    assert.equal(
      await codeOf(await federation.postShares(index, await packageOf(made, index))),
      "OK",
    );
  federation.publish(made);
  return made;
}

test("what a relative dealt without the patient's seed opens by three proxies, until the patient's own key ends it", async () => {
  const made = await granted();
  const { X, tags } = grantSecret.decode(
    await openWith({
      secretKey: reader.box.secretKey,
      info: hpkeInfo.grant,
      aad: grantContext(made.bytes),
      sealed: made.sealed,
    }),
  );
  const opened = checkedGrant({
    grant: made.bytes,
    gid: fromHex(made.gid),
    k: 3,
    indices: [1, 2, 3, 4],
    X,
    tags: made.grant.tags.map(({ tag, pid }, t) => ({ tag, pid, ...at(tags, t) })),
    commitments: made.dealt.commitments,
  });
  const intent = federation.intent(reader, made, [first.digest]);
  const request = federation.request(made.gid, intent, [first]);
  const replies = await Promise.all(
    [1, 2, 3].map(async (index) => {
      const answer = await federation.ask(index, "/reencrypt", request, reader);
      assert.equal(answer.status, 200);
      const sealed = new Uint8Array(await answer.arrayBuffer());
      const items = await answerItems(index, "shares", request, reader, sealed);
      return { index, reply: items[0]! };
    }),
  );
  const { header, headerHash: ctx, capsules } = first;
  const record = { header, ctx, capsules };
  assert.equal((await openAsReader({ grant: opened, record, replies })).length, 32);

  const ended = revocation(parties, made, {}, endingKey);
  assert.equal(await codeOf(await federation.erase(1, made.gid, ended.bytes)), "OK");
  assert.equal(await codeOf(await federation.open(1, reader, made, [first])), "GRANT_NOT_LIVE");
});

test("I5: nothing that a proxy keeps joins two grants of a relative", async () => {
  await granted();
  const secretsOfRelative = [relativeKey.publicKey, signed, sha256(relativeKey.publicKey)];
  const { visits } = signedDelegation.decode(signed);
  const needles = [...secretsOfRelative, ...visits.map(({ signature }) => signature)].flatMap(
    (bytes) => [Buffer.from(bytes), Buffer.from(toHex(bytes))],
  );
  for (const entry of await readdir(parties.dataDirectories.get(1)!, {
    recursive: true,
    withFileTypes: true,
  })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const needle of needles)
      assert.equal(bytes.includes(needle), false, `${entry.name} holds what joins grants`);
  }
});
