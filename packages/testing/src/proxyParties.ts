/** The parties of a federation in which proxies can be tried: authorities, chains, nodes, proxies' homes, one patient. */
import { join } from "node:path";
import { identityKeys } from "@anamnesis/crypto/patientKeys";
import type { BoxKeys } from "@anamnesis/crypto/patientKeys";
import { signingKeypair } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { randomBytes, toBase64url } from "@anamnesis/crypto/verify";
import type { Genesis, Trust } from "@anamnesis/protocol";
import { initHome } from "../../../apps/proxy/src/home.ts";
import { authority, caKey, certifyAuthority } from "../../../apps/registry/src/authority.ts";
import type { Authority, AuthorityId } from "../../../apps/registry/src/authority.ts";
import { issueCertificate } from "../../../apps/registry/src/certificates.ts";
import { revocationList } from "../../../apps/registry/src/revocationLists.ts";
import { startListServer } from "./certificateOffice.ts";
import type { ListServer } from "./certificateOffice.ts";
import { TestChain, knowing, makeGenesis } from "./chainFixture.ts";
import { FakeNodes } from "./fakeNodes.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

export const hospital = "general-hospital";

/** The patient's certificate, and others under the patient's key that must not count as one. DER. */
export interface Certificates {
  readonly patient: Uint8Array;
  readonly asDoctor: Uint8Array;
  readonly byThirdParties: Uint8Array;
  readonly byStranger: Uint8Array;
}

export interface Parties {
  readonly trust: Trust;
  readonly care: TestChain;
  readonly consortium: TestChain;
  readonly nodes: FakeNodes;
  /** The registry, as far as proxies ask it. */
  readonly registry: ListServer;
  /** Certificates on the registry's list of the care intermediate. */
  readonly revoked: { serial: string; issuer: "care"; time: number }[];
  /** Homes of the four proxies by index. */
  readonly homes: ReadonlyMap<number, string>;
  /** The care intermediate's key, which certifies staff on chains. */
  readonly ca: SigningKeypair;
  readonly seed: Uint8Array;
  readonly identity: BoxKeys;
  readonly certificates: Certificates;
}

export async function makeParties(): Promise<Parties> {
  const nodes = await FakeNodes.start();
  const plain = makeGenesis("consortium");
  const careSeed = randomBytes(32);
  const root = await newAuthority("root", plain.time);
  const care = await newAuthority("care", plain.time, root, careSeed);
  const third = await newAuthority("third-parties", plain.time, root);
  const ours = (genesis: Genesis): Genesis => ({
    ...genesis,
    cas: [root, care, third].map(caKey),
    members: genesis.members.map((member) => ({
      ...member,
      address: `${nodes.address}/${member.id}`,
    })),
  });
  const homes = new Map<number, string>();
  const proxies = [];
  for (const proxy of plain.consortium!.proxies) {
    const home = join(await temporaryFolder("proxy-"), "home");
    homes.set(proxy.index, home);
    proxies.push({ ...proxy, ...(await initHome(home)) });
  }
  const revoked: Parties["revoked"] = [];
  const store = { values: () => revoked } as unknown as Parameters<typeof revocationList>[0];
  const listOf = async (issuer: Authority): Promise<string> =>
    toBase64url(await revocationList(store, issuer, nodes.clock.now));
  const registry = await startListServer(async () => ({
    care: await listOf(care),
    thirdParties: await listOf(third),
  }));
  const planned = plain.consortium!;
  const consortiumGenesis = {
    ...ours(plain),
    consortium: {
      ...planned,
      proxies,
      registry: { ...planned.registry, address: registry.address },
    },
  };
  const careGenesis = ours(makeGenesis("care"));
  const trust: Trust = { v: 1, chains: [knowing(consortiumGenesis, careGenesis), careGenesis] };
  const [consortium, careChain] = [
    new TestChain(trust.chains[0]!),
    new TestChain(trust.chains[1]!),
  ];
  nodes.serves(consortium);
  nodes.serves(careChain);
  nodes.clock.now = consortium.time;
  const seed = randomBytes(32);
  const identity = await identityKeys(seed);
  const stranger = await newAuthority("care", plain.time, await newAuthority("root", plain.time));
  const certificates = await certify(identity, { care, third, stranger }, plain.time);
  return {
    trust,
    care: careChain,
    consortium,
    nodes,
    registry,
    revoked,
    homes,
    ca: signingKeypair(careSeed),
    seed,
    identity,
    certificates,
  };
}

async function newAuthority(
  id: AuthorityId,
  now: number,
  issuer?: Authority,
  seed = randomBytes(32),
): Promise<Authority> {
  return authority(id, seed, await certifyAuthority({ id, seed }, issuer, now));
}

async function certify(
  { signing, box }: BoxKeys,
  issuers: { readonly care: Authority; readonly third: Authority; readonly stranger: Authority },
  now: number,
): Promise<Certificates> {
  const patient = {
    role: "patient",
    name: "",
    institution: hospital,
    signingKey: signing.publicKey,
    boxKey: box.publicKey,
  } as const;
  return {
    patient: (await issueCertificate(issuers.care, patient, now)).der,
    asDoctor: (await issueCertificate(issuers.care, { ...patient, role: "doctor", name: "D" }, now))
      .der,
    byThirdParties: (await issueCertificate(issuers.third, patient, now)).der,
    byStranger: (await issueCertificate(issuers.stranger, patient, now)).der,
  };
}
