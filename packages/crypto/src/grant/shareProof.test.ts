import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { at } from "../encoding/at.ts";
import { concat, i2osp, os2ip, toHex, utf8 } from "../encoding/bytes.ts";
import { randomBytes } from "../primitives/derive.ts";
import type { G1, Gt } from "../engine/curveEngine.ts";
import { hashTag, splitCapsule } from "../kem/capsule.ts";
import { openCapsule } from "../record/contentKey.ts";
import { mclEngine } from "../engine/engineMcl.ts";
import { nobleEngine } from "../engine/engineNoble.ts";
import {
  flipBit,
  makeGrant,
  makeOpening,
  readFixture,
  replaceAt,
  shareRequest,
} from "@anamnesis/testing/cryptoParties";
import type { GrantFixture, Parties, SealedFixture } from "@anamnesis/testing/cryptoParties";
import { maskPoint } from "./grantContext.ts";
import type { StoredRecord } from "../record/objectHead.ts";
import { checkShares, proveShare, reencryptShare } from "./proxyShares.ts";
import { blameShares, openAsReader } from "./readerGrant.ts";
import type { ShareReply } from "./readerGrant.ts";
import { curve, useEngine } from "../engine/ready.ts";
import { modInverse } from "./modInverse.ts";
import { combineExponents, commonDenominator, evaluateCommitment, subsets } from "./shamir.ts";
import { makeShareProof, verifyShareProof } from "./shareProof.ts";
import { GROUP_ORDER } from "../suite.ts";

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

/** Minus a GT element: of order 2q. */
const negated = (element: Uint8Array): Uint8Array =>
  concat(
    ...Array.from({ length: 12 }, (_, i) => {
      const coefficient = os2ip(element.subarray(48 * i, 48 * i + 48));
      const { ORDER } = bls12_381.fields.Fp;
      return i2osp(coefficient === 0n ? 0n : ORDER - coefficient, 48);
    }),
  );

suite("share proofs", () => {
  test("verifyShareProof() accepts honest answers and refuses every change", () => {
    const engine = curve();
    const asked = shareRequest(granted, record, 1);
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

  test("verifyShareProof() refuses a share of another order, though its proof comes out", () => {
    const engine = curve();
    const asked = shareRequest(granted, record, 1);
    const [mine] = asked.shares.tags;
    assert.ok(mine !== undefined);
    const { gctx } = asked.shares;
    const { tag } = asked;
    const { c1 } = splitCapsule(asked.capsule);
    const share = engine.g1Decode(mine.share);
    const decodedC1 = engine.g2Decode(c1);
    const right = engine.pairing(share, decodedC1);
    const commitments = mine.commitments.map((bytes) => engine.gtDecode(bytes));
    const statement = { gctx, tag, index: 2, c1, y: evaluateCommitment(commitments, 2) };
    // In every other proof the sign goes away in the powers.
    const areTaken = (w: Gt): boolean[] =>
      Array.from({ length: 12 }, () => {
        const proof = makeShareProof({ ...statement, w, share, decodedC1 }, randomBytes);
        const given = { gctx, tag, index: 2, c1, commitments: mine.commitments };
        return verifyShareProof({ ...given, w: engine.gtEncode(w), proof });
      });
    assert.ok(areTaken(right).every((isTaken) => isTaken));
    const minus = engine.gtDecode(negated(engine.gtEncode(right)));
    assert.ok(!areTaken(minus).some((isTaken) => isTaken));
  });

  test("verifyShareProof() judges nothing without commitments; blameShares() names whose answer does not open", async () => {
    const asked = shareRequest(granted, record, 1);
    const { c1 } = splitCapsule(asked.capsule);
    const proof = proveShare(asked);
    const given = {
      gctx: asked.shares.gctx,
      tag: asked.tag,
      index: 2,
      c1,
      w: new Uint8Array(576),
      proof,
    };
    assert.throws(() => verifyShareProof({ ...given, commitments: [] }), { code: "E_SUBGROUP" });
    const { readerGrant: grant } = granted;
    const answers = replies
      .slice(1, 2)
      .map(({ index, reply }) => ({ index, reply: flipBit(reply, 200), proof }));
    assert.deepEqual(await blameShares({ grant, record, answers }), [2]);
  });

  test("blameShares() names the faulty proxies and nobody else", async () => {
    const proven = replies.map((answer, i) => ({
      ...answer,
      proof: proveShare(shareRequest(granted, record, i)),
    }));
    const { readerGrant: grant } = granted;
    assert.deepEqual(await blameShares({ grant, record, answers: proven }), []);
    // Proxy 2 answers from a share that is not its own, and proves it as well as it can; proxy 4 keeps silent.
    const [first, second, third, fourth] = granted.shares;
    const stolen = first?.tags[0];
    assert.ok(
      second !== undefined && third !== undefined && fourth !== undefined && stolen !== undefined,
    );
    const lying = { ...shareRequest(granted, record, 1), shares: { ...second, tags: [stolen] } };
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
    const asked = shareRequest(granted, record, 0);
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
  /** What proxies and the reader have in hand: points of G1 with the exponents they try. */
  type Combination = readonly (readonly [G1, bigint])[];

  const shareOf = (grant: GrantFixture, index: number, tag = 0): G1 =>
    curve().g1Decode(grant.shares[index - 1]?.tags[tag]?.share ?? new Uint8Array(0));

  /** d_tag = M - RK, with what a combination gives for RK. */
  function tagKeyBy(combination: Combination): G1 {
    const engine = curve();
    const { X, gctx, tags } = granted.readerGrant;
    const rekey = engine.g1MultiplySum(
      combination.map(([point, by]) => [point, ((by % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER]),
    );
    return engine.g1Add(maskPoint(X, at(tags, 0).tag, gctx), engine.g1Negate(rekey));
  }

  /** e(d_tag, P2) = e(H(tag), A) holds for the tag's key alone. */
  function isTagKey(point: G1): boolean {
    const engine = curve();
    const { tag, A } = at(granted.readerGrant.tags, 0);
    const left = engine.pairing(point, engine.g2Base());
    return engine.gtEqual(left, engine.pairing(hashTag(tag), engine.g2Decode(A)));
  }

  test("k proxies and the reader get the tag's key, and no other tag's", async () => {
    const engine = curve();
    // RK = sum (D*lambda_i)*S_i. This is what the documents promise, no more and no less.
    const chosen = [1, 2, 3];
    const exponents = combineExponents(chosen, [1, 2, 3, 4]);
    const tagKey = tagKeyBy(chosen.map((i, at0) => [shareOf(granted, i), at(exponents, at0)]));
    assert.ok(isTagKey(tagKey), "d_tag is recovered");

    const mine = at(granted.readerGrant.tags, 0);
    const openWithTagKey = async (stored: StoredRecord): Promise<Uint8Array> => {
      const parts = splitCapsule(stored.capsules[0] ?? new Uint8Array(0));
      const key = engine.pairing(tagKey, engine.g2Decode(parts.c1));
      return openCapsule({ key, A: mine.A, ss64: mine.ss64, parts, record: stored });
    };
    assert.equal((await openWithTagKey(record)).length, 32);
    await assert.rejects(openWithTagKey(await readFixture(other)), { code: "E_DECRYPT" });
  });

  test("k - 1 proxies and the reader do not get the tag's key, whichever they are and however they combine", () => {
    const elsewhere = makeGrant(parties, [other.target]);
    const again = makeGrant(parties, [fixture.target]);
    // A threshold of k - 1 or of one, a share used twice, and the third share out of another grant or dealing.
    const scales = [1n, commonDenominator([1, 2, 3, 4])];
    for (const [i = 0, j = 0] of subsets([1, 2, 3, 4], 2)) {
      const [one, two] = [shareOf(granted, i), shareOf(granted, j)];
      const [a, b] = [i, j].map((index) => BigInt(index)) as [bigint, bigint];
      const inverse = modInverse(b - a, GROUP_ORDER);
      const tries = scales.flatMap((scale): Combination[] => [
        [[one, scale]],
        [[two, scale]],
        [
          [one, scale * b * inverse],
          [two, -scale * a * inverse],
        ],
      ]);
      for (const third of [1, 2, 3, 4].filter((index) => index !== i && index !== j)) {
        const exponents = combineExponents([i, j, third], [1, 2, 3, 4]);
        for (const made of [one, two, shareOf(elsewhere, third), shareOf(again, third)])
          tries.push([one, two, made].map((point, at0) => [point, at(exponents, at0)]));
        // The attack is one that works: with the share that is missing it opens.
        const whole = [one, two, shareOf(granted, third)];
        assert.ok(isTagKey(tagKeyBy(whole.map((point, at0) => [point, at(exponents, at0)]))));
      }
      for (const combination of tries) assert.ok(!isTagKey(tagKeyBy(combination)), `${i}, ${j}`);
    }
  });

  test("shares are dealt anew for each tag and grant: two have no difference in common", () => {
    const engine = curve();
    const both = makeGrant(parties, [fixture.target, other.target]);
    const again = makeGrant(parties, [fixture.target]);
    const between = (one: G1, two: G1): Uint8Array =>
      engine.g1Encode(engine.g1Add(one, engine.g1Negate(two)));
    const differences = [1, 2, 3, 4].flatMap((i) => [
      toHex(between(shareOf(both, i, 0), shareOf(both, i, 1))),
      toHex(between(shareOf(granted, i), shareOf(again, i))),
    ]);
    assert.equal(new Set(differences).size, differences.length);
  });
});
