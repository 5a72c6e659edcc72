import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certificateFields, certify } from "@anamnesis/testing/testChain";
import type { Chain, Snapshot } from "../chain.ts";
import { liveCertificate } from "./callers.ts";

const chain = new TestChain(makeGenesis("consortium"));
const fingerprint = certify(chain, "dr-lin");
const { validFrom, validTo } = certificateFields("dr-lin");
const kept = {
  genesis: chain.genesis,
  snapshot: <T>(read: (snapshot: Snapshot) => T): T =>
    read({ state: chain.state, height: 0, head: () => assert.fail("No head is asked for") }),
} as Chain;
const chains = new Map([["consortium", kept]]);
const nameAt = (now: number, id = fingerprint): string =>
  liveCertificate({ chains, now: () => now }, toHex(id)).name;
const refused = { code: "CERTIFICATE_NOT_LIVE" };

test("liveCertificate() counts from validFrom to validTo, and never what is unknown, suspended or revoked", () => {
  assert.equal(nameAt(validFrom), "dr-lin");
  assert.equal(nameAt(validTo), "dr-lin");
  assert.throws(() => nameAt(validFrom - 1), refused);
  assert.throws(() => nameAt(validTo + 1), refused);
  assert.throws(() => nameAt(validFrom, bytesOf("nobody")), refused);
  const suspend = (until: number): void => {
    const fields = { fingerprint, until, by: "general-hospital", cosigned: [] };
    const slip = chain.slip("identity.suspend", fields, keyOf("general-hospital"));
    assert.equal(chain.submit(slip), "OK");
  };
  const until = chain.time + 3_600_000;
  suspend(until);
  assert.throws(() => nameAt(until - 1), refused);
  assert.equal(nameAt(until), "dr-lin");
  suspend(0);
  assert.equal(nameAt(chain.time), "dr-lin");
  const revoking = chain.slip("identity.revoke", { by: "care", fingerprint }, keyOf("care"));
  assert.equal(chain.submit(revoking), "OK");
  assert.throws(() => nameAt(validFrom), refused);
});
