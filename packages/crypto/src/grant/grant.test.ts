import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { utf8 } from "../encoding/bytes.ts";
import {
  makeGrant,
  makeOpening,
  makeParties,
  openWhole,
  readFixture,
  sealContent,
  shareReplies,
  shareRequest,
} from "@anamnesis/testing/cryptoParties";
import type { GrantFixture, Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import type { StoredRecord } from "../record/objectHead.ts";
import { BYTES } from "../suite.ts";
import { sealSymmetric } from "../box.ts";
import { replyAad } from "./grantContext.ts";
import { reencryptShare } from "./proxyShares.ts";
import { openAsReader, replyKey } from "./readerGrant.ts";
import type { ShareReply } from "./readerGrant.ts";
import { subsets } from "./shamir.ts";

const CONTENT = utf8('{"resourceType":"Bundle"}');

let parties: Parties;
let fixture: SealedFixture;
let other: SealedFixture;
let record: StoredRecord;
let granted: GrantFixture;
let replies: ShareReply[];

before(async () => {
  ({ parties, fixture, other, record, granted, replies } = await makeOpening(CONTENT));
});

suite("opening by shares", () => {
  test("every 3 of 4 proxies open, byte for byte", async () => {
    for (const chosen of subsets(replies, 3)) {
      const stored = await readFixture(fixture);
      const contentKey = await openAsReader({
        grant: granted.readerGrant,
        record: stored,
        replies: chosen,
      });
      const { content } = await openWhole({
        record: stored,
        contentKey,
        authorPublicKey: parties.author.publicKey,
        expectedDigest: fixture.sealed.digest,
      });
      assert.deepEqual(content, CONTENT);
    }
  });

  test("no 2 of 4 proxies open, however the reader combines them", async () => {
    for (const chosen of subsets(replies, 2)) {
      const attempt = { grant: granted.readerGrant, record, replies: chosen };
      await assert.rejects(openAsReader(attempt), { code: "E_DECRYPT" });
      const believing = { ...attempt, grant: { ...granted.readerGrant, k: 2 } };
      await assert.rejects(openAsReader(believing), { code: "E_DECRYPT" });
      const [first, second] = chosen;
      assert.ok(first !== undefined && second !== undefined);
      await assert.rejects(openAsReader({ ...attempt, replies: [first, second, second] }), {
        code: "E_DECRYPT",
      });
    }
  });

  test("3 of 5 and 1 of 1 work as well", async () => {
    for (const [k, n] of [
      [3, 5],
      [1, 1],
    ] as const) {
      const some = await makeParties(n);
      const grant = makeGrant(some, [fixture.target], k);
      for (const chosen of subsets(await shareReplies(grant, record), k)) {
        const key = await openAsReader({ grant: grant.readerGrant, record, replies: chosen });
        assert.equal(key.length, 32);
      }
    }
  });

  test("a wrong answer among four does not stop the reader", async () => {
    const bad = replies.map((answer) =>
      answer.index === 1 ? { ...answer, reply: replies[1]?.reply ?? answer.reply } : answer,
    );
    assert.equal(
      (await openAsReader({ grant: granted.readerGrant, record, replies: bad })).length,
      32,
    );
  });

  test("one answer a proxy counts, the first; what opens to no group element counts as none", async () => {
    const { readerGrant } = granted;
    const [first, second, third, fourth] = replies as [
      ShareReply,
      ShareReply,
      ShareReply,
      ShareReply,
    ];
    const open = (...given: ShareReply[]) =>
      openAsReader({ grant: readerGrant, record, replies: given });
    const { header, ctx } = record;
    const aad = replyAad({
      gctx: readerGrant.gctx,
      tag: header.tag,
      index: 1,
      capsule: record.capsules[0]!,
      ctx,
    });
    const sealed = (plaintext: Uint8Array) =>
      sealSymmetric({ key: replyKey(readerGrant, 1), aad, plaintext });
    for (const length of [BYTES.gt, 80]) {
      const bad = { index: 1, reply: await sealed(new Uint8Array(length).fill(255)) };
      assert.equal((await open(bad, second, third, fourth)).length, 32);
      await assert.rejects(open(bad, second, third), { code: "E_DECRYPT" });
      await assert.rejects(open(second, third, second, bad), { code: "E_DECRYPT" });
    }
    // A share that opens, and is another's: had it the last word, none would open.
    const request = shareRequest(granted, record, 0);
    const tags = granted.shares[1]!.tags;
    const other = {
      index: 1,
      reply: await reencryptShare({ ...request, shares: { ...request.shares, tags } }),
    };
    assert.equal((await open(first, second, third, other)).length, 32);
  });

  test("a grant over two tags opens the records of either, each by its own shares", async () => {
    const both = makeGrant(parties, [fixture.target, other.target]);
    for (const each of [fixture, other]) {
      const stored = await readFixture(each);
      const given = await shareReplies(both, stored);
      const key = await openAsReader({ grant: both.readerGrant, record: stored, replies: given });
      assert.equal(key.length, 32);
    }
  });

  test("the answer of a proxy to which the grant was not dealt does not count, though it is right", async () => {
    const { readerGrant } = granted;
    const [one, two, three, four] = replies as [ShareReply, ShareReply, ShareReply, ShareReply];
    const grant = { ...readerGrant, indices: [1, 2, 4] };
    const open = (...given: ShareReply[]) => openAsReader({ grant, record, replies: given });
    await assert.rejects(open(one, two, three), { code: "E_DECRYPT" });
    assert.equal((await open(one, two, three, four)).length, 32);
  });

  test("a grant for one tag does not open another", async () => {
    const stored = await readFixture(other);
    await assert.rejects(openAsReader({ grant: granted.readerGrant, record: stored, replies }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(reencryptShare(shareRequest(granted, stored, 0)), {
      code: "E_SHARE_INVALID",
    });
    // A proxy that answers for the foreign capsule under the granted tag fails the public check.
    const short = { ...shareRequest(granted, stored, 0), tag: fixture.target.tag.subarray(1) };
    await assert.rejects(reencryptShare(short), { code: "E_FORMAT" });
    const moved = { ...shareRequest(granted, stored, 0), tag: fixture.target.tag };
    await assert.rejects(reencryptShare(moved), { code: "E_CAPSULE" });
  });

  test("shares of two grants do not combine", async () => {
    const again = makeGrant(parties, [fixture.target]);
    const fresh = await shareReplies(again, record);
    const mixed = [fresh[0], fresh[1], replies[2]].filter((answer) => answer !== undefined);
    await assert.rejects(openAsReader({ grant: again.readerGrant, record, replies: mixed }), {
      code: "E_DECRYPT",
    });
  });

  test("a share bound to another capsule is refused by its additional data", async () => {
    const twin = await readFixture(await sealContent(parties, fixture.target, CONTENT));
    await assert.rejects(openAsReader({ grant: granted.readerGrant, record: twin, replies }), {
      code: "E_DECRYPT",
    });
  });
});
