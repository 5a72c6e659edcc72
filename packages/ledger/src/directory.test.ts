/** Who stands on a chain, as nodes answer it: certificates by name and institution, members, and whose node keeps blocks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import type { CertificateView, Fingerprint } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { registrarName, registrarOf } from "@anamnesis/testing/registrars";
import { certify, TestChain } from "@anamnesis/testing/testChain";
import { certificatesPage, findCertificate, findInstitutions, keepsBlocks } from "./directory.ts";
import type { CertificateFilter } from "./directory.ts";

const two = ["city-hospital", "online-clinic"];
const fingerprints = (found: readonly CertificateView[]): string[] =>
  found.map(({ fingerprint }) => fingerprint);

test("keepsBlocks() says yes to members' nodes, but to no third party's and no stranger's", () => {
  const chain = new TestChain(makeGenesis("consortium"));
  for (const { nodeKey } of chain.genesis.members) assert.ok(keepsBlocks(chain.state, nodeKey));
  assert.equal(keepsBlocks(chain.state, keyOf("a stranger").publicKey), false);
  const enrolled = enrolmentOf("an-insurer", { level: "third-party", power: 0 });
  assert.equal(chain.submit(chain.cosignedSlip("institution.enrol", enrolled, two)), "OK");
  assert.equal(keepsBlocks(chain.state, enrolled.nodeKey), false);
  const { members } = chain.genesis;
  assert.deepEqual(
    findInstitutions(chain.state).map(({ id }) => id as string),
    [...members.map(({ id }) => id as string), "an-insurer"].toSorted(),
  );
});

test("findCertificate() gives a certificate by its fingerprint, without what only the state needs", () => {
  const chain = new TestChain(makeGenesis("consortium"));
  const fingerprint = toHex(certify(chain, "dr-lin")) as Fingerprint;
  const found = findCertificate(chain.state, fingerprint)!;
  assert.deepEqual([found.fingerprint, found.name, "v" in found], [fingerprint, "dr-lin", false]);
  for (const none of ["0".repeat(64), "no fingerprint", ""])
    assert.equal(findCertificate(chain.state, none as Fingerprint), undefined);
});

test("certificatesPage() gives those of a name, of an institution, or of both, a page at a time, genesis first", () => {
  const chain = new TestChain(makeGenesis("consortium"));
  const [hospital, city] = ["general-hospital", "city-hospital"];
  const lin = toHex(certify(chain, "dr-lin", { institution: hospital }));
  const chen = toHex(certify(chain, "dr-chen", { institution: hospital }));
  const wu = toHex(certify(chain, "dr-wu", { institution: city }));
  const of = (filter: CertificateFilter, page: { after?: number; limit?: number } = {}) =>
    certificatesPage(chain.state, chain.genesis, filter, { limit: 10, ...page });
  const registrar = toHex(registrarOf(hospital));
  const rows: readonly (readonly [CertificateFilter, readonly string[]])[] = [
    [{ institution: hospital }, [registrar, lin, chen]],
    [{ institution: city }, [toHex(registrarOf(city)), wu]],
    [{ name: "dr-lin" }, [lin]],
    [{ name: "dr-lin", institution: hospital }, [lin]],
    [{ name: "dr-lin", institution: city }, []],
    [{ name: "dr-wu", institution: hospital }, []],
    [{ name: registrarName(hospital) }, [registrar]],
    [{ name: registrarName(hospital), institution: city }, []],
    [{ name: "nobody" }, []],
    [{ institution: "nowhere" }, []],
  ];
  for (const [filter, want] of rows)
    assert.deepEqual(fingerprints(of(filter).found), want, JSON.stringify(filter));
  const first = of({ institution: hospital }, { limit: 1 });
  assert.deepEqual(fingerprints(first.found), [registrar, lin]);
  const second = of({ institution: hospital }, { limit: 1, after: first.next! });
  assert.deepEqual([fingerprints(second.found), second.next], [[chen], undefined]);
});
