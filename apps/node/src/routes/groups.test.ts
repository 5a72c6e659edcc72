import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { encodeCanonical, fromHex, toHex } from "@anamnesis/crypto/verify";
import { cosign, limits, makeSlip, parseInstitutionId, pidOf } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { revokeFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { authority, hospital, province } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";

let federation: NodeFederation;
let care: Genesis;

before(async () => {
  federation = await NodeFederation.make();
  ({ care } = federation);
  await federation.start(hospital);
  await federation.start(authority);
});
after(() => federation.remove());

const visitSlip = (name: string, key: SigningKeypair = keyOf(name)): Uint8Array =>
  federation.slip(care, "session.open", { institution: hospital, key: key.publicKey }, key).bytes;
const confirmSlip = (name: string, key = keyOf(name)): Uint8Array =>
  federation.slip(
    care,
    "record.confirm",
    { key: key.publicKey, record: bytesOf("no record"), digest: bytesOf("digest") },
    key,
  ).bytes;

/** The code of a refused group, or those of its slips. */
async function offer(group: Uint8Array, to: string = hospital): Promise<string> {
  const { status, json } = await federation.postGroup(care, group, to);
  if (json.error === undefined)
    return (json["results"] as { code: string }[]).map(({ code }) => code).join(",");
  assert.ok(status >= 400 && status < 500);
  assert.doesNotMatch(json.error.message, /\bat .*:\d+|Error:/);
  return json.error.code;
}

/** A change in the last byte of a slip is one in its signature. */
function forged(slip: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(slip);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

test("H-4: a member's group is taken, and each of its slips judged", async () => {
  const group = federation.group(care, authority, [confirmSlip("a"), visitSlip("b")]);
  assert.equal(await offer(group), "RECORD_UNKNOWN,CARRIER_IS_NOT_INSTITUTION");
  const own = federation.group(care, hospital, [visitSlip("c"), visitSlip("d")]);
  assert.equal(await offer(own), "OK,OK");
});

test("H-4: a group that comes twice changes nothing the second time", async () => {
  const group = federation.group(care, hospital, [visitSlip("twice")]);
  assert.equal(await offer(group), "OK");
  assert.equal(await offer(group), "REPLAYED");
});

test("H-4: one bad signature, stranger or slip refuses the whole group and leaves nothing", async (t) => {
  const good = visitSlip("good");
  const mallory = keyOf("mallory");
  const carried = federation.group(care, hospital, [good]);
  const elsewhere = federation.slip(
    federation.consortium,
    "grant.revoke",
    revokeFields("mallory"),
    mallory,
  ).bytes;
  const many = Array.from({ length: limits.groupSlips + 1 }, (_, i) => confirmSlip(`many ${i}`));
  const parts = [1, care.chain, hospital, [good], new Uint8Array(64)] as const;
  const rows: { when: string; group: Uint8Array; want: string }[] = [
    {
      when: "one slip's signature is forged",
      group: federation.group(care, hospital, [good, forged(confirmSlip("x"))]),
      want: "SLIP_SIGNATURE",
    },
    {
      when: "a stranger signed for the carrier",
      group: federation.group(care, hospital, [good], mallory),
      want: "CARRIER_SIGNATURE",
    },
    {
      when: "the carrier's signature is forged",
      group: forged(carried),
      want: "CARRIER_SIGNATURE",
    },
    {
      when: "another member signed for the carrier",
      group: federation.group(care, hospital, [good], federation.keys.get(authority)!.signing),
      want: "CARRIER_SIGNATURE",
    },
    {
      when: "the carrier is no member",
      group: federation.group(care, "some-clinic", [good], mallory),
      want: "UNKNOWN_CARRIER",
    },
    {
      when: "the group is of another chain",
      group: federation.group(federation.consortium, hospital, [good]),
      want: "WRONG_CHAIN",
    },
    {
      when: "one slip is of another chain",
      group: federation.group(care, hospital, [good, elsewhere]),
      want: "WRONG_CHAIN",
    },
    {
      when: "one slip cites a certificate that no block holds",
      group: federation.group(care, hospital, [good, strangersRecord()]),
      want: "UNKNOWN_KEY",
    },
    {
      when: "one slip is not a slip",
      group: federation.group(care, hospital, [good, Buffer.from("slip")]),
      want: "SLIP_MALFORMED",
    },
    {
      when: "it holds no slip",
      group: encodeCanonical([1, care.chain, hospital, [], new Uint8Array(64)]),
      want: "GROUP_MALFORMED",
    },
    { when: "it holds 65", group: federation.group(care, hospital, many), want: "GROUP_MALFORMED" },
    {
      when: "its version is unknown",
      group: encodeCanonical([2, ...parts.slice(1)]),
      want: "GROUP_MALFORMED",
    },
    { when: "it is not CBOR", group: Buffer.from("group"), want: "GROUP_MALFORMED" },
    {
      when: "it is not canonical",
      group: Uint8Array.of(0x98, 0x05, ...carried.subarray(1)),
      want: "GROUP_MALFORMED",
    },
    {
      when: "it is larger than a group",
      group: new Uint8Array(limits.groupBytes + 1),
      want: "TOO_LARGE",
    },
  ];
  for (const { when, group, want } of rows)
    await t.test(when, async () => assert.equal(await offer(group), want));
  const session = await federation.get(
    hospital,
    care,
    `sessions/${pidOf(keyOf("good").publicKey)}`,
  );
  assert.equal(session.status, 404);

  function strangersRecord(): Uint8Array {
    const label = "stranger";
    const unknown = { pid: bytesOf("pid"), doctor: "mallory", cert: bytesOf("nobody"), label };
    return federation.record(unknown).bytes;
  }
});

test("H-4: no signature holds under a key of small order or in a non-canonical encoding", async (t) => {
  const file = new URL("../../../../tests/vectors/ed25519-strict.json", import.meta.url);
  const { refusedKeys } = JSON.parse(await readFile(file, "utf8")) as {
    refusedKeys: { publicKey: string; why: string }[];
  };
  assert.ok(refusedKeys.length >= 10);
  for (const { publicKey, why } of refusedKeys) {
    await t.test(why, async () => {
      // R = the identity and s = 0: whoever checks sB = R + kA only, takes this under a key of order 1.
      const identity = Uint8Array.of(1, ...new Uint8Array(63));
      const key = { publicKey: fromHex(publicKey), secretKey: keyOf("any").secretKey };
      for (const signature of [identity, new Uint8Array(64)]) {
        const slip = withSignature(visitSlip(toHex(key.publicKey), key), signature);
        assert.equal(await offer(federation.group(care, hospital, [slip])), "SLIP_SIGNATURE");
      }
    });
  }

  function withSignature(slip: Uint8Array, signature: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(slip);
    copy.set(signature, copy.length - signature.length);
    return copy;
  }
});

test("H-4: a follower takes no groups", async () => {
  const group = federation.group(care, hospital, [visitSlip("at the follower")]);
  assert.equal(await offer(group, authority), "FORBIDDEN");
});

test("H-4: a suspended member carries nothing until it is admitted again", async () => {
  const key = federation.keys.get(authority)!.signing;
  const suspend = (suspended: boolean): Uint8Array => {
    const time = Date.now();
    const header = { chain: care.chain, time, notAfter: time + limits.clientNotAfterMs };
    const fields = { id: province, suspended, cosigned: [] };
    const cosigned = [hospital, authority].map((voter) => {
      const { signing } = federation.keys.get(voter)!;
      const id = parseInstitutionId(voter);
      return cosign("institution.suspend", header, fields, id, signer(signing));
    });
    return makeSlip("institution.suspend", header, { ...fields, cosigned }, signer(key)).bytes;
  };
  const ofProvince = (name: string): Promise<string> =>
    offer(federation.group(care, province, [confirmSlip(name)]));
  assert.equal(await offer(federation.group(care, authority, [suspend(true)])), "OK");
  assert.equal(await ofProvince("suspended"), "CARRIER_SUSPENDED");
  assert.equal(await offer(federation.group(care, authority, [suspend(false)])), "OK");
  assert.equal(await ofProvince("admitted"), "RECORD_UNKNOWN");
});
