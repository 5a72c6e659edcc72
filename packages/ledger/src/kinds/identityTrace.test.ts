import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError, agreeToTrace, parsePid, traceSubject } from "@anamnesis/protocol";
import type { Role, SlipCode, SlipFields } from "@anamnesis/protocol";
import { authority, hospital, makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain, certificateFields, certify } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { verifyGroup } from "../machine.ts";

const consortium = new TestChain(makeGenesis("consortium"));
const people: readonly (readonly [string, Role, string])[] = [
  ["hospital's officer", "officer", hospital],
  ["registry's officer", "officer", authority],
  ["registry's auditor", "auditor", authority],
  ["another's officer", "officer", "city-hospital"],
  ["another officer of the registry", "officer", authority],
  ["a doctor", "doctor", hospital],
];
const fingerprints = new Map(
  people.map(([name, role, institution]) => [
    name,
    certify(consortium, name, { role, institution }),
  ]),
);
const certOf = (name: string): Uint8Array => fingerprints.get(name)!;
const subject = traceSubject(parsePid("ab".repeat(32)), bytesOf("salt"));

interface Order {
  /** Who signs the slip, and who agrees. */
  readonly by?: string;
  readonly second?: string;
  /** With whose key `agreed` is made, over which fields. */
  readonly agreedBy?: string;
  readonly over?: Partial<SlipFields<"identity.trace">>;
}
function order(chain: TestChain, parts: Order = {}): MadeSlip {
  const { by = "hospital's officer", second = "registry's officer", agreedBy = second } = parts;
  const about = { cert: certOf(by), case: "case 7", subject };
  const said = { ...about, ...parts.over };
  const agreed = agreeToTrace(chain.genesis.chain, said, signer(keyOf(agreedBy)));
  const fields = { ...about, second: certOf(second), agreed };
  return chain.slip("identity.trace", fields, keyOf(by));
}
const submit = (chain: TestChain, parts?: Order): SlipCode => chain.submit(order(chain, parts));
const suspend = (chain: TestChain, name: string, institution: string): void => {
  const fields = { fingerprint: certOf(name), until: chain.time + 3_600_000, by: institution };
  const slip = chain.cosignedSlip("identity.suspend", fields, [], keyOf(institution));
  assert.equal(chain.submit(slip), "OK");
};

const rows: readonly { when: string; want: SlipCode; submit: (chain: TestChain) => SlipCode }[] = [
  { when: "officers of hospital and registry sign", want: "OK", submit },
  {
    when: "a doctor signs",
    want: "NOT_AUTHORISED",
    submit: (chain) => submit(chain, { by: "a doctor" }),
  },
  {
    when: "another hospital's officer agrees",
    want: "NOT_THE_REGISTRYS_OFFICER",
    submit: (chain) => submit(chain, { second: "another's officer" }),
  },
  {
    when: "the registry's auditor agrees",
    want: "NOT_THE_REGISTRYS_OFFICER",
    submit: (chain) => submit(chain, { second: "registry's auditor" }),
  },
  {
    when: "the officer who agrees is suspended",
    want: "OFFICER_NOT_LIVE",
    submit: (chain) => (suspend(chain, "registry's officer", authority), submit(chain)),
  },
  {
    when: "the officer who signs is suspended",
    want: "CERTIFICATE_SUSPENDED",
    submit: (chain) => (suspend(chain, "hospital's officer", hospital), submit(chain)),
  },
  {
    when: "two officers of the registry sign",
    want: "OFFICERS_OF_ONE_INSTITUTION",
    submit: (chain) => submit(chain, { by: "another officer of the registry" }),
  },
];

for (const { when, want, submit: made } of rows)
  test(`identity.trace gives ${want} when ${when}`, () =>
    assert.equal(made(consortium.fork()), want));

test("S-64: one officer orders nothing in the other's name, nor another thing than was agreed to", () => {
  const refusal = (parts: Order): string => {
    try {
      verifyGroup(
        consortium.machine,
        consortium.state,
        consortium.group([order(consortium, parts)]),
      );
      return "OK";
    } catch (error) {
      if (error instanceof AnamnesisError) return error.code;
      throw error;
    }
  };
  assert.equal(refusal({}), "OK");
  assert.equal(refusal({ agreedBy: "hospital's officer" }), "SLIP_SIGNATURE");
  assert.equal(refusal({ over: { subject: bytesOf("another visit") } }), "SLIP_SIGNATURE");
  assert.equal(refusal({ over: { case: "case 8" } }), "SLIP_SIGNATURE");
  assert.equal(refusal({ over: { cert: certOf("another's officer") } }), "SLIP_SIGNATURE");
  fingerprints.set("nobody", certificateFields("nobody").fingerprint);
  assert.equal(refusal({ second: "nobody" }), "UNKNOWN_KEY");
});
