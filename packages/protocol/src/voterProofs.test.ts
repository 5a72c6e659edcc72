/** Proofs of a chain whose voters change, made by the state machine and attacked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { proveSlip, proveState } from "@anamnesis/ledger";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { rotationSlip } from "@anamnesis/testing/nodeKeyRotation";
import { TestChain, certify } from "@anamnesis/testing/testChain";
import { appHashOf } from "./appHash.ts";
import { makeHead } from "./heads.ts";
import type { Head } from "./heads.ts";
import { parseInstitutionId } from "./ids.ts";
import {
  decodeSlipProof,
  encodeSlipProof,
  followVoters,
  verifySlipProof,
  verifyStateProof,
  votersOfGenesis,
} from "./proofs.ts";
import type { SlipProof, VoterChange } from "./proofs.ts";
import { sparseKey, sparseLeaf } from "./sparseProof.ts";
import { institutionState } from "./stateValues.ts";
import { VOTERS, votersDocument } from "./voters.ts";

const chain = new TestChain(makeGenesis("consortium"));
const genesisVotes = votersOfGenesis(chain.genesis);
const [first, second] = genesisVotes.voters.map(({ id }) => id as string) as [string, string];
const others = genesisVotes.voters.map(({ id }) => id as string).filter((id) => id !== second);

type At = Pick<VoterChange, "height" | "roots">;
const headBy = (id: string, at: At, on = chain, key = id): Head =>
  makeHead(
    {
      chain: on.genesis.chain,
      height: at.height,
      appHash: appHashOf(at.roots),
      time: on.time,
      institution: parseInstitutionId(id),
    },
    signer(keyOf(key)),
  );
const signed = <T extends At>(at: T, by: readonly string[], on = chain) => ({
  ...at,
  heads: by.map((id) => headBy(id, at, on)),
});

/** A newcomer is let in, and the second voter is suspended. */
const enrolment = enrolmentOf("new-clinic", { power: 1 });
assert.equal(chain.submit(chain.cosignedSlip("institution.enrol", enrolment, others)), "OK");
const suspension = chain.cosignedSlip(
  "institution.suspend",
  { id: second, suspended: true },
  others,
);
assert.equal(chain.submit(suspension), "OK");
certify(chain, "dr-lin", { institution: "online-clinic" });

const subject = { chain: chain.genesis.chain, height: chain.height };
const made = proveState(chain.state, subject, "institutions", "new-clinic");
const [letIn, suspended] = made.voters as [VoterChange, VoterChange];
const changes = [signed(letIn, others), signed(suspended, [...others, "new-clinic"])];
const proofBy = (by: readonly string[], voters = changes) => ({ ...signed(made, by), voters });
const refused = { code: "PROOF_INVALID" };

test("a state proves each change of its voters at the height it was made", () => {
  assert.equal(made.voters.length, 2);
  const now = followVoters(genesisVotes, changes);
  const entry = proveState(chain.state, subject, "institutions", VOTERS).proof.end;
  assert.ok(entry.found === "value");
  assert.deepEqual(now.voters, votersDocument.decode(entry.value));
  assert.equal(now.height, suspended.height);
});

test("heads are judged by the voters of their height: who left signs no more, who came does", () => {
  assert.ok(verifyStateProof(chain.genesis, proofBy([...others, "new-clinic"])).value);
  assert.ok(verifyStateProof(chain.genesis, proofBy(others)).value);
  assert.throws(() => verifyStateProof(chain.genesis, proofBy([...others, second])), refused);
  assert.throws(
    () => verifyStateProof(chain.genesis, proofBy([...others, "new-clinic"], [])),
    refused,
  );
  assert.throws(() => verifyStateProof(chain.genesis, proofBy([first])), refused);
});

test("a follower's head counts while one alone votes; not beside several voters, nor twice when it votes itself", () => {
  const [sole, heir, follower] = ["general-hospital", "national-authority", "provincial-authority"];
  const member = (id: string) => (id === sole ? {} : { power: 0 });
  const care = new TestChain(makeGenesis("care", { member }));
  const level = { id: heir!, level: "national-authority", power: 1 } as const;
  const by = [sole!, follower!];
  assert.equal(care.submit(care.cosignedSlip("institution.level", level, by)), "OK");
  const end = { id: sole!, suspended: true };
  assert.equal(care.submit(care.cosignedSlip("institution.suspend", end, [sole!, heir!])), "OK");
  const at = { chain: care.genesis.chain, height: care.height };
  const proof = proveState(care.state, at, "institutions", sole!);
  const [rises, isAlone] = proof.voters as [VoterChange, VoterChange];

  const two = followVoters(votersOfGenesis(care.genesis), [signed(rises, by, care)]);
  assert.deepEqual(
    two.voters.map(({ id }) => id),
    [sole, heir],
  );
  assert.throws(() => followVoters(two, [signed(isAlone, by, care)]), refused, "two vote by now");
  const one = followVoters(two, [signed(isAlone, [sole!, heir!], care)]);
  const stateBy = (...names: string[]) =>
    verifyStateProof(care.genesis, { ...signed(proof, names, care), voters: [] }, one).value;
  assert.throws(() => stateBy(heir!), refused, "one head counts once");
  assert.throws(() => stateBy(heir!, sole!), refused, "who is suspended signs no more");
  assert.ok(stateBy(heir!, follower!));
});

test("a change stands on those who voted before it, not on whom it lets in", () => {
  const rows = [
    { when: "one voter signs", change: signed(letIn, [first]) },
    { when: "the newcomer signs for itself", change: signed(letIn, [first, "new-clinic"]) },
    { when: "a head is of another height", change: { ...changes[0]!, height: letIn.height + 1 } },
    { when: "it proves another entry", change: signed({ ...letIn, proof: made.proof }, others) },
  ];
  for (const { when, change } of rows)
    assert.throws(() => followVoters(genesisVotes, [change]), refused, when);
});

test("voters that are none are not followed, whoever signs for them", () => {
  const { voters } = genesisVotes;
  for (const wrong of [
    voters.toReversed(),
    [{ ...voters[0]!, power: 0 }],
    [...voters, voters[0]!],
  ]) {
    const value = votersDocument.encode(wrong);
    const proof = { siblings: [], end: { found: "value", value } } as const;
    const roots = { ...letIn.roots, institutions: sparseLeaf(sparseKey(VOTERS), value) };
    assert.throws(
      () => followVoters(genesisVotes, [signed({ ...letIn, proof, roots }, others)]),
      /Voters refused/,
    );
  }
});

test("who knows a newer set refuses what the old one signs", () => {
  const known = followVoters(genesisVotes, changes);
  const old = { ...signed(made, [first, second, ...others.slice(1)]), voters: [] };
  assert.throws(() => verifyStateProof(chain.genesis, old, known), refused);
  assert.ok(verifyStateProof(chain.genesis, { ...proofBy(others), voters: [] }, known).value);
});

test("a proof shows no voters of a height after its own", () => {
  const early = { ...made, height: letIn.height };
  const proof = { ...early, heads: others.map((id) => headBy(id, early)), voters: changes };
  assert.throws(() => verifyStateProof(chain.genesis, proof), refused);
});

test("a slip's proof carries the changes, and lives through its encoding", () => {
  const { id } = suspension;
  const slip: SlipProof = { ...proveSlip(chain.state, subject, id)!, voters: changes };
  const whole = { ...slip, heads: others.map((by) => headBy(by, slip)) };
  const decoded = decodeSlipProof(encodeSlipProof(whole));
  assert.equal(verifySlipProof(chain.genesis, decoded).slip.id, id);
});

test("S-29: heads are judged by the node key of their height: the old one ends with the rotation, the new one begins", () => {
  const rotating = new TestChain(chain.genesis);
  assert.equal(rotating.submit(rotationSlip(rotating, { id: second, to: "next key" })), "OK");
  certify(rotating, "dr-lin");
  const at = { chain: chain.genesis.chain, height: rotating.height };
  const state = proveState(rotating.state, at, "institutions", second);
  const [change] = state.voters as [VoterChange];
  const head = (at: At, by: string, key = by) => headBy(by, at, rotating, key);
  const stateBy = (key: string, voters: readonly VoterChange[]) =>
    verifyStateProof(chain.genesis, {
      ...state,
      heads: [head(state, first), head(state, second, key)],
      voters,
    }).value;

  const changed = { ...change, heads: [head(change, first), head(change, second)] };
  const value = stateBy("next key", [changed])!;
  assert.deepEqual(institutionState.decode(value).nodeKey, keyOf("next key").publicKey);
  assert.throws(() => stateBy(second, [changed]), refused, "the stolen key signs what is later");
  assert.throws(() => stateBy("next key", []), refused, "the change is left out");

  const early = { ...change, heads: [head(change, first), head(change, second, "next key")] };
  assert.throws(() => followVoters(genesisVotes, [early]), refused, "the new key lets itself in");
});
