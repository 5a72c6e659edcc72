/** A delegation: it comes back as it was coded, and every bit of it is under the visits' signatures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import {
  delegationDocument,
  delegationSecret,
  signedDelegation,
  verifyDelegation,
} from "./delegation.ts";
import type { Delegation, SignedDelegation } from "./delegation.ts";

const visits = [keyOf("visit 1"), keyOf("visit 2")];
const delegation: Delegation = {
  v: 1,
  suite: "MRS-V1",
  chain: "consortium",
  relative: keyOf("relative").publicKey,
  tags: visits.map(({ publicKey }, t) => ({
    chain: "care",
    pid: sha256(publicKey),
    tag: bytesOf(`tag ${t}`, 16),
  })),
  actions: ["read"],
  revokers: [bytesOf("revoker")],
  notAfter: 1_767_225_600_000,
};
const bytes = delegationDocument.encode(delegation);
const signed: SignedDelegation = {
  v: 1,
  delegation: bytes,
  visits: visits.map((key) => ({
    key: key.publicKey,
    signature: signer(key)("DELEGATION", bytes),
  })),
  certificate: bytesOf("certificate"),
  signature: signer(keyOf("patient"))("PATIENT-DELEGATION", bytes),
};

const parts = (d: number) => ({
  d: new Uint8Array(d).fill(1),
  A: new Uint8Array(96).fill(2),
  ss64: new Uint8Array(64).fill(3),
});

test("a delegation and its secret come back as they were coded", () => {
  assert.deepEqual(
    verifyDelegation(signedDelegation.decode(signedDelegation.encode(signed))),
    delegation,
  );
  const secret = (d: number) =>
    delegationSecret.encode({
      v: 1,
      tags: delegation.tags.map(({ tag }) => ({ tag, ...parts(d) })),
    });
  assert.deepEqual(delegationSecret.decode(secret(48)).tags[1], {
    tag: delegation.tags[1]!.tag,
    ...parts(48),
  });
  assert.throws(() => delegationSecret.decode(secret(32)), { code: "MALFORMED" });
});

test("no bit of a delegation may be another", () => {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Uint8Array.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => verifyDelegation({ ...signed, delegation: changed }), {
      name: "AnamnesisError",
    });
  }
});

test("each visit of its tags signs it, and whoever else is shown, too", () => {
  const [first, second] = signed.visits as [(typeof signed.visits)[0], (typeof signed.visits)[0]];
  const stranger = keyOf("stranger");
  const also = {
    key: stranger.publicKey,
    signature: signer(stranger)("DELEGATION", bytes),
  };
  verifyDelegation({ ...signed, visits: [second, also, first] });
  for (const shown of [
    [],
    [first],
    [first, also],
    [first, second, { ...also, signature: first.signature }],
    [first, { ...second, signature: signer(visits[1]!)("GRANT-VISIT", bytes) }],
  ])
    assert.throws(() => verifyDelegation({ ...signed, visits: shown }), {
      code: "GRANT_SIGNATURE",
    });
});
