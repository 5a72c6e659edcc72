import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "@anamnesis/crypto/verify";
import { AnamnesisError, decodeGroup, limits, makeGroup, slipCodes } from "@anamnesis/protocol";
import type { ChainId, InstitutionId, SlipCode } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain, certificateFields } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { verifyGroup } from "./machine.ts";

const chain = new TestChain(makeGenesis("care"));
const hospital = "general-hospital" as InstitutionId;
const visit = (label: string, header: { chain?: string } = {}) =>
  chain.slip(
    "session.open",
    { institution: hospital, key: keyOf(label).publicKey },
    keyOf(label),
    header,
  );

/** What a node does with bytes from outside: decode, find keys, verify. */
function codeOf(bytes: Uint8Array): SlipCode {
  try {
    verifyGroup(chain.machine, chain.state, decodeGroup(bytes));
    return "OK";
  } catch (error) {
    if (!(error instanceof AnamnesisError) || !Object.hasOwn(slipCodes, error.code)) throw error;
    return error.code as SlipCode;
  }
}
const group = (
  slips: readonly MadeSlip[],
  { carrier = hospital as string, key = keyOf(carrier), on = chain.genesis.chain as string } = {},
) =>
  makeGroup(
    on as ChainId,
    carrier as InstitutionId,
    slips.map(({ bytes }) => bytes),
    signer(key),
  );
const good = visit("v1");
const badSignature: MadeSlip = {
  ...good,
  bytes: good.bytes.with(good.bytes.length - 1, good.bytes.at(-1)! ^ 1),
};
const smallOrder = chain.slip(
  "session.open",
  { institution: hospital, key: new Uint8Array(32).with(0, 1) },
  keyOf("v1"),
);

const rows: readonly { when: string; want: SlipCode; bytes: () => Uint8Array }[] = [
  { when: "everything holds", want: "OK", bytes: () => group([good, visit("v2")]) },
  {
    when: "64 slips come",
    want: "OK",
    bytes: () => group(Array.from({ length: 64 }, (_, i) => visit(`v${i}`))),
  },
  {
    when: "65 slips come",
    want: "GROUP_MALFORMED",
    bytes: () => group(Array.from({ length: 65 }, (_, i) => visit(`v${i}`))),
  },
  { when: "it is empty", want: "GROUP_MALFORMED", bytes: () => group([]) },
  { when: "it is no CBOR", want: "GROUP_MALFORMED", bytes: () => Uint8Array.of(0xff, 0x00) },
  {
    when: "it is nested beyond the limit",
    want: "GROUP_MALFORMED",
    bytes: () => new Uint8Array(10_000).fill(0x81),
  },
  {
    when: "bytes follow",
    want: "GROUP_MALFORMED",
    bytes: () => Uint8Array.of(...group([good]), 0),
  },
  {
    when: "it is larger than the limit",
    want: "GROUP_TOO_LARGE",
    bytes: () => new Uint8Array(limits.groupBytes + 1),
  },
  {
    when: "it is for another chain",
    want: "WRONG_CHAIN",
    bytes: () => group([good], { on: "city-hospital" }),
  },
  {
    when: "a slip is for another chain",
    want: "WRONG_CHAIN",
    bytes: () => group([good, visit("v2", { chain: "city-hospital" })]),
  },
  {
    when: "the carrier is no member",
    want: "UNKNOWN_CARRIER",
    bytes: () => group([good], { carrier: "city-hospital" }),
  },
  {
    when: "another member signed for the carrier",
    want: "CARRIER_SIGNATURE",
    bytes: () => group([good], { key: keyOf("national-authority") }),
  },
  {
    when: "a slip is no slip",
    want: "SLIP_MALFORMED",
    bytes: () => group([{ ...good, bytes: encodeCanonical([1, 2]) }]),
  },
  {
    when: "a slip is larger than the limit",
    want: "SLIP_MALFORMED",
    bytes: () => group([{ ...good, bytes: new Uint8Array(limits.slipBytes + 1) }]),
  },
  {
    when: "a kind is unknown",
    want: "UNKNOWN_KIND",
    bytes: () =>
      group([
        {
          ...good,
          bytes: encodeCanonical([
            encodeCanonical({ v: 1, kind: "record.delete" }),
            new Uint8Array(64),
          ]),
        },
      ]),
  },
  {
    when: "a version is unknown",
    want: "UNKNOWN_KIND",
    bytes: () =>
      group([
        {
          ...good,
          bytes: encodeCanonical([
            encodeCanonical({ v: 2, kind: "session.open" }),
            new Uint8Array(64),
          ]),
        },
      ]),
  },
  {
    when: "a certificate is unknown",
    want: "UNKNOWN_KEY",
    bytes: () =>
      group([
        chain.slip(
          "usage.author",
          {
            institution: hospital,
            cert: bytesOf("nobody"),
            pid: bytesOf("p"),
            record: bytesOf("r"),
            digest: bytesOf("d"),
          },
          keyOf("nobody"),
        ),
      ]),
  },
  {
    when: "an issuer is unknown",
    want: "UNKNOWN_KEY",
    bytes: () =>
      group([
        chain.slip(
          "identity.certify",
          certificateFields("dr-lin", { issuer: "fourth-parties" }),
          keyOf("fourth-parties"),
        ),
      ]),
  },
  {
    when: "a revoker is unknown",
    want: "UNKNOWN_KEY",
    bytes: () =>
      group([
        chain.slip("identity.revoke", { fingerprint: bytesOf("f"), by: "nobody" }, keyOf("nobody")),
      ]),
  },
  {
    when: "a proxy is unknown",
    want: "UNKNOWN_KEY",
    bytes: () =>
      group([
        chain.slip(
          "usage.denied",
          {
            proxy: 9,
            gid: bytesOf("g"),
            cert: bytesOf("c"),
            code: "GRANT_NOT_HELD",
            evidence: bytesOf("e"),
          },
          keyOf("proxy 9"),
        ),
      ]),
  },
  {
    when: "one of many signatures is bad",
    want: "SLIP_SIGNATURE",
    bytes: () => group([visit("v2"), badSignature, visit("v3")]),
  },
  {
    when: "somebody else signed the slip",
    want: "SLIP_SIGNATURE",
    bytes: () =>
      group([
        chain.slip(
          "session.open",
          { institution: hospital, key: keyOf("v1").publicKey },
          keyOf("v2"),
        ),
      ]),
  },
  { when: "a key is of small order", want: "SLIP_SIGNATURE", bytes: () => group([smallOrder]) },
];

for (const { when, want, bytes } of rows)
  test(`a group gets ${want} when ${when}`, () => assert.equal(codeOf(bytes()), want));

test("the institution slips of the authority verify under its node key alone", () => {
  const slip = chain.slip(
    "institution.level",
    { id: hospital, level: "secondary", power: 1, cosigned: [] },
    keyOf(hospital),
  );
  assert.equal(codeOf(group([slip])), "SLIP_SIGNATURE");
});

test("a group cannot be carried anew with slips left out, added or in another order", () => {
  const slips = [good, visit("v2"), visit("v3")];
  const { signature } = decodeGroup(group(slips));
  const forge = (list: readonly MadeSlip[]) =>
    codeOf(
      encodeCanonical([
        1,
        chain.genesis.chain,
        hospital,
        list.map(({ bytes }) => bytes),
        signature,
      ]),
    );
  assert.equal(forge(slips), "OK");
  assert.equal(forge(slips.slice(0, 2)), "CARRIER_SIGNATURE");
  assert.equal(forge([...slips, visit("v4")]), "CARRIER_SIGNATURE");
  assert.equal(forge(slips.toReversed()), "CARRIER_SIGNATURE");
});

test("finalizeBlock() refuses every slip of a group that breaks a group rule, and only that group", () => {
  const fork = chain.fork();
  const stranger = decodeGroup(group([good, visit("v2")], { carrier: "city-hospital" }));
  const { results } = fork.unverifiedBlock([stranger, decodeGroup(group([good]))]);
  assert.deepEqual(
    results.map((codes) => codes.map(({ code }) => code)),
    [["UNKNOWN_CARRIER", "UNKNOWN_CARRIER"], ["OK"]],
  );
});
