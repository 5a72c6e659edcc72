/** A registry of the federation, and people to enrol. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { join } from "node:path";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { boxKeypairFromSeed, openWith, sealTo } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { sign, signingKeypair } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { concat, fromHex, randomBytes, utf8 } from "@anamnesis/crypto/verify";
import {
  attestation,
  enrolledAnswer,
  fingerprintOf,
  hpkeInfo,
  identityCommitment,
  registeredBytes,
  signedAttestation,
} from "@anamnesis/protocol";
import type { Attestation, CaKey, Credential, Trust } from "@anamnesis/protocol";
import type { Server } from "@anamnesis/server";
import { initDataDirectory } from "../../../apps/registry/src/dataDirectory.ts";
import { issueRegistrar } from "../../../apps/registry/src/operator.ts";
import { startRegistry } from "../../../apps/registry/src/registry.ts";
import type { RegistryConfig } from "../../../apps/registry/src/registry.ts";
import { hospital, makeTrust, otherHospital } from "./federation.ts";
import { keyOf } from "./keys.ts";
import { startNode } from "./registryFakeNode.ts";
import type { FakeNode } from "./registryFakeNode.ts";
import { signedHeaders as signed } from "./requests.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** A person's device: keys, and what is made with them. */
export interface Device {
  readonly keys: SigningKeypair;
  readonly box: BoxKeypair;
  /** PKCS#10, DER. */
  readonly request: Uint8Array;
}

export async function newDevice(): Promise<Device> {
  const keys = signingKeypair(randomBytes(32));
  return {
    keys,
    box: await boxKeypairFromSeed(randomBytes(32)),
    request: await certificateRequest(keys),
  };
}

export async function certificateRequest({
  publicKey,
  secretKey,
}: SigningKeypair): Promise<Uint8Array> {
  const ed25519 = { name: "Ed25519" };
  const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), secretKey);
  const pair = {
    publicKey: await webcrypto.subtle.importKey("raw", Uint8Array.from(publicKey), ed25519, true, [
      "verify",
    ]),
    privateKey: await webcrypto.subtle.importKey("pkcs8", Uint8Array.from(pkcs8), ed25519, false, [
      "sign",
    ]),
  };
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=request",
    keys: pair,
    signingAlgorithm: ed25519,
  });
  return new Uint8Array(made.rawData);
}

export interface Federation {
  readonly registry: Server;
  readonly config: RegistryConfig;
  readonly trust: Trust;
  readonly cas: readonly CaKey[];
  readonly boxKey: Uint8Array;
  readonly node: FakeNode;
  /** The hospital's registrar and the other hospital's. */
  readonly registrar: Device & { readonly der: Uint8Array };
  readonly otherRegistrar: Device & { readonly der: Uint8Array };
  /** The registry's clock, and how to move it. Unix milliseconds. */
  readonly clock: { now: number };
  stop(): Promise<void>;
}

export async function startFederation(options: Partial<RegistryConfig> = {}): Promise<Federation> {
  const folder = await temporaryFolder("registry-");
  const place = {
    dataDirectory: join(folder, "data"),
    keyFile: join(folder, "secret", "store.key"),
  };
  const { cas, boxKey, traceKey } = await initDataDirectory(place.dataDirectory, place);
  const node = await startNode(() => cas);
  const trust = makeTrust({
    name: "test",
    care: [hospital, otherHospital],
    cas,
    member: () => ({ address: node.address }),
    registry: { boxKey, traceKey, address: "" },
  });
  const [registrar, otherRegistrar] = [
    await newRegistrar(hospital),
    await newRegistrar(otherHospital),
  ];
  const clock = { now: Date.now() };
  const config: RegistryConfig = {
    ...place,
    trust,
    logLevel: "silent",
    retryEveryMs: 20,
    now: () => clock.now,
    ...options,
  };
  const registry = await startRegistry(config);
  return {
    registry,
    config,
    trust,
    cas,
    boxKey,
    node,
    registrar,
    otherRegistrar,
    clock,
    stop: async () => {
      await registry.stop();
      await node.stop();
    },
  };

  async function newRegistrar(institution: string): Promise<Device & { der: Uint8Array }> {
    const device = await newDevice();
    const person = {
      institution,
      role: "registrar",
      name: `Registrar of ${institution}`,
      identifier: `Registrar of ${institution}`,
    };
    const { certificate } = await issueRegistrar(
      { ...place, trust },
      {
        ...person,
        request: device.request,
        boxKey: device.box.publicKey,
        ...registeredBy(keyOf(institution).secretKey, device, person),
      },
    );
    return { ...device, der: certificate };
  }
}

/** Salt and signature by which a registrar, or a node, vouches for a person's keys. */
export function registeredBy(
  secretKey: Uint8Array,
  device: Device,
  person: {
    readonly institution: string;
    readonly role: string;
    readonly name: string;
    readonly identifier: string;
  },
): { salt: Uint8Array; registered: Uint8Array } {
  const salt = randomBytes(32);
  const message = registeredBytes({
    ...person,
    signingKey: device.keys.publicKey,
    boxKey: device.box.publicKey,
    commitment: identityCommitment(salt, person.identifier),
  });
  return { salt, registered: sign({ type: "REGISTERED", message, secretKey }) };
}

/** What a registrar's device makes of a person; `change` alters the attestation before it is signed. */
export async function attested(
  federation: Federation,
  device: Device,
  change: Partial<Attestation> = {},
  signer: { readonly secretKey: Uint8Array } = federation.registrar.keys,
): Promise<Uint8Array> {
  const person = {
    identifier: "ID-0001",
    name: "",
    role: "patient" as const,
    institution: hospital,
    ...change,
  };
  const document = attestation.encode({
    v: 1,
    registrar: fromHex(fingerprintOf(federation.registrar.der)),
    ...person,
    ...registeredBy(signer.secretKey, device, person),
    request: device.request,
    boxKey: device.box.publicKey,
    replaces: null,
    time: federation.clock.now,
    ...change,
  });
  const signature = sign({ type: "ATTESTATION", message: document, secretKey: signer.secretKey });
  const plaintext = signedAttestation.encode({ v: 1, attestation: document, signature });
  return sealTo({
    publicKey: federation.boxKey,
    info: hpkeInfo.enrol,
    aad: new Uint8Array(0),
    plaintext,
  });
}

/** Enrols a person and opens the answer. @returns the certificate's DER. */
export async function enrolled(
  federation: Federation,
  device: Device,
  change: Partial<Attestation> = {},
): Promise<Uint8Array> {
  const answer = await post(federation, "/enrolments", await attested(federation, device, change));
  if (!answer.ok) throw new Error(await answer.text());
  return (await openEnrolled(device, answer)).certificate;
}

/** Opens the answer to an enrolment. */
export async function openEnrolled(device: Device, answer: Response): Promise<Credential> {
  const { certificate, registration } = enrolledAnswer.decode(
    await openWith({
      secretKey: device.box.secretKey,
      info: hpkeInfo.enrolled,
      aad: new Uint8Array(0),
      sealed: new Uint8Array(await answer.arrayBuffer()),
    }),
  );
  return { certificate, registration };
}

export const post = (
  { registry }: Federation,
  path: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
  method = "POST",
): Promise<Response> =>
  fetch(registry.address + path, { method, headers, body: Buffer.from(body) });

/** A request signed by a key at the registry's time. */
export const signedHeaders = (
  { registry, clock }: Federation,
  {
    method,
    path,
    body,
  }: { readonly method: string; readonly path: string; readonly body: Uint8Array },
  keyId: string,
  secretKey: Uint8Array,
  nonce = randomBytes(16),
): Record<string, string> =>
  signed(`${registry.address}${path}`, signingKeypair(secretKey), {
    method,
    body,
    keyId,
    created: clock.now,
    nonce,
  });

export const sealedFor = (
  { boxKey }: Federation,
  info: string,
  plaintext: Uint8Array,
): Promise<Uint8Array> => sealTo({ publicKey: boxKey, info, aad: new Uint8Array(0), plaintext });

export const jsonBytes = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
