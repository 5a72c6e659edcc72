import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { at } from "../encoding/at.ts";
import { toHex, utf8 } from "../encoding/bytes.ts";
import { dealDelegated, dealGrant, delegateTags } from "./dealGrant.ts";
import { sha256 } from "../primitives/derive.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeGrant,
  makeOpening,
  makeTarget,
  shareReplies,
} from "@anamnesis/testing/cryptoParties";
import type { GrantFixture, Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import type { StoredRecord } from "../record/objectHead.ts";
import { checkShares, proxyShares } from "./proxyShares.ts";
import { checkedGrant, openAsReader } from "./readerGrant.ts";
import { subsets } from "./shamir.ts";

const CONTENT = utf8('{"resourceType":"Bundle"}');

let parties: Parties;
let fixture: SealedFixture;
let other: SealedFixture;
let record: StoredRecord;
let granted: GrantFixture;

before(async () => {
  ({ parties, fixture, other, record, granted } = await makeOpening(CONTENT));
});

suite("checking a grant", () => {
  test("checkShares() accepts honest shares of many tags and refuses a bad one", async () => {
    const targets = ["a", "b", "c"].map((label) => makeTarget(parties, label));
    const grant = makeGrant(parties, targets);
    for (const shares of grant.shares) {
      checkShares(shares);
      const [first, second, third] = shares.tags;
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      const swapped = { ...shares, tags: [first, { ...second, share: third.share }, third] };
      assert.throws(() => checkShares(swapped), { code: "E_SHARE_INVALID" });
      assert.throws(() => checkShares({ ...shares, index: shares.index + 1 }), {
        code: "E_SHARE_INVALID",
      });
    }
  });

  test("proxyShares() refuses another number of shares or commitments", () => {
    const { grant, dealt } = granted;
    const [share] = dealt.shares;
    assert.ok(share !== undefined);
    const { commitments } = dealt;
    const input = { grant, tags: [fixture.target.tag], k: 3, commitments, ...share };
    checkShares(proxyShares(input));
    assert.throws(() => proxyShares({ ...input, points: [] }), { code: "E_SHARE_INVALID" });
    assert.throws(() => proxyShares({ ...input, tags: [] }), { code: "E_SHARE_INVALID" });
    assert.throws(() => proxyShares({ ...input, k: 2 }), { code: "E_FORMAT" });
    const short = commitments.map((element) => element.subarray(1));
    assert.throws(() => proxyShares({ ...input, commitments: short }), { code: "E_FORMAT" });
    assert.throws(() => proxyShares({ ...input, commitments: commitments.slice(1) }), {
      code: "E_FORMAT",
    });
  });

  test("checkedGrant() refuses parts of another grant, another tag and wrong lengths", () => {
    const { grant, gid, dealt } = granted;
    const { tag, pid } = fixture.target;
    const [part] = dealt.tags;
    assert.ok(part !== undefined);
    const { X, commitments } = dealt;
    const tags = [{ tag, pid, ...part }];
    const input = { grant, gid, k: 3, indices: [1, 2, 3, 4], X, tags, commitments };
    const again = makeGrant(parties, [fixture.target]).dealt;
    checkedGrant(input);
    for (const change of [
      { commitments: again.commitments },
      { X: again.X },
      { indices: [1, 2, 3, 5] },
      { grant: flipBit(grant, 1) },
      { tags: [{ ...part, tag: other.target.tag, pid }] },
      { tags: [], commitments: [] },
    ])
      assert.throws(() => checkedGrant({ ...input, ...change }), { code: "E_SHARE_INVALID" });
    for (const change of [
      { k: 5 },
      { indices: [1, 2, 2, 3] },
      { X: X.subarray(1) },
      { tags: [{ ...part, tag, pid: pid.subarray(1) }] },
      { tags: [{ ...part, tag: tag.subarray(1), pid }] },
      { tags: [{ ...part, A: part.A.subarray(1), tag, pid }] },
      { tags: [{ ...part, ss64: part.ss64.subarray(1), tag, pid }] },
    ])
      assert.throws(() => checkedGrant({ ...input, ...change }), { code: "E_ARGUMENT" });
    assert.throws(() => checkedGrant({ ...input, commitments: [] }), { code: "E_FORMAT" });
  });

  test("checkShares() refuses shares of no tag; openAsReader() a record of another visit under a granted tag", async () => {
    const [shares] = granted.shares;
    assert.throws(() => checkShares({ ...shares!, tags: [] }), { code: "E_SHARE_INVALID" });
    const { readerGrant } = granted;
    const replies = await shareReplies(granted, record);
    assert.equal((await openAsReader({ grant: readerGrant, record, replies })).length, 32);
    const tags = readerGrant.tags.map((tag) => ({ ...tag, pid: sha256(utf8("another visit")) }));
    const grant = { ...readerGrant, tags };
    await assert.rejects(openAsReader({ grant, record, replies }), { code: "E_DECRYPT" });
    const header = { ...record.header, tag: other.target.tag };
    const elsewhere = { ...record, header };
    await assert.rejects(openAsReader({ grant: readerGrant, record: elsewhere, replies }), {
      code: "E_DECRYPT",
    });
    const capsules: Uint8Array[] = [];
    await assert.rejects(
      openAsReader({ grant: readerGrant, record: { ...record, capsules }, replies }),
      { code: "E_DECRYPT" },
    );
  });

  test("any k of proxies whose indices have gaps open, and no fewer", async () => {
    const some = { ...parties, indices: [2, 5, 6, 9] };
    const grant = makeGrant(some, [fixture.target]);
    const given = await shareReplies(grant, record);
    for (const chosen of subsets(given, 3)) {
      const key = await openAsReader({ grant: grant.readerGrant, record, replies: chosen });
      assert.equal(key.length, 32);
    }
    for (const chosen of subsets(given, 2)) {
      const attempt = { grant: { ...grant.readerGrant, k: 2 }, record, replies: chosen };
      await assert.rejects(openAsReader(attempt), { code: "E_DECRYPT" });
    }
    // An index outside the grant is no proxy of it, whatever it sends.
    const [first, second, third] = given;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const replies = [first, second, { ...third, index: 3 }];
    await assert.rejects(openAsReader({ grant: grant.readerGrant, record, replies }), {
      code: "E_DECRYPT",
    });
  });

  test("a grant over several institutions and epochs deals and checks", () => {
    const { pid } = fixture.target;
    const tags = ["hospital-1", "hospital-2", "hospital-2", "clinic"].map((institution, i) => ({
      tag: sha256(utf8(`several ${i}`)).slice(0, 16),
      institution,
      epoch: String(i),
    }));
    const grant = utf8("several");
    const gid = sha256(grant);
    const threshold = { k: 2, indices: [1, 2] };
    const dealt = dealGrant({ seed: parties.seed, grant, gid, tags, ...threshold });
    const { X, commitments } = dealt;
    const granted = tags.map(({ tag }, t) => ({ tag, pid, ...at(dealt.tags, t) }));
    const opened = checkedGrant({ grant, gid, X, commitments, tags: granted, ...threshold });
    assert.equal(new Set(opened.tags.map(({ A }) => toHex(A))).size, 4);
  });

  test("dealGrant() refuses what cannot be dealt", () => {
    const tag = { tag: fixture.target.tag, institution: INSTITUTION, epoch: EPOCH };
    const base = {
      seed: parties.seed,
      grant: utf8("g"),
      gid: new Uint8Array(32),
      tags: [tag],
      k: 3,
      indices: [1, 2, 3, 4],
    };
    dealGrant(base);
    dealGrant({ ...base, indices: [1, 2, 3, 16] });
    for (const change of [
      { k: 5 },
      { k: 0 },
      { k: 1.5 },
      { indices: [1, 2, 3, 4.5] },
      { tags: [{ ...tag, tag: new Uint8Array(15) }] },
      { indices: [0, 1, 2, 3] },
      { indices: [1, 2, 3, 17] },
      { indices: [1, 1, 2, 3] },
      { tags: [] },
      { tags: [tag, tag] },
      { seed: new Uint8Array(31) },
    ]) {
      assert.throws(() => dealGrant({ ...base, ...change }), { code: "E_ARGUMENT" });
    }
  });

  test("a relative deals over what was delegated, without the seed, and any 3 of 4 open", async () => {
    const { seed, indices } = parties;
    const { tag, pid } = fixture.target;
    const tags = delegateTags({ seed, tags: [{ tag, institution: INSTITUTION, epoch: EPOCH }] });
    const grant = utf8("a relative's grant");
    const deal = { grant, gid: sha256(grant), k: 3, indices };
    const dealt = dealDelegated({ ...deal, tags });
    const { commitments } = dealt;
    const shares = dealt.shares.map((share) =>
      proxyShares({ grant, tags: [tag], k: 3, commitments, ...share }),
    );
    const checked = (of: typeof dealt) =>
      checkedGrant({ ...deal, ...of, tags: [{ tag, pid, ...at(of.tags, 0) }] });
    const readerGrant = checked(dealt);
    const given = await shareReplies({ grant, gid: deal.gid, dealt, shares, readerGrant }, record);
    for (const chosen of subsets(given, 3)) {
      const key = await openAsReader({ grant: readerGrant, record, replies: chosen });
      assert.equal(key.length, 32);
    }

    const [own] = tags;
    const [foreign] = delegateTags({ seed, tags: [{ tag, institution: "another", epoch: EPOCH }] });
    assert.ok(own !== undefined && foreign !== undefined);
    const mixed = dealDelegated({ ...deal, tags: [{ ...own, d: foreign.d }] });
    assert.throws(() => checked(mixed), { code: "E_SHARE_INVALID" });
  });

  test("delegateTags() and dealDelegated() refuse what cannot be dealt", () => {
    const { seed } = parties;
    const tag = { tag: fixture.target.tag, institution: INSTITUTION, epoch: EPOCH };
    for (const tags of [[], [tag, tag], [{ ...tag, tag: new Uint8Array(15) }]])
      assert.throws(() => delegateTags({ seed, tags }), { code: "E_ARGUMENT" });
    const tags = delegateTags({ seed, tags: [tag] });
    const deal = { grant: utf8("g"), gid: new Uint8Array(32), tags, k: 3, indices: [1, 2, 3, 4] };
    for (const change of [
      { k: 5 },
      { indices: [1, 1, 2, 3] },
      { gid: new Uint8Array(31) },
      { tags: [...tags, ...tags] },
      { tags: tags.map((each) => ({ ...each, tag: each.tag.subarray(1) })) },
    ])
      assert.throws(() => dealDelegated({ ...deal, ...change }), { code: "E_ARGUMENT" });
    const noPoint = tags.map((each) => ({ ...each, d: new Uint8Array(48) }));
    assert.throws(() => dealDelegated({ ...deal, tags: noPoint }), { name: "CryptoError" });
  });
});
