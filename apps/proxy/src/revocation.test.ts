import assert from "node:assert/strict";
import { test } from "node:test";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, ready } from "@anamnesis/crypto/verify";
import { decodeSlip, encodeSlip, gidOf, limits, makeSlip, parseChainId } from "@anamnesis/protocol";
import type { SlipHeader } from "@anamnesis/protocol";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { readRevocation } from "./revocation.ts";

await ready();
const now = 1_700_000_000_000;
const chain = parseChainId("consortium");
const keys = keyOf("grant");
const gid = gidOf(keys.publicKey);
const header = { chain, time: now, notAfter: now + 60_000 };
const fields = { key: keys.publicKey, gid: fromHex(gid) };

const revoking = (change: Partial<SlipHeader> = {}, of: string = gid): Uint8Array =>
  makeSlip("grant.revoke", { ...header, ...change }, { ...fields, gid: fromHex(of) }, signer(keys))
    .bytes;
const { payload } = decodeSlip(revoking());
const longest = now + limits.notAfterAheadMs;

const rows: readonly (readonly [when: string, want: string, slip: Uint8Array])[] = [
  ["all is well", "OK", revoking()],
  ["it ends at this moment", "OK", revoking({ notAfter: now })],
  ["it has ended", "EXPIRED", revoking({ notAfter: now - 1 })],
  ["it lasts as long as it may", "OK", revoking({ notAfter: longest })],
  ["it lasts longer", "NOT_AFTER_TOO_FAR", revoking({ notAfter: longest + 1 })],
  ["it is for another chain", "WRONG_CHAIN", revoking({ chain: parseChainId("another") })],
  ["it revokes another grant", "FORBIDDEN", revoking({}, "ab".repeat(32))],
  [
    "another signed it",
    "SLIP_SIGNATURE",
    encodeSlip(
      payload,
      sign({ type: "GRANT-REVOKE", message: payload, secretKey: keyOf("somebody").secretKey }),
    ),
  ],
  [
    "it is a grant's publication",
    "BAD_REQUEST",
    makeSlip("grant.publish", header, publishFields("grant", { expiresAt: now + 1 }), signer(keys))
      .bytes,
  ],
];

for (const [when, want, slip] of rows)
  test(`readRevocation() says ${want} when ${when}`, () => {
    const read = (): unknown => readRevocation(slip, gid, { chain, now });
    if (want === "OK") assert.deepEqual(read(), decodeSlip(slip).fields);
    else assert.throws(read, { code: want });
  });
