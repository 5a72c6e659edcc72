/** Institutions that join later, third parties above all: who audits and carries for them, whom they employ, what suspends them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Role, SlipCode } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { vouchedBy } from "@anamnesis/testing/registrars";
import { TestChain, certificateFields, certify } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { verifyGroup } from "../machine.ts";

const insurer = "an-insurer";
const voters = ["city-hospital", "online-clinic"];
const enrolled = enrolmentOf(insurer, { level: "third-party" });

const consortium = new TestChain(makeGenesis("consortium"));
assert.equal(consortium.submit(consortium.cosignedSlip("institution.enrol", enrolled, [])), "OK");
const theirRegistrar = certify(consortium, "their registrar", {
  institution: insurer,
  role: "registrar",
});

/** Somebody whom the insurer's registrar attested. */
const staffOf = (name: string, role: Role) =>
  vouchedBy(
    certificateFields(name, { institution: insurer, role, issuer: "third-parties" }),
    theirRegistrar,
    keyOf("their registrar"),
  );
const certifyStaff = (chain: TestChain, role: Role): SlipCode =>
  chain.submit(chain.slip("identity.certify", staffOf("agent", role), keyOf("third-parties")));
const suspend = (chain: TestChain, id: string, suspended: boolean): SlipCode =>
  chain.submit(chain.cosignedSlip("institution.suspend", { id, suspended }, voters));
const request = (chain: TestChain, name: string, cert: Uint8Array): MadeSlip =>
  chain.slip(
    "access.request",
    { cert, body: bytesOf(`body at ${chain.time}`), refusal: bytesOf("refusal") },
    keyOf(name),
  );

/** What a group of one slip is refused with before its block. */
function refusal(chain: TestChain, slip: MadeSlip): string {
  try {
    verifyGroup(chain.machine, chain.state, chain.group([slip]));
    return "OK";
  } catch (error) {
    if (error instanceof AnamnesisError) return error.code;
    throw error;
  }
}

test("S-20: nobody is enrolled whom the registry did not audit, under its key for that kind, as they are", () => {
  const chain = consortium.fork();
  const by = (auditor: string) =>
    refusal(
      chain,
      chain.cosignedSlip("institution.enrol", enrolmentOf("a-clinic", {}, auditor), []),
    );
  assert.equal(by("care"), "OK");
  assert.equal(by("third-parties"), "SLIP_SIGNATURE");
  assert.equal(by("national-authority"), "SLIP_SIGNATURE");
  const clinic = enrolmentOf("a-clinic");
  for (const change of [
    { id: "b-clinic" },
    { name: "another" },
    { nodeKey: keyOf("another").publicKey },
    { address: "http://another.example" },
  ])
    assert.equal(
      refusal(chain, chain.cosignedSlip("institution.enrol", { ...clinic, ...change }, [])),
      "SLIP_SIGNATURE",
    );
});

const agent = () => staffOf("agent", "insurer");
const withAgent = (chain: TestChain): TestChain => {
  assert.equal(certifyStaff(chain, "insurer"), "OK");
  return chain;
};
const asks = (chain: TestChain, carrier?: string): SlipCode =>
  chain.submit(request(chain, "agent", agent().fingerprint), carrier);
const certifiesAnother = (chain: TestChain): SlipCode =>
  chain.submit(
    chain.slip("identity.certify", staffOf("another", "insurer"), keyOf("third-parties")),
  );

const rows: readonly { when: string; want: SlipCode; submit: (chain: TestChain) => SlipCode }[] = [
  {
    when: "S-60: a third party carries for its own staff",
    want: "CARRIER_IS_THIRD_PARTY",
    submit: (chain) => asks(withAgent(chain), insurer),
  },
  {
    when: "S-60: another member carries for a third party's staff",
    want: "OK",
    submit: (chain) => asks(withAgent(chain), "city-hospital"),
  },
  {
    when: "S-62: the institution of who signs is suspended",
    want: "INSTITUTION_SUSPENDED",
    submit: (chain) => (suspend(withAgent(chain), insurer, true), asks(chain)),
  },
  {
    when: "S-62: the institution of who is certified is suspended",
    want: "INSTITUTION_SUSPENDED",
    submit: (chain) => (suspend(chain, insurer, true), certifiesAnother(chain)),
  },
  {
    when: "S-62: the institution of who signs is resumed",
    want: "OK",
    submit: (chain) => {
      suspend(withAgent(chain), insurer, true);
      suspend(chain, insurer, false);
      return asks(chain);
    },
  },
  {
    when: "S-61: a hospital has an insurer",
    want: "ROLE_NOT_OF_INSTITUTION",
    submit: (chain) => {
      const fields = certificateFields("agent", { role: "insurer", issuer: "third-parties" });
      return chain.submit(chain.slip("identity.certify", fields, keyOf("third-parties")));
    },
  },
  ...(["doctor", "collector"] as const).map((role) => ({
    when: `S-61: a third party has a ${role}`,
    want: "ROLE_NOT_OF_INSTITUTION" as const,
    submit: (chain: TestChain) => certifyStaff(chain, role),
  })),
  ...(
    ["insurer", "researcher", "medicine-company", "manufacturer", "desk", "officer"] as const
  ).map((role) => ({
    when: `S-61: a third party has a ${role}`,
    want: "OK" as const,
    submit: (chain: TestChain) => certifyStaff(chain, role),
  })),
];

for (const { when, want, submit } of rows)
  test(`a slip gets ${want} when ${when}`, () => assert.equal(submit(consortium.fork()), want));
