import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Fingerprint, SlipCode, SlipFields } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { registrarName, registrarOf, vouchedBy } from "@anamnesis/testing/registrars";
import { TestChain, certificateFields, certify, hex } from "@anamnesis/testing/testChain";
import type { CertificateOptions, MadeSlip } from "@anamnesis/testing/testChain";
import { certificatesPage, findCertificate } from "./directory.ts";
import type { CertificateFilter } from "./directory.ts";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");

const hospital = registrarOf("general-hospital");
const hospitalKey = keyOf(registrarName("general-hospital"));

type Certificate = SlipFields<"identity.certify">;
const certifying = (chain: TestChain, fields: Certificate): MadeSlip =>
  chain.slip("identity.certify", fields, keyOf(fields.issuer));
const rotating = (chain: TestChain, fields: Certificate, replaces: Uint8Array = lin): MadeSlip =>
  chain.slip("identity.rotate", { ...fields, replaces }, keyOf(fields.issuer));
/** The next certificate of a holder: the identity stays the same. */
const next = (name: string, options?: CertificateOptions): Certificate => ({
  ...certificateFields(`${name} again`, options),
  commitment: certificateFields(name).commitment,
});
/** A registrar who joins later. */
const addRegistrar = (chain: TestChain, name: string, options: CertificateOptions = {}) =>
  certify(chain, name, { role: "registrar", ...options });

const rows: readonly {
  when: string;
  want: SlipCode;
  slip: (chain: TestChain) => MadeSlip;
}[] = [
  {
    when: "a registrar of genesis vouches",
    want: "OK",
    slip: (chain) => certifying(chain, certificateFields("dr-new")),
  },
  {
    when: "a registrar of an earlier block vouches",
    want: "OK",
    slip(chain) {
      const registrar = addRegistrar(chain, "second");
      return certifying(chain, vouchedBy(certificateFields("dr-new"), registrar, keyOf("second")));
    },
  },
  {
    when: "the registry signs in a registrar's name",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(chain, vouchedBy(certificateFields("dr-new"), hospital, keyOf("care"))),
  },
  {
    when: "a registrar vouched for another role",
    want: "SLIP_SIGNATURE",
    slip: (chain) => certifying(chain, { ...certificateFields("dr-new"), role: "officer" }),
  },
  {
    when: "a registrar vouched for another name",
    want: "SLIP_SIGNATURE",
    slip: (chain) => certifying(chain, { ...certificateFields("dr-new"), name: "dr-old" }),
  },
  {
    when: "a registrar vouched for another signing key",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(chain, {
        ...certificateFields("dr-new"),
        signingKey: keyOf("the registry's own").publicKey,
      }),
  },
  {
    when: "a registrar vouched for another box key",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(chain, {
        ...certificateFields("dr-new"),
        boxKey: certificateFields("the registry's own").boxKey,
      }),
  },
  {
    when: "a registrar vouched for another identity",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(chain, { ...certificateFields("dr-new"), commitment: bytesOf("another") }),
  },
  {
    when: "a registrar vouched for another institution's staff",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(chain, { ...certificateFields("dr-new"), institution: "city-hospital" }),
  },
  {
    when: "nobody has the registrar's certificate",
    want: "UNKNOWN_KEY",
    slip: (chain) =>
      certifying(chain, vouchedBy(certificateFields("dr-new"), registrarOf("nobody"), hospitalKey)),
  },
  {
    when: "the node vouches for a registrar",
    want: "OK",
    slip: (chain) => certifying(chain, certificateFields("second", { role: "registrar" })),
  },
  {
    when: "the registry signs in the node's stead",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(
        chain,
        vouchedBy(certificateFields("second", { role: "registrar" }), null, keyOf("care")),
      ),
  },
  {
    when: "another institution's node vouches for a registrar",
    want: "SLIP_SIGNATURE",
    slip: (chain) =>
      certifying(
        chain,
        certificateFields("second", { role: "registrar", registrar: "city-hospital" }),
      ),
  },
  {
    when: "the node vouches for a doctor",
    want: "REGISTRAR_MISSING",
    slip: (chain) =>
      certifying(chain, vouchedBy(certificateFields("dr-new"), null, keyOf("general-hospital"))),
  },
  {
    when: "a registrar vouches for a registrar",
    want: "NODE_KEY_MISSING",
    slip: (chain) =>
      certifying(
        chain,
        vouchedBy(certificateFields("second", { role: "registrar" }), hospital, hospitalKey),
      ),
  },
  {
    when: "a doctor vouches",
    want: "NOT_A_REGISTRAR",
    slip: (chain) =>
      certifying(chain, vouchedBy(certificateFields("dr-new"), lin, keyOf("dr-lin"))),
  },
  {
    when: "a registrar of another hospital vouches",
    want: "REGISTRAR_OF_ANOTHER_INSTITUTION",
    slip: (chain) => certifying(chain, certificateFields("dr-new", { registrar: "city-hospital" })),
  },
  {
    when: "the registrar is revoked",
    want: "REGISTRAR_NOT_LIVE",
    slip(chain) {
      const fields = { fingerprint: hospital, by: "general-hospital" };
      chain.submit(chain.slip("identity.revoke", fields, keyOf("general-hospital")));
      return certifying(chain, certificateFields("dr-new"));
    },
  },
  {
    when: "the registrar's time is over",
    want: "REGISTRAR_NOT_LIVE",
    slip(chain) {
      const registrar = addRegistrar(chain, "brief", { validTo: chain.time + 15 });
      return certifying(chain, vouchedBy(certificateFields("dr-new"), registrar, keyOf("brief")));
    },
  },
  {
    when: "the registrar's time has not begun",
    want: "REGISTRAR_NOT_LIVE",
    slip(chain) {
      const registrar = addRegistrar(chain, "early", { validFrom: chain.time + 60_000 });
      return certifying(chain, vouchedBy(certificateFields("dr-new"), registrar, keyOf("early")));
    },
  },
  {
    when: "the key of a revoked certificate comes back with what vouched for it",
    want: "KEY_CERTIFIED",
    slip(chain) {
      const fields = { fingerprint: lin, by: "general-hospital" };
      chain.submit(chain.slip("identity.revoke", fields, keyOf("general-hospital")));
      return certifying(chain, { ...certificateFields("dr-lin"), fingerprint: bytesOf("another") });
    },
  },
  {
    when: "the key of a registrar of genesis comes back",
    want: "KEY_CERTIFIED",
    slip: (chain) =>
      certifying(
        chain,
        certificateFields(registrarName("general-hospital"), { role: "registrar" }),
      ),
  },
  {
    when: "the replaced key vouches for the next",
    want: "OK",
    slip: (chain) => rotating(chain, vouchedBy(next("dr-lin"), lin, keyOf("dr-lin"), "ROTATED")),
  },
  {
    when: "a registrar vouches for the next key",
    want: "OK",
    slip: (chain) => rotating(chain, certificateFields("dr-lin again")),
  },
  {
    when: "the registry vouches for the next key in the holder's name",
    want: "SLIP_SIGNATURE",
    slip: (chain) => rotating(chain, vouchedBy(next("dr-lin"), lin, keyOf("care"), "ROTATED")),
  },
  {
    when: "the holder's signature was made for something else",
    want: "SLIP_SIGNATURE",
    slip: (chain) => rotating(chain, vouchedBy(next("dr-lin"), lin, keyOf("dr-lin"))),
  },
  {
    when: "the replaced key vouches for another identity",
    want: "COMMITMENT_CHANGED",
    slip: (chain) =>
      rotating(
        chain,
        vouchedBy(certificateFields("dr-lin again"), lin, keyOf("dr-lin"), "ROTATED"),
      ),
  },
  {
    when: "the replaced key vouches, and its time is over",
    want: "REGISTRAR_NOT_LIVE",
    slip(chain) {
      const old = certify(chain, "dr-brief", { validTo: chain.time + 15 });
      const fields = vouchedBy(next("dr-brief"), old, keyOf("dr-brief"), "ROTATED");
      return rotating(chain, fields, old);
    },
  },
  {
    when: "a registrar's replaced key vouches for their next",
    want: "OK",
    slip(chain) {
      const fields = { ...next(registrarName("general-hospital"), { role: "registrar" }) };
      return rotating(chain, vouchedBy(fields, hospital, hospitalKey, "ROTATED"), hospital);
    },
  },
  {
    when: "a doctor vouches for a colleague's next key",
    want: "NOT_A_REGISTRAR",
    slip(chain) {
      const wu = certify(chain, "dr-wu");
      return rotating(chain, vouchedBy(next("dr-lin"), wu, keyOf("dr-wu")));
    },
  },
];

for (const { when, want, slip } of rows) {
  test(`a certificate gives ${want} when ${when}`, () => {
    const chain = consortium.fork();
    assert.equal(
      codeOf(() => chain.submit(slip(chain))),
      want,
    );
  });
}

test("registrars of genesis are certified at height 0, and found by name and institution", () => {
  const chain = new TestChain(makeGenesis("care"));
  const name = registrarName("general-hospital");
  const found = findCertificate(chain.state, hex(hospital) as Fingerprint);
  assert.deepEqual([found?.name, found?.role, found?.revokedAt], [name, "registrar", 0]);
  const named = (filter: CertificateFilter) =>
    certificatesPage(chain.state, chain.genesis, filter, { limit: 500 }).found;
  for (const filter of [{ name }, { institution: "general-hospital" }])
    assert.deepEqual(named(filter), [found]);
  assert.deepEqual(named({ name: "dr-lin" }), []);
});

test("a registrar vouches for nobody in the block that brings them", () => {
  const chain = consortium.fork();
  const registrar = certificateFields("second", { role: "registrar" });
  const doctor = vouchedBy(certificateFields("dr-new"), registrar.fingerprint, keyOf("second"));
  const groups = [registrar, doctor].map((fields) => chain.group([certifying(chain, fields)]));
  const codes = () => chain.unverifiedBlock(groups).results.map(([first]) => first?.code);
  assert.deepEqual(codes(), ["OK", "UNKNOWN_KEY"]);
  assert.deepEqual(codes(), ["REPLAYED", "OK"]);
});

test("a registrar who is revoked earlier in the block vouches no more", () => {
  const chain = consortium.fork();
  const fields = { fingerprint: hospital, by: "general-hospital" };
  const slips = [
    chain.slip("identity.revoke", fields, keyOf("general-hospital")),
    certifying(chain, certificateFields("dr-new")),
  ];
  assert.deepEqual(
    chain.block([chain.group(slips)]).results[0]?.map(({ code }) => code),
    ["OK", "REGISTRAR_NOT_LIVE"],
  );
});

/** Of the slip, or of the group that a signature refuses as a whole. */
function codeOf(submit: () => SlipCode): string {
  try {
    return submit();
  } catch (error) {
    if (error instanceof AnamnesisError) return error.code;
    throw error;
  }
}

test("who was certified in a block is neither replaced nor revoked in it", () => {
  const chain = consortium.fork();
  const fields = certificateFields("dr-new");
  const { fingerprint } = fields;
  const revoking = chain.slip("identity.revoke", { fingerprint, by: "care" }, keyOf("care"));
  const replacing = rotating(chain, certificateFields("dr-new again"), fingerprint);
  const together = [certifying(chain, fields), replacing, revoking];
  const [codes] = chain.block([chain.group(together)]).results;
  assert.deepEqual(
    codes!.map(({ code }) => code),
    ["OK", "CERTIFICATE_UNKNOWN", "CERTIFICATE_UNKNOWN"],
  );
});
