import { BYTES, fromHex } from "@anamnesis/crypto/verify";
import assert from "node:assert/strict";
import { test } from "node:test";
import { limits, pidOf } from "@anamnesis/protocol";
import type { SlipCode } from "@anamnesis/protocol";
import { genesisTime, makeGenesis } from "@anamnesis/testing/federation";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import {
  TestChain,
  certificateFields,
  certify,
  openVisit,
  recordSlip,
} from "@anamnesis/testing/testChain";

const care = new TestChain(makeGenesis("care"));
const doctor = certify(care, "dr-lin");
openVisit(care, "visit");
const hour = 3_600_000;
const submitBy = (chain: TestChain, name: string, fingerprint: Uint8Array) =>
  chain.submit(recordSlip(chain, { visit: "visit", doctor: name, fingerprint, label: name }));
const session = (
  chain: TestChain,
  { notAfter, institution = "general-hospital" }: { notAfter?: number; institution?: string } = {},
) =>
  chain.slip(
    "session.open",
    { institution, key: keyOf("another").publicKey },
    keyOf("another"),
    notAfter === undefined ? {} : { notAfter },
  );

const suspend = (chain: TestChain, suspended: boolean) =>
  chain.submit(
    chain.cosignedSlip("institution.suspend", { id: "general-hospital", suspended }, [
      "provincial-authority",
      "municipal-authority",
    ]),
    "national-authority",
  );

const rows: readonly { when: string; want: SlipCode; submit: (chain: TestChain) => SlipCode }[] = [
  {
    when: "notAfter is block time",
    want: "OK",
    submit: (chain) => chain.submit(session(chain, { notAfter: chain.time + 10 }), undefined, 10),
  },
  {
    when: "notAfter is a millisecond before block time",
    want: "EXPIRED",
    submit: (chain) => chain.submit(session(chain, { notAfter: chain.time + 9 }), undefined, 10),
  },
  {
    when: "notAfter is 11 minutes ahead",
    want: "OK",
    submit: (chain) =>
      chain.submit(
        session(chain, { notAfter: chain.time + limits.notAfterAheadOfBlockMs }),
        undefined,
        0,
      ),
  },
  {
    when: "notAfter is a millisecond further",
    want: "NOT_AFTER_TOO_FAR",
    submit: (chain) =>
      chain.submit(
        session(chain, { notAfter: chain.time + 1 + limits.notAfterAheadOfBlockMs }),
        undefined,
        0,
      ),
  },
  {
    when: "the slip comes again",
    want: "REPLAYED",
    submit(chain) {
      const slip = session(chain);
      assert.equal(chain.submit(slip), "OK");
      return chain.submit(slip, "general-hospital", 1000);
    },
  },
  {
    when: "the slip comes again after its notAfter",
    want: "EXPIRED",
    submit(chain) {
      const slip = session(chain);
      assert.equal(chain.submit(slip), "OK");
      return chain.submit(slip, undefined, hour);
    },
  },
  {
    when: "a grant is published on a care chain",
    want: "WRONG_KIND_OF_CHAIN",
    submit: (chain) =>
      chain.submit(
        chain.slip(
          "grant.publish",
          publishFields("g", { expiresAt: chain.time + hour }),
          keyOf("g"),
        ),
      ),
  },
  {
    when: "the carrier is suspended",
    want: "CARRIER_SUSPENDED",
    submit(chain) {
      assert.equal(suspend(chain, true), "OK");
      return chain.submit(session(chain));
    },
  },
  {
    when: "the suspension is lifted",
    want: "OK",
    submit(chain) {
      for (const suspended of [true, false]) assert.equal(suspend(chain, suspended), "OK");
      return chain.submit(session(chain));
    },
  },
  {
    when: "another member carries the visit",
    want: "CARRIER_IS_NOT_INSTITUTION",
    submit: (chain) => chain.submit(session(chain), "provincial-authority"),
  },
  {
    when: "a member opens its own visit on this institution's chain",
    want: "WRONG_INSTITUTION",
    submit: (chain) =>
      chain.submit(session(chain, { institution: "provincial-authority" }), "provincial-authority"),
  },
  {
    when: "the certificate begins now",
    want: "OK",
    submit: (chain) =>
      submitBy(chain, "dr-now", certify(chain, "dr-now", { validFrom: chain.time + 20 })),
  },
  {
    when: "the certificate begins in a millisecond",
    want: "CERTIFICATE_NOT_YET_VALID",
    submit: (chain) =>
      submitBy(chain, "dr-soon", certify(chain, "dr-soon", { validFrom: chain.time + 21 })),
  },
  {
    when: "the certificate ends now",
    want: "OK",
    submit: (chain) =>
      submitBy(chain, "dr-last", certify(chain, "dr-last", { validTo: chain.time + 20 })),
  },
  {
    when: "the certificate ended a millisecond ago",
    want: "CERTIFICATE_EXPIRED",
    submit: (chain) =>
      submitBy(chain, "dr-past", certify(chain, "dr-past", { validTo: chain.time + 19 })),
  },
  {
    when: "the certificate is revoked",
    want: "CERTIFICATE_REVOKED",
    submit(chain) {
      chain.submit(
        chain.slip("identity.revoke", { fingerprint: doctor, by: "care" }, keyOf("care")),
        "municipal-authority",
      );
      return submitBy(chain, "dr-lin", doctor);
    },
  },
  {
    when: "a registrar writes a record",
    want: "NOT_AUTHORISED",
    submit: (chain) => submitBy(chain, "reg", certify(chain, "reg", { role: "registrar" })),
  },
];

for (const { when, want, submit } of rows) {
  test(`a slip of any kind gets ${want} when ${when}`, () =>
    assert.equal(submit(care.fork()), want));
}

test("the first failing rule gives the code, in the order of docs/spec/slips.md", () => {
  const chain = care.fork();
  const faulty = (notAfter?: number) =>
    chain.slip(
      "record.submit",
      {
        institution: "city-hospital",
        cert: doctor,
        pid: bytesOf("no visit"),
        tag: bytesOf("t", 16),
        digest: bytesOf("d"),
        sealedId: new Uint8Array(BYTES.sealedId),
      },
      keyOf("dr-lin"),
      notAfter === undefined ? {} : { notAfter },
    );
  assert.equal(chain.submit(faulty(), undefined, hour), "EXPIRED");
  assert.equal(suspend(chain, true), "OK");
  assert.equal(chain.submit(faulty(chain.time + hour)), "NOT_AFTER_TOO_FAR");
  assert.equal(chain.submit(faulty()), "CARRIER_SUSPENDED");
  assert.equal(suspend(chain, false), "OK");
  assert.equal(chain.submit(faulty()), "WRONG_INSTITUTION");
});

test("admit() judges notAfter by the node’s own clock, 10 minutes ahead at most", () => {
  const chain = care.fork();
  const group = chain.group([session(chain, { notAfter: genesisTime + limits.notAfterAheadMs })]);
  const code = (now: number) => chain.machine.admit(chain.state, group, now)[0]?.code;
  assert.equal(code(genesisTime), "OK");
  assert.equal(code(genesisTime - 1), "NOT_AFTER_TOO_FAR");
  assert.equal(code(genesisTime + limits.notAfterAheadMs), "OK");
  assert.equal(code(genesisTime + limits.notAfterAheadMs + 1), "EXPIRED");
});

test("admit() sees earlier slips of its group and leaves no trace", () => {
  const chain = care.fork();
  const slip = session(chain);
  const entries = [...chain.state.range("")];
  assert.deepEqual(
    chain.machine.admit(chain.state, chain.group([slip, slip]), chain.time).map(({ code }) => code),
    ["OK", "REPLAYED"],
  );
  assert.deepEqual([...chain.state.range("")], entries);
});

test("a certificate cited in the block that brings it refuses the group: an earlier block has to hold it", () => {
  const chain = care.fork();
  const fields = certificateFields("dr-new");
  const certifying = chain.group([chain.slip("identity.certify", fields, keyOf("care"))]);
  const citing = chain.group([
    recordSlip(chain, {
      visit: "visit",
      doctor: "dr-new",
      fingerprint: fields.fingerprint,
      label: "r",
    }),
  ]);
  const { results } = chain.unverifiedBlock([certifying, citing]);
  assert.deepEqual(
    results.map(([first]) => first?.code),
    ["OK", "UNKNOWN_KEY"],
  );
  assert.equal(chain.block([citing]).results[0]?.[0]?.code, "OK");
});

test("a doctor's certificate serves their own institution's records alone, on a chain that several write", () => {
  const { institution: _, ...genesis } = makeGenesis("care");
  const { members, registrars } = makeGenesis("consortium");
  const chain = new TestChain({ ...genesis, members, registrars });
  const doctors = {
    "city-hospital": certify(chain, "dr-city", { institution: "city-hospital" }),
    "general-hospital": certify(chain, "dr-lin"),
  };
  const [visit, institution] = [keyOf("city visit"), "city-hospital"];
  const opened = chain.slip("session.open", { institution, key: visit.publicKey }, visit);
  assert.equal(chain.submit(opened, institution), "OK");
  const recordBy = (doctor: keyof typeof doctors, name: string): SlipCode => {
    const about = { pid: fromHex(pidOf(visit.publicKey)), tag: bytesOf("tag", 16) };
    const content = { digest: bytesOf(name), sealedId: new Uint8Array(BYTES.sealedId) };
    const fields = { institution, cert: doctors[doctor], ...about, ...content };
    return chain.submit(chain.slip("record.submit", fields, keyOf(name)), institution);
  };
  assert.equal(recordBy("general-hospital", "dr-lin"), "WRONG_INSTITUTION");
  assert.equal(recordBy("city-hospital", "dr-city"), "OK");
});
