import assert from "node:assert/strict";
import { test } from "node:test";
import { proveSlip } from "@anamnesis/ledger";
import {
  appHashOf,
  makeHead,
  parseInstitutionId,
  signPage,
  verifySlipProof,
  votersOfGenesis,
} from "@anamnesis/protocol";
import type { Head, SlipProof } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { rotationSlip } from "@anamnesis/testing/nodeKeyRotation";
import { TestChain } from "@anamnesis/testing/testChain";
import { withHeads } from "./heads.ts";

const follower = "provincial-authority";
const member = (id: string) => (id === follower ? { power: 0 } : {});
const chain = new TestChain(makeGenesis("care", { member, params: { pageSlips: 2 } }));
const visits = ["a", "b", "c", "d"].map((name) =>
  chain.slip(
    "session.open",
    { institution: parseInstitutionId("general-hospital"), key: keyOf(name).publicKey },
    keyOf(name),
  ),
);
for (const visit of visits) assert.equal(chain.submit(visit), "OK");
const { chain: id } = chain.genesis;
const made = proveSlip(chain.state, { chain: id, height: chain.height }, visits[0]!.id)!;

const headBy = (name: string): Head =>
  makeHead(
    {
      chain: id,
      height: made.height,
      appHash: appHashOf(made.roots),
      time: chain.time,
      institution: parseInstitutionId(name),
    },
    signer(keyOf(name)),
  );

test("withHeads() leaves out what a member without a vote signed, and asks others in its place", async () => {
  assert.ok(made.place.in === "page");
  const { place } = made;
  const countersignatures = [follower, "general-hospital"].map((name) => ({
    institution: parseInstitutionId(name),
    signature: signPage(id, place.header, signer(keyOf(name))),
  }));
  const proof = { ...made, place: { ...place, countersignatures }, heads: [headBy(follower)] };
  const order = chain.genesis.members.map((each) => each.id);
  const whole = await withHeads(
    async (name) => headBy(name),
    votersOfGenesis(chain.genesis),
    proof,
    order,
  );
  const { signers, countersigned } = verifySlipProof(chain.genesis, whole);
  assert.deepEqual(signers, ["general-hospital", "national-authority"]);
  assert.deepEqual(countersigned, ["general-hospital"]);
});

test("withHeads() passes over heads and countersignatures under a key that came later, and asks others", async () => {
  const rotated = "municipal-authority";
  const later = chain.fork();
  assert.equal(later.submit(rotationSlip(later, { id: rotated, to: "later" })), "OK");
  assert.equal(later.height, made.height + 1);
  const at = { chain: id, height: later.height };
  const now = proveSlip(later.state, at, visits[0]!.id)!;
  const [change] = now.voters;
  assert.ok(now.place.in === "page" && change !== undefined);
  const { place } = now;
  const label = (name: string) => (name === rotated ? "later" : name);
  const headOf = ({ height, roots }: Pick<SlipProof, "height" | "roots">, name: string): Head =>
    makeHead(
      {
        chain: id,
        height,
        appHash: appHashOf(roots),
        time: later.time,
        institution: parseInstitutionId(name),
      },
      signer(keyOf(label(name))),
    );
  const countersigned = (name: string, key: string) => ({
    institution: parseInstitutionId(name),
    signature: signPage(id, place.header, signer(keyOf(key))),
  });
  const countersignatures = [countersigned(rotated, rotated), countersigned(rotated, "later")];
  const proof = { ...now, place: { ...place, countersignatures }, heads: [headOf(now, rotated)] };
  const order = [rotated, "general-hospital", "national-authority"];
  const asked: string[] = [];
  const whole = await withHeads(
    async (name, _chain, height) => {
      asked.push(name);
      return headOf(height === change.height ? change : now, name);
    },
    votersOfGenesis(chain.genesis),
    proof,
    order,
  );
  const verified = verifySlipProof(chain.genesis, whole);
  assert.deepEqual(
    whole.voters[0]!.heads.map((head) => head.institution),
    order.slice(1),
  );
  assert.deepEqual(verified.signers, order.slice(0, 2));
  assert.deepEqual(verified.countersigned, [rotated]);
  assert.deepEqual(asked, [...order, "general-hospital"]);
});
