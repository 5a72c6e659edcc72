import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import fc from "fast-check";
import { concat, utf8 } from "./bytes.ts";
import { hashTag, splitCapsule } from "./capsule.ts";
import { openCapsule } from "./contentKey.ts";
import { dealGrant } from "./dealGrant.ts";
import { mclEngine } from "./engineMcl.ts";
import { nobleEngine } from "./engineNoble.ts";
import {
  EPOCH,
  flipBit,
  INSTITUTION,
  makeGrant,
  makeParties,
  makeTarget,
  readFixture,
  replaceAt,
  sealContent,
} from "./fixture.ts";
import type { GrantFixture, Parties, SealedFixture } from "./fixture.ts";
import { grantDigest, maskPoint } from "./grantContext.ts";
import type { StoredRecord } from "./objectHead.ts";
import { openBodyBytes } from "./openBody.ts";
import { checkShares, openShares, proveShare, reencryptShare } from "./proxyShares.ts";
import { blameShares, openAsReader, openGrant } from "./readerGrant.ts";
import type { ShareReply } from "./readerGrant.ts";
import { curve, useEngine } from "./ready.ts";
import { multiplySplit } from "./seedKeys.ts";
import { combineExponents, commonDenominator, subsets } from "./shamir.ts";
import { verifyShareProof } from "./shareProof.ts";
import { GROUP_ORDER } from "./suite.ts";

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
  replies = await answers(granted, record);
});

function request(
  grant: GrantFixture,
  of: StoredRecord,
  i: number,
): Parameters<typeof reencryptShare>[0] {
  const shares = grant.shares[i];
  const capsule = of.capsules[0];
  assert.ok(shares !== undefined && capsule !== undefined);
  return { shares, tag: of.header.tag, capsule, ctx: of.ctx };
}

async function answers(grant: GrantFixture, of: StoredRecord): Promise<ShareReply[]> {
  const all: ShareReply[] = [];
  for (const i of grant.shares.keys()) {
    all.push({ index: i + 1, reply: await reencryptShare(request(grant, of, i)) });
  }
  return all;
}

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
      for (const chosen of subsets(await answers(grant, record), k)) {
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
    await assert.rejects(reencryptShare(request(granted, stored, 0)), { code: "E_SHARE_INVALID" });
    // A proxy that answers for the foreign capsule under the granted tag fails the public check.
    const moved = { ...request(granted, stored, 0), tag: fixture.target.tag };
    await assert.rejects(reencryptShare(moved), { code: "E_CAPSULE" });
  });

  test("shares of two grants do not combine", async () => {
    const again = await makeGrant(parties, [fixture.target]);
    const fresh = await answers(again, record);
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

suite("share proofs", () => {
  test("verifyShareProof() accepts honest answers and refuses every change", () => {
    const engine = curve();
    const asked = request(granted, record, 1);
    const mine = asked.shares.tags[0];
    assert.ok(mine !== undefined);
    const { c1 } = splitCapsule(asked.capsule);
    const w = engine.gtEncode(engine.pairing(engine.g1Decode(mine.share), engine.g2Decode(c1)));
    const evidence = {
      gctx: asked.shares.gctx,
      tag: asked.tag,
      index: 2,
      c1,
      w,
      proof: proveShare(asked),
      commitments: mine.commitments,
    };
    assert.equal(verifyShareProof(evidence), true);
    const wrongW = engine.gtEncode(engine.gtMultiply(engine.gtDecode(w), engine.gtDecode(w)));
    const otherC1 = other.sealed.capsules[0]?.subarray(0, 96) ?? new Uint8Array(0);
    const minus = engine.g1Encode(engine.g1Negate(engine.g1Decode(evidence.proof.subarray(32))));
    const changes = {
      "another share": { w: wrongW },
      "a share outside the group": { w: flipBit(w, 4600) },
      "another index": { index: 3 },
      "another C1": { c1: otherC1 },
      "another grant": { gctx: flipBit(evidence.gctx, 0) },
      "another tag": { tag: flipBit(evidence.tag, 0) },
      "another challenge": { proof: flipBit(evidence.proof, 250) },
      "a negated z": { proof: replaceAt(evidence.proof, 32, minus) },
      "a short proof": { proof: evidence.proof.subarray(1) },
      "a challenge of q or more": {
        proof: replaceAt(evidence.proof, 0, new Uint8Array(32).fill(0xff)),
      },
    };
    for (const [name, change] of Object.entries(changes)) {
      assert.equal(verifyShareProof({ ...evidence, ...change }), false, name);
    }
    const outside = evidence.commitments.map((bytes, j) =>
      j === 0 ? flipBit(bytes, 4600) : bytes,
    );
    assert.throws(() => verifyShareProof({ ...evidence, commitments: outside }), {
      code: "E_SUBGROUP",
    });
  });

  test("blameShares() names the liars and nobody else", async () => {
    const proven = replies.map((answer, i) => ({
      ...answer,
      proof: proveShare(request(granted, record, i)),
    }));
    const { readerGrant: grant } = granted;
    assert.deepEqual(await blameShares({ grant, record, answers: proven }), []);
    // Proxy 2 answers from a share that is not its own, and proves it as well as it can; proxy 4 keeps silent.
    const [first, second, third, fourth] = granted.shares;
    const stolen = first?.tags[0];
    assert.ok(
      second !== undefined && third !== undefined && fourth !== undefined && stolen !== undefined,
    );
    const lying = { ...request(granted, record, 1), shares: { ...second, tags: [stolen] } };
    const lie = { index: 2, reply: await reencryptShare(lying), proof: proveShare(lying) };
    const silent = { index: 4, reply: replies[3]?.reply ?? new Uint8Array(0), proof: undefined };
    const honest = proven.filter(({ index }) => index === 1 || index === 3);
    assert.deepEqual(
      await blameShares({ grant, record, answers: [...honest, lie, silent] }),
      [2, 4],
    );
    await assert.rejects(openAsReader({ grant, record, replies: [...honest, lie] }), {
      code: "E_DECRYPT",
    });
    const withFourth = [lie, ...honest, silent];
    assert.equal((await openAsReader({ grant, record, replies: withFourth })).length, 32);
  });

  test("shares, commitments and proofs of one engine verify in the other", async () => {
    const asked = request(granted, record, 0);
    const mine = asked.shares.tags[0];
    assert.ok(mine !== undefined);
    const proof = proveShare(asked);
    const { c1 } = splitCapsule(asked.capsule);
    const w = mclEngine.gtEncode(
      mclEngine.pairing(mclEngine.g1Decode(mine.share), mclEngine.g2Decode(c1)),
    );
    const gctx = asked.shares.gctx;
    await useEngine(nobleEngine);
    try {
      checkShares(asked.shares);
      const { tag } = asked;
      assert.equal(
        verifyShareProof({ gctx, tag, index: 1, c1, w, proof, commitments: mine.commitments }),
        true,
      );
      assert.equal(
        (await openAsReader({ grant: granted.readerGrant, record, replies })).length,
        32,
      );
    } finally {
      await useEngine(mclEngine);
    }
  });
});

suite("the collusion bound", () => {
  test("k proxies and the reader get the tag's key, and no other tag's", async () => {
    const engine = curve();
    // RK = sum (D*lambda_i)*S_i; d_tag = M - RK. This is what the documents promise, no more and no less.
    const exponents = combineExponents([1, 2, 3], 4);
    const terms = exponents.map((exponent, i) => {
      const share = granted.shares[i]?.tags[0]?.share ?? new Uint8Array(0);
      return [
        engine.g1Decode(share),
        ((exponent % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER,
      ] as const;
    });
    const { X, gctx, tags } = granted.readerGrant;
    const mine = tags[0];
    assert.ok(mine !== undefined);
    const rekey = engine.g1MultiplySum(terms);
    const tagKey = engine.g1Add(maskPoint(X, mine.tag, gctx), engine.g1Negate(rekey));
    const left = engine.pairing(tagKey, engine.g2Base());
    assert.ok(
      engine.gtEqual(left, engine.pairing(hashTag(mine.tag), engine.g2Decode(mine.A))),
      "d_tag is recovered",
    );

    const openWithTagKey = async (stored: StoredRecord): Promise<Uint8Array> => {
      const parts = splitCapsule(stored.capsules[0] ?? new Uint8Array(0));
      const key = engine.pairing(tagKey, engine.g2Decode(parts.c1));
      return openCapsule({ key, A: mine.A, ss64: mine.ss64, parts, record: stored });
    };
    assert.equal((await openWithTagKey(record)).length, 32);
    await assert.rejects(openWithTagKey(await readFixture(other)), { code: "E_DECRYPT" });
  });

  test("k-1 shares fit every secret equally well", () => {
    // Any two shares extend to a sharing of any secret: nothing about RK is fixed by them.
    const engine = curve();
    const [one, two] = granted.shares.map(({ tags }) =>
      engine.g1Decode(tags[0]?.share ?? new Uint8Array(0)),
    );
    assert.ok(one !== undefined && two !== undefined);
    const guess = engine.g1Multiply(engine.g1Base(), 12345n);
    // The quadratic through (0, guess), (1, one), (2, two) at x = 3: S_3 = guess - 3*one + 3*two.
    const third = engine.g1MultiplySum([
      [guess, 1n],
      [one, GROUP_ORDER - 3n],
      [two, 3n],
    ]);
    const back = engine.g1MultiplySum([
      [one, 3n],
      [two, GROUP_ORDER - 3n],
      [third, 1n],
    ]);
    assert.deepEqual(engine.g1Encode(back), engine.g1Encode(guess));
  });
});

test("combineExponents() gives D times the Lagrange coefficients for every set", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.bigInt({ min: -50n, max: 50n }), (n, secret) => {
      const indices = Array.from({ length: n }, (_, i) => i + 1);
      for (const size of indices) {
        // The polynomial secret + x + x^2 + ... of degree size - 1, read at the set's indices.
        const value = (x: number): bigint =>
          indices
            .slice(0, size - 1)
            .reduce((sum, power) => sum + BigInt(x) ** BigInt(power), secret);
        for (const chosen of subsets(indices, size)) {
          const exponents = combineExponents(chosen, n);
          const sum = chosen.reduce((total, x, i) => total + (exponents[i] ?? 0n) * value(x), 0n);
          assert.equal(sum, commonDenominator(n) * secret);
        }
      }
    }),
    { numRuns: 20, seed: 3 },
  );
});

test("multiplySplit() equals the plain multiplication", () => {
  const engine = curve();
  const point = hashTag(concat(utf8("0123456789abcdef")));
  for (const scalar of [1n, 2n, GROUP_ORDER - 1n, 0xabcdefn]) {
    assert.deepEqual(
      engine.g1Encode(multiplySplit(point, scalar)),
      engine.g1Encode(engine.g1Multiply(point, scalar)),
    );
  }
});
