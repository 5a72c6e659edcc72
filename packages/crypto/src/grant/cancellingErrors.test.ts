/** Checks of many tags at once must not pass because two errors make up for each other: that is what the random weights are for. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  makeGrant,
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import type { GrantFixture, Parties } from "@anamnesis/testing/cryptoParties";
import { at } from "../encoding/at.ts";
import { concat, utf8 } from "../encoding/bytes.ts";
import type { G1 } from "../engine/curveEngine.ts";
import { curve } from "../engine/ready.ts";
import type { VisitTarget } from "../record/sealRecord.ts";
import { checkShares, reencryptShares } from "./proxyShares.ts";
import type { ProxyShares, ShownCapsule } from "./proxyShares.ts";
import { checkedGrant } from "./readerGrant.ts";

const K = 3;

let parties: Parties;
let targets: VisitTarget[];
let granted: GrantFixture;
/** The first proxy's. */
let honest: ProxyShares;

before(async () => {
  parties = await makeParties();
  targets = ["one", "two", "three"].map((label) => makeTarget(parties, label));
  granted = makeGrant(parties, targets, K);
  honest = at(granted.shares, 0);
});

suite("two errors that cancel", () => {
  test("checkShares() refuses shares of two tags that were exchanged", () => {
    const [one, two, three] = honest.tags.map(({ share }) => share);
    checkShares(honest);
    assert.throws(() => checkShares(withShares([two!, one!, three!])), {
      code: "E_SHARE_INVALID",
    });
  });

  test("checkShares() refuses shares of which one is too large by what another is too small", () => {
    const engine = curve();
    const error = engine.g1Multiply(engine.g1Base(), 7n);
    const [one, two, three] = honest.tags.map(({ share }) => engine.g1Decode(share));
    const larger = engine.g1Encode(engine.g1Add(two!, error));
    const smaller = engine.g1Encode(engine.g1Add(three!, engine.g1Negate(error)));
    assert.throws(() => checkShares(withShares([engine.g1Encode(one!), larger, smaller])), {
      code: "E_SHARE_INVALID",
    });
  });

  test("reencryptShares() refuses capsules of which one's C3 is too large by what another's is too small", async () => {
    const engine = curve();
    const [target] = targets;
    const shown: ShownCapsule[] = [];
    for (const text of ["one", "two", "three"]) {
      const record = await readFixture(await sealContent(parties, target!, utf8(text)));
      shown.push({ tag: target!.tag, capsule: at(record.capsules, 0), ctx: record.ctx });
    }
    assert.equal((await reencryptShares(honest, shown)).length, 3);
    const error = engine.g1Multiply(engine.g1Base(), 7n);
    const shifted = (i: number, by: G1) => {
      const { capsule, ...item } = at(shown, i);
      const c3 = engine.g1Add(engine.g1Decode(capsule.subarray(128, 176)), by);
      const parts = [capsule.subarray(0, 128), engine.g1Encode(c3), capsule.subarray(176)];
      return { ...item, capsule: concat(...parts) };
    };
    const pairs = [
      [shifted(0, error), shifted(1, engine.g1Negate(error)), at(shown, 2)],
      [at(shown, 0), shifted(1, error), shifted(2, engine.g1Negate(error))],
    ];
    for (const cancelling of pairs)
      await assert.rejects(reencryptShares(honest, cancelling), { code: "E_CAPSULE" });
    const alone = [at(shown, 0), at(shown, 1), shifted(2, error)];
    await assert.rejects(reencryptShares(honest, alone), { code: "E_CAPSULE" });
  });

  test("checkedGrant() refuses commitments of two tags that were exchanged", () => {
    const { grant, gid, dealt } = granted;
    const { X, commitments } = dealt;
    const tags = targets.map(({ tag, pid }, t) => ({ tag, pid, ...at(dealt.tags, t) }));
    const input = { grant, gid, k: K, indices: parties.indices, X, tags };
    checkedGrant({ ...input, commitments });
    const [one, two, three] = [0, 1, 2].map((t) => commitments.slice(t * K, t * K + K));
    const exchanged = [...two!, ...one!, ...three!];
    assert.throws(() => checkedGrant({ ...input, commitments: exchanged }), {
      code: "E_SHARE_INVALID",
    });
  });
});

const withShares = (shares: readonly Uint8Array[]): ProxyShares => ({
  ...honest,
  tags: honest.tags.map((tag, t) => ({ ...tag, share: at(shares, t) })),
});
