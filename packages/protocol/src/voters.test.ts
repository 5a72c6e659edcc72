import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInstitutionId } from "./ids.ts";
import {
  assertVoters,
  followersAmong,
  isQuorum,
  signerKeyOf,
  votersAmong,
  votersDocument,
} from "./voters.ts";
import type { Voter } from "./voters.ts";

const id = parseInstitutionId;
const voter = (name: string, power = 1): Voter => ({
  id: id(name),
  nodeKey: new Uint8Array(32).fill(name.length),
  power,
});
const four = ["alpha", "beta", "delta", "gamma"].map((name) => voter(name));
const signed = (...names: string[]) => new Set(names.map(id));

test("isQuorum() wants two institutions and more power than a third less one", () => {
  const seven = ["aaa", "bbb", "ccc", "ddd", "eee", "fff", "ggg"].map((name) => voter(name));
  const rows = [
    { voters: four, by: signed("alpha"), want: false, when: "one of four" },
    { voters: four, by: signed("alpha", "beta"), want: true, when: "two of four" },
    {
      voters: four,
      by: signed("alpha", "stranger"),
      want: false,
      when: "one of four and a stranger",
    },
    { voters: seven, by: signed("aaa", "bbb"), want: false, when: "two of seven" },
    { voters: seven, by: signed("aaa", "bbb", "ccc"), want: true, when: "three of seven" },
    {
      voters: [voter("alpha", 9), voter("beta")],
      by: signed("alpha"),
      want: false,
      when: "all power but alone",
    },
    {
      voters: [voter("alpha", 9), voter("beta", 1), voter("delta", 1)],
      by: signed("beta", "delta"),
      want: false,
      when: "two without power enough",
    },
  ];
  for (const { voters, by, want, when } of rows)
    assert.equal(isQuorum({ voters, followers: new Map() }, by), want, when);
});

test("a follower that genesis names counts where one alone votes, and nowhere else", () => {
  const followers = followersAmong([voter("alpha"), voter("beta", 0), voter("gamma", 0)]);
  const rows = [
    { voters: ["alpha"], by: ["alpha", "beta"], want: true, when: "the voter and a follower" },
    { voters: ["alpha"], by: ["alpha"], want: false, when: "the voter alone" },
    { voters: ["alpha"], by: ["beta", "gamma"], want: false, when: "two followers" },
    { voters: ["alpha"], by: ["alpha", "delta"], want: false, when: "whom genesis does not name" },
    { voters: ["beta"], by: ["beta"], want: false, when: "a follower that came to vote, alone" },
    { voters: ["beta"], by: ["beta", "gamma"], want: true, when: "it and another follower" },
    { voters: ["alpha", "delta"], by: ["alpha", "beta"], want: false, when: "several vote" },
  ];
  for (const { voters, by, want, when } of rows) {
    const electorate = { voters: voters.map((name) => voter(name)), followers };
    assert.equal(isQuorum(electorate, signed(...by)), want, when);
  }
  const keyOf = (voters: readonly Voter[]) => signerKeyOf({ voters, followers }, id("beta"));
  assert.deepEqual(keyOf([voter("alpha")]), voter("beta").nodeKey);
  assert.equal(keyOf(four.slice(2)), undefined);
});

test("voters stand in the state by id, those with power only", () => {
  const voters = votersAmong([voter("gamma"), voter("beta", 0), voter("alpha", 2)]);
  assert.deepEqual(
    voters.map((each) => each.id),
    ["alpha", "gamma"],
  );
  assert.deepEqual(votersDocument.decode(votersDocument.encode(voters)), voters);
  assert.doesNotThrow(() => assertVoters(voters));
  for (const bad of [voters.toReversed(), [...voters, voters[1]!], [voter("alpha", 0)]])
    assert.throws(() => assertVoters(bad), { code: "PROOF_INVALID" });
});
