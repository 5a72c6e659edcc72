import assert from "node:assert/strict";
import { test } from "node:test";
import type { SlipCode, SlipFields } from "@anamnesis/protocol";
import { hospital, makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certificateFields, certify } from "@anamnesis/testing/testChain";
import { LedgerView } from "../view.ts";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");
const hour = 3_600_000;
const day = 24 * hour;
const two = ["city-hospital", "online-clinic"];

interface Suspension extends Partial<Omit<SlipFields<"identity.suspend">, "cosigned">> {
  /** How far ahead it ends; default an hour. */
  readonly forMs?: number;
  readonly voters?: readonly string[];
}
function suspend(chain: TestChain, { forMs = hour, voters = [], ...change }: Suspension = {}) {
  const fields = { fingerprint: lin, until: chain.time + forMs, by: hospital, ...change };
  const slip = chain.cosignedSlip("identity.suspend", fields, voters, keyOf(fields.by));
  return chain.submit(slip, undefined, 0);
}
const byVoters = { by: "city-hospital", voters: two } as const;
const lift = { until: 0 } as const;
const asks = (chain: TestChain, afterMs?: number): SlipCode => {
  const fields = { cert: lin, body: bytesOf(`body ${chain.height}`), refusal: bytesOf("refusal") };
  const header = { notAfter: chain.time + (afterMs ?? 0) + 1_000 };
  const slip = chain.slip("access.request", fields, keyOf("dr-lin"), header);
  return chain.submit(slip, undefined, afterMs);
};

const rows: readonly { when: string; want: SlipCode; submit: (chain: TestChain) => SlipCode }[] = [
  { when: "the holder's institution suspends", want: "OK", submit: (chain) => suspend(chain) },
  {
    when: "another member suspends with voters",
    want: "OK",
    submit: (chain) => suspend(chain, byVoters),
  },
  {
    when: "another member suspends alone",
    want: "VOTES_MISSING",
    submit: (chain) => suspend(chain, { by: "city-hospital" }),
  },
  {
    when: "the authority suspends alone",
    want: "VOTES_MISSING",
    submit: (chain) => suspend(chain, { by: "national-authority" }),
  },
  {
    when: "one voter signs with another member",
    want: "VOTES_MISSING",
    submit: (chain) => suspend(chain, { ...byVoters, voters: ["city-hospital"] }),
  },
  {
    when: "nobody has the certificate",
    want: "CERTIFICATE_UNKNOWN",
    submit: (chain) => suspend(chain, { fingerprint: bytesOf("nobody") }),
  },
  {
    when: "the certificate is revoked",
    want: "CERTIFICATE_REVOKED",
    submit: (chain) => {
      const fields = { fingerprint: lin, by: "care" };
      chain.submit(chain.slip("identity.revoke", fields, keyOf("care")));
      return suspend(chain);
    },
  },
  {
    when: "the institution that signs is suspended",
    want: "NOT_AUTHORISED",
    submit: (chain) => {
      const fields = { id: hospital, suspended: true };
      chain.submit(chain.cosignedSlip("institution.suspend", fields, two));
      return suspend(chain);
    },
  },
  {
    when: "it ends now",
    want: "EXPIRY_IN_PAST",
    submit: (chain) => suspend(chain, { forMs: 0 }),
  },
  { when: "it lasts a day", want: "OK", submit: (chain) => suspend(chain, { forMs: day }) },
  {
    when: "it lasts longer",
    want: "SUSPENSION_TOO_LONG",
    submit: (chain) => suspend(chain, { forMs: day + 1 }),
  },
  {
    when: "the institution lifts what voters suspended",
    want: "VOTES_MISSING",
    submit: (chain) => (suspend(chain, byVoters), suspend(chain, lift)),
  },
  {
    when: "voters lift what they suspended",
    want: "OK",
    submit: (chain) => (suspend(chain, byVoters), suspend(chain, { ...byVoters, ...lift })),
  },
  {
    when: "voters lift what the institution suspended",
    want: "OK",
    submit: (chain) => (suspend(chain), suspend(chain, { ...byVoters, ...lift })),
  },
  {
    when: "the institution suspends again once what voters suspended has ended",
    want: "OK",
    submit: (chain) => {
      suspend(chain, byVoters);
      chain.unverifiedBlock([], hour);
      return suspend(chain);
    },
  },
];

for (const { when, want, submit } of rows)
  test(`identity.suspend gives ${want} when ${when}`, () =>
    assert.equal(submit(consortium.fork()), want));

const effects: readonly { when: string; want: SlipCode; submit: (chain: TestChain) => SlipCode }[] =
  [
    {
      when: "its certificate is suspended",
      want: "CERTIFICATE_SUSPENDED",
      submit: (chain) => (suspend(chain), asks(chain)),
    },
    {
      when: "its certificate's suspension was lifted",
      want: "OK",
      submit: (chain) => (suspend(chain), suspend(chain, lift), asks(chain)),
    },
    {
      when: "its certificate's suspension has ended by itself",
      want: "OK",
      submit: (chain) => (suspend(chain), asks(chain, hour)),
    },
    {
      when: "the registrar that vouches for its certificate is suspended",
      want: "REGISTRAR_NOT_LIVE",
      submit: (chain) => {
        const fields = certificateFields("dr-new");
        suspend(chain, { fingerprint: fields.registrar! });
        return chain.submit(chain.slip("identity.certify", fields, keyOf("care")));
      },
    },
  ];

for (const { when, want, submit } of effects)
  test(`S-63: a slip gets ${want} when ${when}`, () =>
    assert.equal(submit(consortium.fork()), want));

test("S-63: a suspended certificate stays as it was, and who replaces it begins unsuspended", () => {
  const chain = consortium.fork();
  const before = new LedgerView(chain.state).certificate(lin)!;
  suspend(chain);
  const suspended = { suspendedUntil: chain.time + hour, suspendedByVoters: false };
  assert.deepEqual(new LedgerView(chain.state).certificate(lin), { ...before, ...suspended });
  suspend(chain, lift);
  assert.deepEqual(new LedgerView(chain.state).certificate(lin), before);
});
