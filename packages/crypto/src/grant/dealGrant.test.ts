/** Dealing a grant: by the patient, and by whom the patient delegated tags to. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  EPOCH,
  INSTITUTION,
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
  shareReplies,
} from "@anamnesis/testing/cryptoParties";
import type { Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { at } from "../encoding/at.ts";
import { toHex, utf8 } from "../encoding/bytes.ts";
import { sha256 } from "../primitives/derive.ts";
import type { StoredRecord } from "../record/objectHead.ts";
import { dealDelegated, dealGrant, delegateTags } from "./dealGrant.ts";
import { proxyShares } from "./proxyShares.ts";
import { checkedGrant, openAsReader } from "./readerGrant.ts";
import { subsets } from "./shamir.ts";

let parties: Parties;
let fixture: SealedFixture;
let record: StoredRecord;

before(async () => {
  parties = await makeParties(4);
  fixture = await sealContent(parties, makeTarget(parties, "granted"), utf8("a record"));
  record = await readFixture(fixture);
});

suite("dealing", () => {
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
