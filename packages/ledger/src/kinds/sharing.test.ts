import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, sha256 } from "@anamnesis/crypto/verify";
import type { SlipCode } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certify } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");

const request = (chain: TestChain, label: string): MadeSlip =>
  chain.slip(
    "access.request",
    { cert: lin, body: bytesOf("body"), refusal: sha256(bytesOf(`r ${label}`)) },
    keyOf("dr-lin"),
  );
const asked = request(consortium, "one");
assert.equal(consortium.submit(asked), "OK");
const refuse = (
  chain: TestChain,
  { of = fromHex(asked.id), r = bytesOf("r one"), once = "once" } = {},
) =>
  chain.submit(
    chain.slip("access.refuse", { key: keyOf(once).publicKey, request: of, r }, keyOf(once)),
  );

const rows: readonly {
  kind: string;
  when: string;
  want: SlipCode;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  {
    kind: "access.request",
    when: "a doctor asks",
    want: "OK",
    submit: (chain) => chain.submit(request(chain, "two")),
  },
  { kind: "access.refuse", when: "r is shown", want: "OK", submit: (chain) => refuse(chain) },
  {
    kind: "access.refuse",
    when: "nobody asked",
    want: "REQUEST_UNKNOWN",
    submit: (chain) => refuse(chain, { of: bytesOf("no request") }),
  },
  {
    kind: "access.refuse",
    when: "r is another",
    want: "REFUSAL_SECRET_WRONG",
    submit: (chain) => refuse(chain, { r: bytesOf("r two") }),
  },
  {
    kind: "access.refuse",
    when: "it was refused",
    want: "REQUEST_CLOSED",
    submit: (chain) => (refuse(chain), refuse(chain, { once: "twice" })),
  },
];

for (const { kind, when, want, submit } of rows)
  test(`${kind} gives ${want} when ${when}`, () => assert.equal(submit(consortium.fork()), want));
