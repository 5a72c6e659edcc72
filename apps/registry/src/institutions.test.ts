import assert from "node:assert/strict";
import { after, test } from "node:test";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, verifySignatureRaw } from "@anamnesis/crypto/verify";
import {
  auditInput,
  decodeSlip,
  fingerprintOf,
  makeSlip,
  readCertificate,
} from "@anamnesis/protocol";
import type { ChainId, SlipFields } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { boxKeyOf, keyOf, signer } from "@anamnesis/testing/keys";
import {
  attested,
  enrolled,
  newDevice,
  post,
  registeredBy,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { auditInstitution, issueRegistrar } from "./operator.ts";

const federation = await startFederation();
after(() => federation.stop());

let count = 0;

/** An insurer that nobody audited yet, and its node's key. */
function newInsurer() {
  const node = signingKeypair(randomBytes(32));
  const institution = {
    id: `insurer-${(count += 1)}`,
    name: "An insurer",
    level: "third-party",
    nodeKey: node.publicKey,
    consensusKey: keyOf("consensus").publicKey,
    boxKey: boxKeyOf("an insurer"),
    address: "http://insurer.example",
  } as const;
  return { node, institution };
}
type Insurer = ReturnType<typeof newInsurer>;

/** A registrar for whom the institution's node vouches. */
async function newRegistrar({ institution: { id }, node: { secretKey } }: Insurer) {
  const device = await newDevice();
  const person = { institution: id, name: "Their registrar", identifier: "Their registrar" };
  const { certificate } = await issueRegistrar(federation.config, {
    ...person,
    request: device.request,
    boxKey: device.box.publicKey,
    ...registeredBy(secretKey, device, { ...person, role: "registrar" }),
  });
  return { ...device, fingerprint: fromHex(fingerprintOf(certificate)) };
}

test("R-28: nobody is certified at an institution that the registry did not audit", async () => {
  await assert.rejects(newRegistrar(newInsurer()), { code: "BAD_REQUEST" });
});

test("R-28: an audit is signed by the intermediate of the institution's kind, and says the same again", async () => {
  const { institution } = newInsurer();
  const audited = await auditInstitution(federation.config, institution);
  const fields: SlipFields<"institution.enrol"> = {
    ...institution,
    power: 0,
    audited,
    cosigned: [],
  };
  const header = { chain: "consortium" as ChainId, time: 1, notAfter: 2 };
  const made = makeSlip("institution.enrol", header, fields, signer(keyOf("authority")));
  const slip = decodeSlip(made.bytes);
  assert.ok(slip.kind === "institution.enrol");
  const key = federation.cas.find(({ id }) => id === "third-parties")?.key;
  const signed = { publicKey: key!, message: auditInput(slip), signature: audited };
  assert.ok(verifySignatureRaw(signed));
  assert.deepEqual(await auditInstitution(federation.config, institution), audited);
});

test("R-28: no id stands for two institutions", async () => {
  const { institution } = newInsurer();
  await auditInstitution(federation.config, institution);
  const other = { ...institution, nodeKey: keyOf("another").publicKey };
  const otherKind = { ...institution, level: "tertiary" } as const;
  for (const refused of [
    other,
    otherKind,
    { ...institution, id: hospital },
    { ...institution, id: "No id" },
  ])
    await assert.rejects(auditInstitution(federation.config, refused), { code: "BAD_REQUEST" });
});

test("third parties are certified by the other intermediate", async () => {
  const insurer = newInsurer();
  await auditInstitution(federation.config, insurer.institution);
  const registrar = await newRegistrar(insurer);
  const person = {
    institution: insurer.institution.id,
    registrar: registrar.fingerprint,
    name: "R",
    identifier: "ID-9",
  } as const;
  const ask = async (role: "researcher" | "doctor" | "patient", name = "R") =>
    post(
      federation,
      "/enrolments",
      await attested(federation, await newDevice(), { ...person, role, name }, registrar.keys),
    );
  assert.equal(await codeOf(await ask("doctor")), "NOT_FOR_THIS_ROLE");
  assert.equal(await codeOf(await ask("patient", "")), "NOT_FOR_THIS_ROLE");
  assert.equal((await ask("researcher")).status, 200);
  const slip = federation.node.slips.findLast(({ kind }) => kind === "identity.certify");
  assert.ok(slip?.kind === "identity.certify");
  assert.equal(readCertificate(slip.fields.der, federation.cas).issuer, "third-parties");
  assert.equal(slip.fields.institution, insurer.institution.id);
});

test("S-61: a hospital has no insurer", async () => {
  await assert.rejects(
    enrolled(federation, await newDevice(), { role: "insurer", name: "I", identifier: "ID-10" }),
    /NOT_FOR_THIS_ROLE/,
  );
});
