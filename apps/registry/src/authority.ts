import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { sign, signingKeypair } from "@anamnesis/crypto/sign";
import { thirdPartyRoles } from "@anamnesis/protocol";
import type { CaKey, Role } from "@anamnesis/protocol";

/** The root signs the intermediates and nothing else; `care` certifies patients and staff, `third-parties` the others. */
export const authorityIds = ["root", "care", "third-parties"] as const;
export type AuthorityId = (typeof authorityIds)[number];
export type IssuerId = Exclude<AuthorityId, "root">;

/** A certification authority with its secret key at hand. */
export interface Authority {
  readonly id: AuthorityId;
  readonly certificate: X509Certificate;
  readonly publicKey: Uint8Array;
  /** For certificates and revocation lists. */
  readonly signingKey: webcrypto.CryptoKey;
  /** For slips. */
  sign(type: string, message: Uint8Array): Uint8Array;
}

export const ed25519 = { name: "Ed25519" } as const;

const YEAR_MS = 365 * 24 * 3_600_000;
const lifetimeMs: Record<AuthorityId, number> = {
  root: 20 * YEAR_MS,
  care: 10 * YEAR_MS,
  "third-parties": 10 * YEAR_MS,
};
const names: Record<AuthorityId, string> = {
  root: "Anamnesis Root",
  care: "Anamnesis Care",
  "third-parties": "Anamnesis Third Parties",
};

/** Which intermediate certifies a role. */
export const issuerOf = (role: Role): IssuerId =>
  thirdPartyRoles.includes(role) ? "third-parties" : "care";

/** A common name as one UTF8String, whatever characters it has. */
export const commonName = (text: string): Name => new Name([{ CN: [{ utf8String: text }] }]);

/** 16 random octets, positive and without leading zeros (RFC 5280 4.1.2.2), as hex. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

/**
 * Makes the CA certificate of a key.
 *
 * @param seed - Ed25519 secret key of the new authority, 32 bytes.
 * @param issuer - Who signs it; absent for the root, which signs itself.
 * @param now - Unix milliseconds.
 * @returns DER.
 */
export async function certifyAuthority(
  { id, seed }: { readonly id: AuthorityId; readonly seed: Uint8Array },
  issuer: Authority | undefined,
  now: number,
): Promise<Uint8Array> {
  const isRoot = issuer === undefined;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: commonName(names[id]),
    issuer: isRoot ? commonName(names[id]) : issuer.certificate.subjectName,
    notBefore: new Date(now),
    notAfter: new Date(now + lifetimeMs[id]),
    publicKey: await publicKeyOf(signingKeypair(seed).publicKey),
    signingKey: isRoot ? await signingKeyOf(seed) : issuer.signingKey,
    signingAlgorithm: ed25519,
    extensions: [
      new BasicConstraintsExtension(true, isRoot ? 1 : 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

export async function authority(
  id: AuthorityId,
  seed: Uint8Array,
  der: Uint8Array,
): Promise<Authority> {
  const { publicKey, secretKey } = signingKeypair(seed);
  return {
    id,
    certificate: new X509Certificate(Uint8Array.from(der)),
    publicKey,
    signingKey: await signingKeyOf(seed),
    sign: (type, message) => sign({ type, message, secretKey }),
  };
}

/** What genesis documents say about an authority. */
export const caKey = ({ id, publicKey, certificate }: Authority): CaKey => ({
  id,
  key: publicKey,
  der: new Uint8Array(certificate.rawData),
});

/** PKCS#8 of an Ed25519 seed (RFC 8410 7): this prefix and the 32 bytes. */
const pkcs8Prefix = fromHex("302e020100300506032b657004220420");

const signingKeyOf = (seed: Uint8Array): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey("pkcs8", Buffer.concat([pkcs8Prefix, seed]), ed25519, false, ["sign"]);

export const publicKeyOf = (raw: Uint8Array): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey("raw", Uint8Array.from(raw), ed25519, true, ["verify"]);
