import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fingerprint, SlipCode, SlipFields } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { TestChain, certificateFields, certify, hex } from "@anamnesis/testing/testChain";
import type { CertificateOptions } from "@anamnesis/testing/testChain";
import { findCertificate } from "../directory.ts";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");
const care = new TestChain(makeGenesis("care"));
certify(care, "dr-lin");
const authority = keyOf("national-authority");

const enrolment = (id: string): SlipFields<"institution.enrol"> => ({
  ...enrolmentOf(id),
  cosigned: [],
});
const enrol = (chain: TestChain, id: string) =>
  chain.submit(chain.slip("institution.enrol", enrolment(id), authority));
const certifyWith = (chain: TestChain, options: CertificateOptions, carrier?: string) => {
  const fields = certificateFields("dr-new", options);
  return chain.submit(chain.slip("identity.certify", fields, keyOf(fields.issuer)), carrier);
};
const rotate = (
  chain: TestChain,
  replaces: Uint8Array,
  options: CertificateOptions = {},
  name = "dr-lin again",
) => {
  const fields = certificateFields(name, options);
  return chain.submit(chain.slip("identity.rotate", { ...fields, replaces }, keyOf(fields.issuer)));
};
const revoke = (chain: TestChain, fingerprint: Uint8Array, by: string, carrier?: string) =>
  chain.submit(chain.slip("identity.revoke", { fingerprint, by }, keyOf(by)), carrier);

const rows: readonly {
  kind: string;
  when: string;
  want: SlipCode;
  on?: TestChain;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  {
    kind: "institution.enrol",
    when: "the authority enrols",
    want: "OK",
    submit: (chain) => enrol(chain, "small-clinic"),
  },
  {
    kind: "institution.enrol",
    when: "the id is no name",
    want: "NOT_AUTHORISED",
    submit: (chain) => enrol(chain, "Small Clinic/1"),
  },
  {
    kind: "institution.enrol",
    when: "the id is that of a CA",
    want: "NOT_AUTHORISED",
    submit: (chain) => enrol(chain, "care"),
  },
  {
    kind: "institution.enrol",
    when: "it is a member",
    want: "INSTITUTION_EXISTS",
    submit: (chain) => enrol(chain, "city-hospital"),
  },
  {
    kind: "institution.level",
    when: "a member changes level",
    want: "OK",
    submit: (chain) =>
      chain.submit(
        chain.slip(
          "institution.level",
          { id: "city-hospital", level: "secondary", power: 1, cosigned: [] },
          authority,
        ),
      ),
  },
  {
    kind: "institution.level",
    when: "nobody has the id",
    want: "INSTITUTION_UNKNOWN",
    submit: (chain) =>
      chain.submit(
        chain.slip(
          "institution.level",
          { id: "nobody", level: "secondary", power: 1, cosigned: [] },
          authority,
        ),
      ),
  },
  {
    kind: "institution.suspend",
    when: "a member is suspended",
    want: "OK",
    submit: (chain) =>
      chain.submit(
        chain.cosignedSlip("institution.suspend", { id: "city-hospital", suspended: true }, [
          "online-clinic",
          "provincial-authority",
        ]),
      ),
  },
  {
    kind: "institution.suspend",
    when: "nobody has the id",
    want: "INSTITUTION_UNKNOWN",
    submit: (chain) =>
      chain.submit(
        chain.slip(
          "institution.suspend",
          { id: "nobody", suspended: true, cosigned: [] },
          authority,
        ),
      ),
  },

  {
    kind: "identity.certify",
    when: "an intermediate certifies",
    want: "OK",
    submit: (chain) => certifyWith(chain, {}),
  },
  {
    kind: "identity.certify",
    when: "the root certifies",
    want: "NOT_AUTHORISED",
    submit: (chain) => certifyWith(chain, { issuer: "root" }),
  },
  {
    kind: "identity.certify",
    when: "the holder is a patient",
    want: "NOT_AUTHORISED",
    submit: (chain) => certifyWith(chain, { role: "patient" }),
  },
  {
    kind: "identity.certify",
    when: "the institution is no member",
    want: "INSTITUTION_UNKNOWN",
    submit: (chain) => certifyWith(chain, { institution: "nobody", registrar: "general-hospital" }),
  },
  {
    kind: "identity.certify",
    when: "it stands already",
    want: "CERTIFICATE_EXISTS",
    submit: (chain) => (certifyWith(chain, {}), certifyWith(chain, {})),
  },
  {
    kind: "identity.certify",
    when: "the institution's node carries it to its chain",
    want: "OK",
    on: care,
    submit: (chain) => certifyWith(chain, {}, "general-hospital"),
  },
  {
    kind: "identity.certify",
    when: "an authority carries it to the institution's chain",
    want: "CARRIER_IS_NOT_INSTITUTION",
    on: care,
    submit: (chain) => certifyWith(chain, {}, "national-authority"),
  },
  {
    kind: "identity.certify",
    when: "another institution's staff comes to the chain",
    want: "WRONG_INSTITUTION",
    on: care,
    submit: (chain) =>
      certifyWith(
        chain,
        { institution: "provincial-authority", registrar: "general-hospital" },
        "provincial-authority",
      ),
  },

  {
    kind: "identity.rotate",
    when: "a certificate takes the place of another",
    want: "OK",
    submit: (chain) => rotate(chain, lin),
  },
  {
    kind: "identity.rotate",
    when: "the replaced one is unknown",
    want: "CERTIFICATE_UNKNOWN",
    submit: (chain) => rotate(chain, new Uint8Array(32)),
  },
  {
    kind: "identity.rotate",
    when: "another intermediate issues",
    want: "NOT_AUTHORISED",
    submit: (chain) => rotate(chain, lin, { issuer: "third-parties" }),
  },
  {
    kind: "identity.rotate",
    when: "the role changes",
    want: "NOT_AUTHORISED",
    submit: (chain) => rotate(chain, lin, { role: "registrar" }),
  },
  {
    kind: "identity.rotate",
    when: "the institution changes",
    want: "WRONG_INSTITUTION",
    submit: (chain) => rotate(chain, lin, { institution: "city-hospital" }),
  },
  {
    kind: "identity.rotate",
    when: "the replaced one is revoked",
    want: "CERTIFICATE_REVOKED",
    submit: (chain) => (revoke(chain, lin, "care"), rotate(chain, lin)),
  },
  {
    kind: "identity.rotate",
    when: "the new one stands already",
    want: "CERTIFICATE_EXISTS",
    submit: (chain) => rotate(chain, lin, {}, "dr-lin"),
  },

  {
    kind: "identity.revoke",
    when: "the issuer revokes",
    want: "OK",
    submit: (chain) => revoke(chain, lin, "care"),
  },
  {
    kind: "identity.revoke",
    when: "the holder's institution revokes",
    want: "OK",
    submit: (chain) => revoke(chain, lin, "general-hospital", "general-hospital"),
  },
  {
    kind: "identity.revoke",
    when: "any member carries it to a care chain",
    want: "OK",
    on: care,
    submit: (chain) => revoke(chain, lin, "care", "municipal-authority"),
  },
  {
    kind: "identity.revoke",
    when: "another intermediate revokes",
    want: "NOT_AUTHORISED",
    submit: (chain) => revoke(chain, lin, "third-parties"),
  },
  {
    kind: "identity.revoke",
    when: "another institution revokes",
    want: "NOT_AUTHORISED",
    submit: (chain) => revoke(chain, lin, "city-hospital"),
  },
  {
    kind: "identity.revoke",
    when: "nobody has the certificate",
    want: "CERTIFICATE_UNKNOWN",
    submit: (chain) => revoke(chain, new Uint8Array(32), "care"),
  },
  {
    kind: "identity.revoke",
    when: "it is revoked",
    want: "CERTIFICATE_REVOKED",
    submit: (chain) => (revoke(chain, lin, "care"), revoke(chain, lin, "general-hospital")),
  },
];

for (const { kind, when, want, on = consortium, submit } of rows) {
  test(`${kind} on the ${on.genesis.kind} chain gives ${want} when ${when}`, () =>
    assert.equal(submit(on.fork()), want));
}

test("a certificate cannot be revoked in the block that brings it", () => {
  const chain = consortium.fork();
  const fields = certificateFields("dr-brief");
  const slips = [
    chain.slip("identity.certify", fields, keyOf("care")),
    chain.slip("identity.revoke", { fingerprint: fields.fingerprint, by: "care" }, keyOf("care")),
  ];
  assert.deepEqual(
    chain.block([chain.group(slips)]).results[0]?.map(({ code }) => code),
    ["OK", "CERTIFICATE_UNKNOWN"],
  );
});

test("certificates are marked, never deleted: rotation and revocation keep both", () => {
  const chain = consortium.fork();
  assert.equal(rotate(chain, lin), "OK");
  const read = (fingerprint: Uint8Array) =>
    findCertificate(chain.state, hex(fingerprint) as Fingerprint)!;
  assert.equal(read(lin).revokedAt, chain.time);
  assert.equal(read(certificateFields("dr-lin again").fingerprint).revokedAt, 0);
  assert.equal(read(lin).name, "dr-lin");
});

test("an enrolled institution carries groups from the next block on", () => {
  const chain = consortium.fork();
  const enrolling = chain.group([
    chain.slip("institution.enrol", enrolment("small-clinic"), authority),
  ]);
  const carrying = chain.group(
    [
      chain.slip(
        "institution.level",
        { id: "small-clinic", level: "secondary", power: 0, cosigned: [] },
        authority,
      ),
    ],
    "small-clinic",
  );
  const { results } = chain.unverifiedBlock([enrolling, carrying]);
  assert.deepEqual(
    results.map(([first]) => first?.code),
    ["OK", "UNKNOWN_CARRIER"],
  );
  assert.equal(chain.block([carrying]).results[0]?.[0]?.code, "OK");
});
