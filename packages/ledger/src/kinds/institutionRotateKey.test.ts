import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { SlipCode } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { rotationSlip } from "@anamnesis/testing/nodeKeyRotation";
import type { RotationParts } from "@anamnesis/testing/nodeKeyRotation";
import { TestChain } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { verifyGroup } from "../machine.ts";
import { LedgerView } from "../view.ts";

const city = "city-hospital";
const authority = "national-authority";
const two = ["online-clinic", "general-hospital"];
const follower = "provincial-authority";
const genesis = makeGenesis("consortium", {
  member: (id) => (id === follower ? { power: 0 } : {}),
});
const consortium = new TestChain(genesis);
const enrol = (chain: TestChain, change: Parameters<typeof enrolmentOf>[1] = {}) =>
  chain.cosignedSlip("institution.enrol", enrolmentOf("small-clinic", change), []);
const suspend = (chain: TestChain) =>
  chain.cosignedSlip("institution.suspend", { id: city, suspended: true }, two);
const rotate = (chain: TestChain, parts: Partial<RotationParts> = {}): SlipCode =>
  chain.submit(rotationSlip(chain, { id: city, to: "city new", ...parts }));
const byAuthority = { by: authority, voters: two } as const;

const rows: readonly {
  when: string;
  want: SlipCode;
  on?: TestChain;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  { when: "the key it had signs", want: "OK", submit: rotate },
  {
    when: "the authority and two voters sign",
    want: "OK",
    submit: (chain) => rotate(chain, byAuthority),
  },
  {
    when: "a newcomer without a vote rotates",
    want: "OK",
    submit: (chain) => (chain.submit(enrol(chain)), rotate(chain, { id: "small-clinic" })),
  },
  {
    when: "a voter of a care chain rotates",
    want: "OK",
    on: new TestChain(makeGenesis("care")),
    submit: (chain) => rotate(chain, { id: "municipal-authority" }),
  },
  {
    when: "nobody has the id",
    want: "INSTITUTION_UNKNOWN",
    submit: (chain) => rotate(chain, { ...byAuthority, id: "nobody" }),
  },
  {
    when: "the same block lets the member in",
    want: "INSTITUTION_UNKNOWN",
    submit: (chain) =>
      last(chain, [enrol(chain), rotation(chain, { ...byAuthority, id: "small-clinic" })]),
  },
  {
    when: "another member signs",
    want: "NOT_AUTHORISED",
    submit: (chain) => rotate(chain, { by: "online-clinic", voters: two }),
  },
  {
    when: "it is suspended and signs itself",
    want: "NOT_AUTHORISED",
    submit: (chain) => (chain.submit(suspend(chain)), rotate(chain)),
  },
  {
    when: "it is suspended and the authority signs with voters",
    want: "NOT_AUTHORISED",
    submit: (chain) => (chain.submit(suspend(chain)), rotate(chain, byAuthority)),
  },
  {
    when: "it is the writer",
    want: "NODE_KEY_OF_GENESIS",
    submit: (chain) => rotate(chain, { id: genesis.writer }),
  },
  {
    when: "genesis names it without a vote",
    want: "NODE_KEY_OF_GENESIS",
    submit: (chain) => rotate(chain, { id: follower }),
  },
  {
    when: "the same block rotated it already",
    want: "NODE_KEY_REPLACED",
    submit: (chain) => last(chain, [rotation(chain), rotation(chain, { to: "thief" })]),
  },
  {
    when: "the new key is the one it has",
    want: "NODE_KEY_EXISTS",
    submit: (chain) => rotate(chain, { to: city }),
  },
  {
    when: "the new key is another member's",
    want: "NODE_KEY_EXISTS",
    submit: (chain) => rotate(chain, { to: "online-clinic" }),
  },
  {
    when: "the new key is a newcomer's",
    want: "NODE_KEY_EXISTS",
    submit: (chain) => (chain.submit(enrol(chain)), rotate(chain, { to: "small-clinic" })),
  },
  {
    when: "the new key is one that was left",
    want: "NODE_KEY_EXISTS",
    submit: (chain) => (rotate(chain), rotate(chain, { to: city, key: "city new" })),
  },
  {
    when: "the authority signs alone",
    want: "VOTES_MISSING",
    submit: (chain) => rotate(chain, { by: authority }),
  },
  {
    when: "the authority and one voter sign",
    want: "VOTES_MISSING",
    submit: (chain) => rotate(chain, { by: authority, voters: two.slice(1) }),
  },
  {
    when: "the authority signs alone for a member without a vote",
    want: "VOTES_MISSING",
    submit: (chain) => (
      chain.submit(enrol(chain)),
      rotate(chain, { id: "small-clinic", by: authority })
    ),
  },
];
const rotation = (chain: TestChain, parts: Partial<RotationParts> = {}): MadeSlip =>
  rotationSlip(chain, { id: city, to: "city new", ...parts });
/** The code of the last of these slips, all in one block. */
const last = (chain: TestChain, slips: readonly MadeSlip[]): SlipCode =>
  chain.block([chain.group(slips)]).results[0]!.at(-1)!.code;

for (const { when, want, on = consortium, submit } of rows)
  test(`institution.rotateKey gives ${want} when ${when}`, () =>
    assert.equal(submit(on.fork()), want));

test("institution.enrol takes no node key that a member has or had", () => {
  const chain = consortium.fork();
  assert.equal(rotate(chain), "OK");
  for (const key of ["online-clinic", city, "city new"])
    assert.equal(
      chain.submit(enrol(chain, { nodeKey: keyOf(key).publicKey })),
      "NODE_KEY_EXISTS",
      key,
    );
});

/** What a group of one slip is refused with before its block, by whom it counts from. */
function refusal(
  chain: TestChain,
  slip: MadeSlip,
  carrier: string = genesis.writer,
  key = carrier,
): string {
  try {
    verifyGroup(chain.machine, chain.state, chain.group([slip], carrier, keyOf(key)));
    return "OK";
  } catch (error) {
    if (error instanceof AnamnesisError) return error.code;
    throw error;
  }
}

test("the new key proves itself, for this rotation alone", () => {
  const chain = consortium.fork();
  assert.equal(refusal(chain, rotation(chain, { possessedBy: city })), "SLIP_SIGNATURE");
  const said = rotation(chain, { possessedAt: chain.time - 1 });
  assert.equal(refusal(chain, said), "SLIP_SIGNATURE", "it was said of an earlier one");
});

test("nobody but the key that a member has rotates it in its name", () => {
  const chain = consortium.fork();
  assert.equal(refusal(chain, rotation(chain, { key: "thief" })), "SLIP_SIGNATURE");
  assert.equal(refusal(chain, rotation(chain, { key: authority })), "SLIP_SIGNATURE");
  assert.equal(refusal(chain, rotation(chain, { by: "care" })), "UNKNOWN_KEY", "the registry's CA");
  const forged = { by: authority, key: "online-clinic", voters: two };
  assert.equal(refusal(chain, rotation(chain, forged)), "SLIP_SIGNATURE");
});

test("a stolen old key carries, rotates and cosigns nothing after the rotation; the new one does", () => {
  const chain = consortium.fork();
  assert.equal(rotate(chain, byAuthority), "OK");
  const harmless = enrol(chain);
  assert.equal(refusal(chain, harmless, city, city), "CARRIER_SIGNATURE");
  assert.equal(refusal(chain, harmless, city, "city new"), "OK");
  assert.equal(refusal(chain, rotation(chain, { to: "thief" })), "SLIP_SIGNATURE");
  const cosigned = rotation(chain, { id: "online-clinic", by: authority, voters: [city] });
  assert.equal(refusal(chain, cosigned), "SLIP_SIGNATURE");
  assert.equal(rotate(chain, { to: "city newer", key: "city new" }), "OK");
});

test("the voters follow the key, and engines are told", () => {
  const chain = consortium.fork();
  const { voterUpdates } = chain.block([chain.group([rotation(chain)])]);
  const { publicKey } = keyOf("city new");
  assert.deepEqual(
    voterUpdates.map(({ id, nodeKey, power }) => ({ id, nodeKey, power })),
    [{ id: city, nodeKey: publicKey, power: 1 }],
  );
  const view = new LedgerView(chain.state);
  assert.deepEqual(view.institution(city)?.nodeKey, publicKey);
  assert.deepEqual(view.voters().find(({ id }) => id === city)?.nodeKey, publicKey);
});
