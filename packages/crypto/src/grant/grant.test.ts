import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { toHex, utf8 } from "../encoding/bytes.ts";
import { dealGrant } from "./dealGrant.ts";
import { sha256 } from "../primitives/derive.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeGrant,
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
  shareReplies,
  shareRequest,
} from "@anamnesis/testing/cryptoFixture";
import type { GrantFixture, Parties, SealedFixture } from "@anamnesis/testing/cryptoFixture";
import { grantDigest } from "./grantContext.ts";
import type { StoredRecord } from "../record/objectHead.ts";
import { openBodyBytes } from "../record/openBody.ts";
import { checkShares, openShares, reencryptShare } from "./proxyShares.ts";
import { openAsReader, openGrant } from "./readerGrant.ts";
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
  parties = await makeParties(4);
  fixture = await sealContent(parties, makeTarget(parties, "granted"), CONTENT);
  other = await sealContent(parties, makeTarget(parties, "not granted"), CONTENT);
  record = await readFixture(fixture);
  granted = await makeGrant(parties, [fixture.target]);
  replies = await shareReplies(granted, record);
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
      const { content } = await openBodyBytes({
        record: stored,
        contentKey,
        authorPublicKey: parties.author.publicKey,
        expectedDigest: fixture.sealed.digest,
        maxBytes: 1024,
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
      const some = { ...(await makeParties(n)), seed: parties.seed };
      const grant = await makeGrant(some, [fixture.target], k);
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

  test("a grant for one tag does not open another", async () => {
    const stored = await readFixture(other);
    await assert.rejects(openAsReader({ grant: granted.readerGrant, record: stored, replies }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(reencryptShare(shareRequest(granted, stored, 0)), {
      code: "E_SHARE_INVALID",
    });
    // A proxy that answers for the foreign capsule under the granted tag fails the public check.
    const moved = { ...shareRequest(granted, stored, 0), tag: fixture.target.tag };
    await assert.rejects(reencryptShare(moved), { code: "E_CAPSULE" });
  });

  test("shares of two grants do not combine", async () => {
    const again = await makeGrant(parties, [fixture.target]);
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

suite("checking a grant", () => {
  test("checkShares() accepts honest shares of many tags and names a bad one", async () => {
    const targets = ["a", "b", "c"].map((label) => makeTarget(parties, label));
    const grant = await makeGrant(parties, targets);
    for (const shares of grant.shares) {
      checkShares(shares);
      const [first, second, third] = shares.tags;
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      const swapped = { ...shares, tags: [first, { ...second, share: third.share }, third] };
      assert.throws(() => checkShares(swapped), { code: "E_SHARE_INVALID", message: /tag 1/ });
      assert.throws(() => checkShares({ ...shares, index: shares.index + 1 }), {
        code: "E_SHARE_INVALID",
      });
    }
  });

  test("openShares() refuses another proxy's message, a changed grant and other tags", async () => {
    const [first, second] = parties.proxies;
    assert.ok(first !== undefined && second !== undefined);
    const input = {
      secretKey: first.secretKey,
      grant: granted.grant,
      index: 1,
      tags: [fixture.target.tag],
      k: 3,
      sealed: granted.dealt.shares[0] ?? new Uint8Array(0),
      commitments: granted.dealt.commitments,
    };
    await assert.rejects(openShares({ ...input, secretKey: second.secretKey }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openShares({ ...input, grant: flipBit(granted.grant, 0) }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openShares({ ...input, index: 2 }), { code: "E_SHARE_INVALID" });
    await assert.rejects(openShares({ ...input, tags: [] }), { code: "E_SHARE_INVALID" });
    await assert.rejects(openShares({ ...input, k: 2 }), { code: "E_FORMAT" });
    await assert.rejects(openShares({ ...input, commitments: input.commitments.subarray(1) }), {
      code: "E_FORMAT",
    });
  });

  test("openGrant() refuses commitments of another grant, another reader and a changed grant", async () => {
    const { grant, gid, dealt } = granted;
    const base = {
      secretKey: parties.reader.secretKey,
      grant,
      gid,
      tags: [fixture.target.tag],
      k: 3,
      n: 4,
    };
    const input = { ...base, sealed: dealt.sealed, commitments: dealt.commitments };
    const again = await makeGrant(parties, [fixture.target]);
    await openGrant(input);
    await assert.rejects(openGrant({ ...input, commitments: again.dealt.commitments }), {
      code: "E_SHARE_INVALID",
    });
    await assert.rejects(openGrant({ ...input, n: 5 }), { code: "E_SHARE_INVALID" });
    await assert.rejects(openGrant({ ...input, secretKey: parties.authorBox.secretKey }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openGrant({ ...input, grant: flipBit(grant, 1) }), { code: "E_DECRYPT" });
    await assert.rejects(openGrant({ ...input, sealed: flipBit(dealt.sealed, 9000) }), {
      code: "E_DECRYPT",
    });
    await assert.rejects(openGrant({ ...input, tags: [other.target.tag] }), { code: "E_DECRYPT" });
  });

  test("a grant over several institutions and epochs deals, checks and opens", async () => {
    const [first, second] = parties.proxies;
    assert.ok(first !== undefined && second !== undefined);
    const { pid } = fixture.target;
    const tags = ["hospital-1", "hospital-2", "hospital-2", "clinic"].map((institution, i) => ({
      tag: sha256(utf8(`several ${i}`)).slice(0, 16),
      pid,
      chainId: institution,
      institution,
      epoch: String(i),
    }));
    const grant = utf8("several");
    const gid = sha256(grant);
    const proxyPublicKeys = [first.publicKey, second.publicKey];
    const { seed, reader } = parties;
    const dealt = await dealGrant({
      seed,
      grant,
      gid,
      tags,
      k: 2,
      readerPublicKey: reader.publicKey,
      proxyPublicKeys,
    });
    const { sealed, commitments } = dealt;
    const bare = tags.map(({ tag }) => tag);
    const common = { grant, gid, tags: bare, k: 2, n: 2, sealed, commitments };
    const opened = await openGrant({ ...common, secretKey: reader.secretKey });
    assert.deepEqual(
      opened.tags.map(({ chainId }) => chainId),
      tags.map(({ chainId }) => chainId),
    );
    assert.equal(new Set(opened.tags.map(({ A }) => toHex(A))).size, 4);
  });

  test("grantDigest() changes with every part", () => {
    const { grant, dealt } = granted;
    const input = { grant, sealed: dealt.sealed, commitments: dealt.commitments };
    assert.deepEqual(grantDigest(input), dealt.digest);
    for (const part of ["grant", "sealed", "commitments"] as const) {
      assert.notDeepEqual(grantDigest({ ...input, [part]: flipBit(input[part], 5) }), dealt.digest);
    }
  });

  test("dealGrant() refuses what cannot be dealt", async () => {
    const tag = {
      tag: fixture.target.tag,
      pid: fixture.target.pid,
      chainId: "c",
      institution: INSTITUTION,
      epoch: EPOCH,
    };
    const base = {
      seed: parties.seed,
      grant: utf8("g"),
      gid: new Uint8Array(32),
      tags: [tag],
      k: 3,
      readerPublicKey: parties.reader.publicKey,
      proxyPublicKeys: parties.proxies.map(({ publicKey }) => publicKey),
    };
    for (const change of [
      { k: 5 },
      { k: 0 },
      { tags: [] },
      { tags: [tag, tag] },
      { seed: new Uint8Array(31) },
    ]) {
      await assert.rejects(dealGrant({ ...base, ...change }), { code: "E_ARGUMENT" });
    }
  });
});
