/** The parties of a federation in which proxies can be tried: authorities, chains, nodes, proxies' data directories, one patient. */
import { join } from "node:path";
import { identityKeys } from "@anamnesis/crypto/patientKeys";
import type { BoxKeys } from "@anamnesis/crypto/patientKeys";
import { randomBytes } from "@anamnesis/crypto/verify";
import type { ProxyMember, Trust } from "@anamnesis/protocol";
import { initDataDirectory } from "../../../../apps/proxy/src/dataDirectory.ts";
import type { Authority } from "../../../../apps/registry/src/authority.ts";
import { issueCertificate } from "../../../../apps/registry/src/certificates.ts";
import { CertificateOffice, startListServer } from "../certificateOffice.ts";
import type { ListServer } from "../certificateOffice.ts";
import { genesisTime, hospital, makeTrust, proxyCount } from "../federation.ts";
import type { FederationParts } from "../federation.ts";
import { TestChain } from "../testChain.ts";
import { FakeNodes } from "../fakeNodes.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/** The patient's certificate, and others under the patient's key that must not count as one. DER. */
export interface Certificates {
  readonly patient: Uint8Array;
  readonly asDoctor: Uint8Array;
  readonly byThirdParties: Uint8Array;
  readonly byStranger: Uint8Array;
}

export interface Parties {
  readonly trust: Trust;
  /** Certifies patients and keeps the lists that the registry serves; staff on chains are certified under `keyOf("care")`. */
  readonly office: CertificateOffice;
  readonly care: TestChain;
  readonly consortium: TestChain;
  readonly nodes: FakeNodes;
  /** The registry, as far as proxies ask it. */
  readonly registry: ListServer;
  /** Homes of the four proxies by index. */
  readonly dataDirectories: ReadonlyMap<number, string>;
  readonly seed: Uint8Array;
  readonly identity: BoxKeys;
  readonly certificates: Certificates;
}

/** @param parts.k - How many of the four proxies must answer. */
export async function makeParties(parts: Pick<FederationParts, "k"> = {}): Promise<Parties> {
  const nodes = await FakeNodes.start();
  const office = await CertificateOffice.make("", genesisTime);
  const dataDirectories = new Map<number, string>();
  const proxies = new Map<number, Partial<ProxyMember>>();
  for (let index = 1; index <= proxyCount; index++) {
    const dataDirectory = join(await temporaryFolder("proxy-"), "data");
    dataDirectories.set(index, dataDirectory);
    proxies.set(index, await initDataDirectory(dataDirectory));
  }
  const registry = await startListServer(() => office.lists({ time: nodes.clock.now }));
  const trust = makeTrust({
    ...parts,
    cas: office.cas,
    member: (id) => ({ address: `${nodes.address}/${id}` }),
    proxy: (index) => proxies.get(index),
    registry: { address: registry.address },
  });
  const [consortium, care] = trust.chains.map((genesis) => new TestChain(genesis));
  nodes.serves(consortium!);
  nodes.serves(care!);
  nodes.clock.now = genesisTime;
  const seed = randomBytes(32);
  const identity = await identityKeys(seed);
  const certificates = await certify(identity, office);
  return {
    trust,
    office,
    care: care!,
    consortium: consortium!,
    nodes,
    registry,
    dataDirectories,
    seed,
    identity,
    certificates,
  };
}

async function certify(
  { signing, box }: BoxKeys,
  { care, thirdParties }: CertificateOffice,
): Promise<Certificates> {
  const patient = {
    role: "patient",
    name: "",
    institution: hospital,
    signingKey: signing.publicKey,
    boxKey: box.publicKey,
  } as const;
  const stranger = await CertificateOffice.make("stranger ", genesisTime);
  const issued = async (
    issuer: Authority,
    subject: Parameters<typeof issueCertificate>[1] = patient,
  ): Promise<Uint8Array> => (await issueCertificate(issuer, subject, genesisTime)).der;
  return {
    patient: await issued(care),
    asDoctor: await issued(care, { ...patient, role: "doctor", name: "D" }),
    byThirdParties: await issued(thirdParties),
    byStranger: await issued(stranger.care),
  };
}
