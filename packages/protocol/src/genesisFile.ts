import { BYTES, toHex } from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import { AnamnesisError } from "./errors.ts";
import { policies } from "./genesis.ts";
import type { Genesis, GenesisRegistrar, Trust } from "./genesis.ts";
import { chainIdShape, institutionIdShape } from "./ids.ts";
import { careKinds, institutionKinds } from "./institutionKinds.ts";
import { limits } from "./limits.ts";
import { verifyRegistered } from "./registration.ts";
import {
  bytes,
  checkVersion,
  flag,
  jsonValue,
  list,
  literal,
  object,
  oneOf,
  optional,
  text,
  toJsonFile,
  uint,
} from "./shape.ts";
import { VAULTS_PER_OBJECT } from "./vaultOrder.ts";
import { VOTERS, voterShape } from "./voters.ts";

/** Genesis files and trust.json: the JSON form of these shapes. */
const key = bytes(32);
const boxKey = bytes(BYTES.boxPublicKey);

const consortium = object({
  k: uint,
  proxies: list(
    object({ index: uint, institution: institutionIdShape, key, boxKey, address: text(256) }),
    16,
  ),
  registry: object({
    institution: institutionIdShape,
    boxKey,
    traceKey: boxKey,
    address: text(256),
  }),
  vaults: list(object({ id: text(64), institution: institutionIdShape, address: text(256) }), 64),
  careChains: list(
    object({
      chain: chainIdShape,
      institution: institutionIdShape,
      genesis: bytes(32),
      voters: list(voterShape, limits.members, 1),
    }),
    1_024,
  ),
});

const registrar = object({
  issuer: text(64),
  name: text(128),
  institution: institutionIdShape,
  signingKey: key,
  boxKey,
  validFrom: uint,
  validTo: uint,
  der: certificateDer,
  commitment: bytes(32),
  registered: bytes(64),
});

const genesisShape = object({
  v: literal(1),
  chain: chainIdShape,
  kind: oneOf("care", "consortium"),
  institution: optional(institutionIdShape),
  demo: flag,
  time: uint,
  authority: institutionIdShape,
  writer: institutionIdShape,
  policy: oneOf(...policies),
  params: object({ pageSlips: uint, pageSeconds: uint, heartbeatSeconds: uint }),
  cas: list(object({ id: text(64), key, der: certificateDer }), 16),
  members: list(
    object({
      id: institutionIdShape,
      name: text(128),
      level: oneOf(...institutionKinds),
      power: uint,
      nodeKey: key,
      consensusKey: key,
      boxKey,
      address: text(256),
    }),
    limits.members,
  ),
  registrars: list(registrar, limits.genesisRegistrars),
  consortium: optional(consortium),
});
const trustShape = object({ v: literal(1), chains: list(genesisShape, 1_024, 1) });

export const genesisJson = (genesis: Genesis): string => toJsonFile(genesisShape, genesis);
export const trustJson = (trust: Trust): string => toJsonFile(trustShape, trust);

/** @throws {AnamnesisError} MALFORMED, UNSUPPORTED_VERSION. */
export function parseTrust(json: string): Trust {
  const value = jsonValue(json, "Trust file");
  checkVersion(value, "Trust file");
  const trust = trustShape.json.read(value, "Trust file");
  trust.chains.forEach(checkGenesis);
  if (new Set(trust.chains.map(({ chain }) => chain)).size !== trust.chains.length)
    throw new AnamnesisError("MALFORMED", "Trust file names a chain twice");
  if (trust.chains.filter(({ kind }) => kind === "consortium").length > 1)
    throw new AnamnesisError("MALFORMED", "Trust file names two consortium chains, want one");
  return trust;
}

/** @throws {AnamnesisError} MALFORMED, UNSUPPORTED_VERSION. */
export function parseGenesis(json: string): Genesis {
  const value = jsonValue(json, "Genesis");
  checkVersion(value, "Genesis");
  const genesis = genesisShape.json.read(value, "Genesis");
  checkGenesis(genesis);
  return genesis;
}

function checkGenesis(genesis: Genesis): void {
  const why = faultOf(genesis);
  if (why !== undefined)
    throw new AnamnesisError("MALFORMED", `Genesis of ${genesis.chain}: ${why}`);
}

/** What a genesis of the right form may still have wrong, in words. */
function faultOf(genesis: Genesis): string | undefined {
  const ids = new Set<string>(genesis.members.map(({ id }) => id));
  if (genesis.demo !== genesis.chain.startsWith("demo-"))
    return "demo and the prefix 'demo-' go together";
  if (ids.size === 0 || ids.size !== genesis.members.length) return "want members, each once";
  if (ids.has(VOTERS)) return `no member is called ${VOTERS}`;
  if (!genesis.members.some(({ power }) => power > 0)) return "nobody votes";
  if (genesis.members.some(({ level, power }) => level === "third-party" && power > 0))
    return "a third party does not vote";
  const named = [
    genesis.authority,
    genesis.writer,
    ...(genesis.institution === undefined ? [] : [genesis.institution]),
  ];
  const stranger = named.find((id) => !ids.has(id));
  if (stranger !== undefined) return `${stranger} is not a member`;
  if (new Set(genesis.cas.map(({ id }) => id)).size !== genesis.cas.length)
    return "a CA stands twice";
  const unvouched = genesis.registrars.find((registrar) => !isVouchedFor(registrar, genesis));
  if (unvouched !== undefined)
    return `a registrar of ${unvouched.institution} is not certified by an intermediate, vouched for by its node, and of this chain`;
  const keys = genesis.registrars.map(({ signingKey }) => toHex(signingKey));
  if (new Set(keys).size !== keys.length) return "a registrar's key stands twice";
  if (genesis.params.pageSlips < 1) return "a page holds at least one slip";
  if ((genesis.kind === "consortium") !== (genesis.consortium !== undefined))
    return "a consortium chain names proxies, registry and vaults, another does not";
  if (genesis.consortium === undefined) return undefined;
  const { careChains } = genesis.consortium;
  if (new Set(careChains.map(({ chain }) => chain)).size !== careChains.length)
    return "a care chain stands twice";
  return faultOfVaults(genesis.consortium, genesis.members) ?? faultOfProxies(genesis.consortium);
}

function isVouchedFor(
  registrar: GenesisRegistrar,
  { cas, members, institution }: Genesis,
): boolean {
  const node = members.find(({ id }) => id === registrar.institution);
  const { issuer, registered: signature } = registrar;
  return (
    node !== undefined &&
    (institution ?? registrar.institution) === registrar.institution &&
    issuer !== "root" &&
    cas.some(({ id }) => id === issuer) &&
    verifyRegistered(
      { ...registrar, role: "registrar" },
      { type: "REGISTERED", publicKey: node.nodeKey, signature },
    )
  );
}

function faultOfVaults(
  { careChains, vaults }: NonNullable<Genesis["consortium"]>,
  members: Genesis["members"],
): string | undefined {
  const caring = members.filter(({ level }) => careKinds.includes(level)).map(({ id }) => id);
  const owners = vaults.map(({ institution }) => institution);
  if (owners.some((owner) => !caring.includes(owner)))
    return "a vault is of nobody who is a member and cares for patients";
  if (new Set(owners).size !== owners.length) return "an institution has two vaults";
  if (new Set(vaults.map(({ id }) => id)).size !== vaults.length) return "a vault stands twice";
  const without = careChains.find(({ institution }) => !owners.includes(institution));
  if (without !== undefined) return `${without.institution} has a care chain and no vault`;
  if (careChains.length > 0 && vaults.length < VAULTS_PER_OBJECT)
    return `want ${VAULTS_PER_OBJECT} vaults or more, since so many hold each record`;
  return undefined;
}

function faultOfProxies({ k, proxies }: NonNullable<Genesis["consortium"]>): string | undefined {
  if (!proxies.every(({ index }, i) => index === i + 1))
    return "proxies are not numbered 1 to n in order";
  if (k < 1 || k >= proxies.length)
    return `k is ${k}, want 1 or more and fewer than the ${proxies.length} proxies`;
  return undefined;
}
