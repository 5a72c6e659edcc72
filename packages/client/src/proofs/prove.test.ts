/** What a device believes of a slip or an entry: what members prove, of just that, and as new as was asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeApi, Session } from "@anamnesis/client";
import { randomBytes } from "@anamnesis/crypto/verify";
import * as ledger from "@anamnesis/ledger";
import { appHashOf, limits, makeHead, parseInstitutionId } from "@anamnesis/protocol";
import type { Head, SlipProof } from "@anamnesis/protocol";
import { hospital, makeTrust } from "@anamnesis/testing/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { proveSlip, proveState } from "./prove.ts";

const trust = makeTrust();
const chain = new TestChain(trust.chains[1]);
const { chain: id } = chain.genesis;
const [slip, other] = ["a", "b"].map((name) =>
  chain.slip("session.open", { institution: hospital, key: keyOf(name).publicKey }, keyOf(name)),
);
for (const each of [slip!, other!]) assert.equal(chain.submit(each), "OK");
const { height, time } = chain;
const proofOf = (of = slip!.id): SlipProof =>
  ledger.proveSlip(chain.state, { chain: id, height }, of)!;
const { roots } = proofOf();
/** No head from when it was committed is new any more. */
const now = time + limits.headFreshMs + 1;

/** Members who answer honestly but for what is given here, and what they were asked. */
function among(lies: Partial<NodeApi> = {}) {
  const asked: string[] = [];
  const headBy = (institution: string, signedAt: number): Head =>
    makeHead(
      {
        chain: id,
        height,
        appHash: appHashOf(roots),
        time: signedAt,
        institution: parseInstitutionId(institution),
      },
      signer(keyOf(institution)),
    );
  const node = (institution: string) => {
    const honest: Partial<NodeApi> = {
      head: async () => headBy(institution, now),
      headAt: async () => headBy(institution, time),
      slipProof: async () => proofOf(),
      stateProof: async (_, map, of) => ({
        ...ledger.proveState(chain.state, { chain: id, height }, map, of),
        heads: [],
      }),
    };
    const all = { ...honest, ...lies } as Record<string, (...given: unknown[]) => unknown>;
    const told = Object.entries(all).map(([name, answer]) => [
      name,
      (...given: unknown[]) => {
        asked.push(name);
        return answer(...given);
      },
    ]);
    return Object.fromEntries(told) as NodeApi;
  };
  const session = { trust, random: randomBytes, clock: () => now, network: { node } };
  return { session: session as unknown as Session, asked };
}

test("proveSlip() asks nobody for a proof that is at hand, and others where it does not hold", async () => {
  const { session, asked } = among();
  const { id: proven } = (await proveSlip(session, id, slip!.id, { made: proofOf() })).slip;
  assert.equal(proven, slip!.id);
  assert.ok(!asked.includes("slipProof"));
  const damaged = { ...proofOf(), slip: proofOf(other!.id).slip };
  for (const made of [damaged, proofOf(other!.id)])
    assert.equal((await proveSlip(session, id, slip!.id, { made })).slip.id, slip!.id);
  assert.equal(asked.filter((name) => name === "slipProof").length, 2);
});

test("proveSlip() stops at a defect of its own: no member's proof would be better", async () => {
  const { session, asked } = among();
  const askHead = async (): Promise<never> => {
    throw new TypeError("broken");
  };
  await assert.rejects(proveSlip(session, id, slip!.id, { made: proofOf(), askHead }), TypeError);
  assert.deepEqual(asked, []);
});

test("proveSlip() refuses the proof of another slip, whoever shows it", async () => {
  const { session } = among({ slipProof: async () => proofOf(other!.id) });
  await assert.rejects(proveSlip(session, id, slip!.id), { code: "PROOF_INVALID" });
});

test("proveSlip() asks for new heads where the proof has to be new, and takes no others then", async () => {
  const { session, asked } = among();
  await proveSlip(session, id, slip!.id);
  assert.ok(asked.includes("headAt") && !asked.includes("head"));
  const { proof } = await proveSlip(session, id, slip!.id, { fresh: true });
  assert.deepEqual([...new Set(proof.heads.map((head) => head.time))], [now]);
  const old = among();
  Object.assign(old.session, { clock: () => now + limits.headFreshMs + 1 });
  await assert.rejects(proveSlip(old.session, id, slip!.id, { fresh: true }), {
    code: "UNAVAILABLE",
  });
});

test("proveState() refuses the proof of another entry or map, and heads that are not new", async () => {
  const of = "0".repeat(64);
  const proofFor = (map: "grants" | "keys", entry: string) => async () => ({
    ...ledger.proveState(chain.state, { chain: id, height }, map, entry),
    heads: [],
  });
  const { value } = await proveState(among().session, id, "grants", of);
  assert.equal(value, undefined);
  for (const stateProof of [proofFor("keys", of), proofFor("grants", "1".repeat(64))])
    await assert.rejects(proveState(among({ stateProof }).session, id, "grants", of), {
      code: "PROOF_INVALID",
    });
  const old = among();
  Object.assign(old.session, { clock: () => now + limits.headFreshMs + 1 });
  await assert.rejects(proveState(old.session, id, "grants", of), { code: "UNAVAILABLE" });
});
