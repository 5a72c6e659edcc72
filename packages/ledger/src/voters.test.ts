import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  VOTERS,
  careChainEntry,
  careChainState,
  cosign,
  genesisHash,
  genesisVoters,
  limits,
  makeSlip,
  parseInstitutionId,
  votersDocument,
} from "@anamnesis/protocol";
import type { SlipCode, SlipFields } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { verifyGroup } from "./machine.ts";
import { proveState } from "./proveState.ts";

const consortium = new TestChain(makeGenesis("consortium"));
const care = makeGenesis("care");
const two = ["city-hospital", "online-clinic"];

const enrolment = (id: string, power: number) => enrolmentOf(id, { power });
const enrol = (chain: TestChain, power: number, voters: readonly string[], id = "new-clinic") =>
  chain.cosignedSlip("institution.enrol", enrolment(id, power), voters);
const level = (
  chain: TestChain,
  change: Partial<Omit<SlipFields<"institution.level">, "cosigned">>,
  voters: readonly string[] = [],
) => {
  const fields = { id: "city-hospital", level: "tertiary", power: 1, ...change } as const;
  return chain.cosignedSlip("institution.level", fields, voters);
};
const suspend = (chain: TestChain, voters: readonly string[], suspended = true) =>
  chain.cosignedSlip("institution.suspend", { id: "city-hospital", suspended }, voters);
const register = (
  chain: TestChain,
  change: Partial<Omit<SlipFields<"chain.register">, "cosigned">> = {},
  voters: readonly string[] = two,
) => {
  const fields = {
    registered: care.chain,
    institution: "general-hospital",
    genesis: genesisHash(care),
    voters: genesisVoters(care).slice(1),
    ...change,
  };
  return chain.cosignedSlip("chain.register", fields, voters);
};

const voterIds = (chain: TestChain): string[] => {
  const { proof } = proveState(
    chain.state,
    { chain: chain.genesis.chain, height: 0 },
    "institutions",
    VOTERS,
  );
  assert.ok(proof.end.found === "value");
  return votersDocument.decode(proof.end.value).map(({ id }) => id);
};

const rows: readonly { when: string; want: SlipCode; make: (chain: TestChain) => MadeSlip }[] = [
  { when: "a member without a vote is enrolled", want: "OK", make: (chain) => enrol(chain, 0, []) },
  { when: "a voter is enrolled by two voters", want: "OK", make: (chain) => enrol(chain, 1, two) },
  {
    when: "a voter is enrolled by the authority alone",
    want: "VOTES_MISSING",
    make: (chain) => enrol(chain, 1, []),
  },
  {
    when: "one voter signs",
    want: "VOTES_MISSING",
    make: (chain) => enrol(chain, 1, two.slice(0, 1)),
  },
  {
    when: "one voter signs twice",
    want: "VOTES_MISSING",
    make: (chain) => enrol(chain, 1, ["city-hospital", "city-hospital"]),
  },
  {
    when: "the id is that of the voters' entry",
    want: "NOT_AUTHORISED",
    make: (chain) => enrol(chain, 0, [], VOTERS),
  },
  {
    when: "a level changes nothing of the votes",
    want: "OK",
    make: (chain) => level(chain, { level: "secondary" }),
  },
  {
    when: "power changes without voters",
    want: "VOTES_MISSING",
    make: (chain) => level(chain, { power: 5 }),
  },
  {
    when: "a voter becomes a third party without voters",
    want: "VOTES_MISSING",
    make: (chain) => level(chain, { level: "third-party" }),
  },
  {
    when: "a voter is suspended without voters",
    want: "VOTES_MISSING",
    make: (chain) => suspend(chain, []),
  },
  {
    when: "the care chain's voters change",
    want: "OK",
    make: (chain) => register(chain),
  },
  {
    when: "a care chain is registered by the authority alone",
    want: "VOTES_MISSING",
    make: (chain) => register(chain, {}, []),
  },
  {
    when: "a care chain is new",
    want: "OK",
    make: (chain) => register(chain, { registered: "new-chain" }),
  },
  {
    when: "a care chain's genesis is another",
    want: "NOT_AUTHORISED",
    make: (chain) => register(chain, { genesis: bytesOf("another genesis") }),
  },
  {
    when: "a care chain's institution is another",
    want: "NOT_AUTHORISED",
    make: (chain) => register(chain, { institution: "city-hospital" }),
  },
  {
    when: "a care chain is of no member",
    want: "INSTITUTION_UNKNOWN",
    make: (chain) => register(chain, { registered: "new-chain", institution: "nobody" }),
  },
  {
    when: "a care chain's voters stand in no order",
    want: "NOT_AUTHORISED",
    make: (chain) => register(chain, { voters: genesisVoters(care).toReversed() }),
  },
  {
    when: "a chain's name is none",
    want: "NOT_AUTHORISED",
    make: (chain) => register(chain, { registered: "No/Chain" }),
  },
];
for (const { when, want, make } of rows)
  test(`a slip about voters gets ${want} when ${when}`, () => {
    const chain = consortium.fork();
    assert.equal(chain.submit(make(chain)), want);
  });

test("the voters follow from power, suspension and what a member is; engines are told of each change", () => {
  const chain = consortium.fork();
  const all = voterIds(chain);
  assert.deepEqual(all, [...all].toSorted());
  const told = (slip: MadeSlip) => {
    const { voterUpdates, results } = chain.block([chain.group([slip])]);
    assert.equal(results[0]![0]!.code, "OK");
    return voterUpdates.map(({ id, power }) => [id, power]);
  };
  assert.deepEqual(told(enrol(chain, 2, two)), [["new-clinic", 2]]);
  assert.ok(voterIds(chain).includes("new-clinic"));
  assert.deepEqual(told(suspend(chain, [...two, "new-clinic"])), [["city-hospital", 0]]);
  assert.ok(!voterIds(chain).includes("city-hospital"));
  const others = ["online-clinic", "new-clinic"];
  assert.deepEqual(
    told(level(chain, { level: "third-party" })),
    [],
    "who is suspended changes nothing",
  );
  assert.deepEqual(told(suspend(chain, [], false)), [], "a third party does not vote");
  assert.deepEqual(told(level(chain, { power: 3 }, others)), [["city-hospital", 3]]);
  assert.deepEqual(told(level(chain, { power: 0 }, [...others, "general-hospital"])), [
    ["city-hospital", 0],
  ]);
  assert.deepEqual(
    voterIds(chain),
    [...all.filter((id) => id !== "city-hospital"), "new-clinic"].toSorted(),
  );
});

test("a suspended voter's signature counts no more", () => {
  const chain = consortium.fork();
  assert.equal(chain.submit(suspend(chain, two)), "OK");
  assert.equal(chain.submit(enrol(chain, 1, two)), "VOTES_MISSING");
});

test("who came to vote alone needs another's signature: its own counts once", () => {
  const heir = "city-hospital";
  const member = (id: string) => (id === "online-clinic" ? {} : { power: 0 });
  const chain = new TestChain(makeGenesis("consortium", { member }));
  const by = ["online-clinic", heir];
  assert.equal(chain.submit(level(chain, {}, by)), "OK");
  const end = { id: "online-clinic", suspended: true };
  assert.equal(chain.submit(chain.cosignedSlip("institution.suspend", end, by)), "OK");
  assert.deepEqual(voterIds(chain), [heir]);
  assert.equal(chain.submit(enrol(chain, 1, [heir])), "VOTES_MISSING");
  const both = [heir, "general-hospital"];
  assert.equal(chain.submit(suspend(chain, both)), "NOT_AUTHORISED", "nobody would be left");
  assert.equal(chain.submit(enrol(chain, 1, [heir, "general-hospital"])), "OK");
});

test("the consortium proves each care chain's genesis and voters", () => {
  const chain = consortium.fork();
  const proved = () => {
    const subject = { chain: chain.genesis.chain, height: chain.height };
    const { proof } = proveState(chain.state, subject, "institutions", careChainEntry(care.chain));
    assert.ok(proof.end.found === "value");
    return careChainState.decode(proof.end.value);
  };
  assert.equal(toHex(proved().genesis), toHex(genesisHash(care)));
  assert.deepEqual(proved().voters, genesisVoters(care));
  assert.equal(chain.submit(register(chain)), "OK");
  assert.deepEqual(proved().voters, genesisVoters(care).slice(1));
});

test("voters' signatures are verified with the group: forged, borrowed and unknown ones refuse it", () => {
  const chain = consortium.fork();
  const { chain: id } = chain.genesis;
  const header = { chain: id, time: chain.time, notAfter: chain.time + limits.clientNotAfterMs };
  const fields = { ...enrolment("new-clinic", 1), cosigned: [] };
  const authority = signer(keyOf("national-authority"));
  const signed = (voter: string, by: string, over = fields) =>
    cosign("institution.enrol", header, over, parseInstitutionId(voter), signer(keyOf(by)));
  const codeOf = (cosigned: SlipFields<"institution.enrol">["cosigned"]): string => {
    const slip = makeSlip("institution.enrol", header, { ...fields, cosigned }, authority);
    try {
      verifyGroup(chain.machine, chain.state, chain.group([slip]));
      return "OK";
    } catch (error) {
      if (error instanceof AnamnesisError) return error.code;
      throw error;
    }
  };
  const good = signed("city-hospital", "city-hospital");
  assert.equal(codeOf([good]), "OK");
  assert.equal(codeOf([good, signed("online-clinic", "city-hospital")]), "SLIP_SIGNATURE");
  const another = { ...fields, power: 9 };
  assert.equal(codeOf([good, signed("online-clinic", "online-clinic", another)]), "SLIP_SIGNATURE");
  assert.equal(codeOf([good, signed("nobody", "nobody")]), "UNKNOWN_KEY");
  const dropped = { ...good, signature: good.signature.with(0, good.signature[0]! ^ 1) };
  assert.equal(codeOf([dropped]), "SLIP_SIGNATURE");
});
