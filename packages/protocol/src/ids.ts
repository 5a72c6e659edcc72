import { sha256, toHex, fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";

/** Names of chains and institutions: lower-case words joined by hyphens, 3–64 characters. */
export type ChainId = string & { readonly __brand: "ChainId" };
export type InstitutionId = string & { readonly __brand: "InstitutionId" };

/** 32-byte ids as lower-case hex, 64 characters: what the CLI, URLs and screens show. */
export type SlipId = string & { readonly __brand: "SlipId" };
export type Pid = string & { readonly __brand: "Pid" };
export type Gid = string & { readonly __brand: "Gid" };
export type Fingerprint = string & { readonly __brand: "Fingerprint" };

const name = /^[a-z0-9](?:[a-z0-9-]{1,62})[a-z0-9]$/;
const hex64 = /^[0-9a-f]{64}$/;
const hex32 = /^[0-9a-f]{32}$/;

const parseName = (text: string, what: string): string => {
  if (!name.test(text))
    throw new AnamnesisError(
      "BAD_REQUEST",
      `${what} '${text.slice(0, 80)}' is not a name: want 3 to 64 of a-z, 0-9 and hyphens`,
    );
  return text;
};
const parseHex64 = (text: string, what: string): string => {
  if (!hex64.test(text))
    throw new AnamnesisError("BAD_REQUEST", `${what} is not an id: want 64 lower-case hex digits`);
  return text;
};

/** @throws {AnamnesisError} BAD_REQUEST */
export const parseChainId = (text: string): ChainId => parseName(text, "Chain") as ChainId;
/** @throws {AnamnesisError} BAD_REQUEST */
export const parseInstitutionId = (text: string): InstitutionId =>
  parseName(text, "Institution") as InstitutionId;
/** @throws {AnamnesisError} BAD_REQUEST */
export const parseSlipId = (text: string): SlipId => parseHex64(text, "Slip id") as SlipId;
/** @throws {AnamnesisError} BAD_REQUEST */
export const parsePid = (text: string): Pid => parseHex64(text, "Visit pseudonym") as Pid;
/** @throws {AnamnesisError} BAD_REQUEST */
export const parseGid = (text: string): Gid => parseHex64(text, "Grant id") as Gid;
/** @throws {AnamnesisError} BAD_REQUEST */
export const parseFingerprint = (text: string): Fingerprint =>
  parseHex64(text, "Certificate fingerprint") as Fingerprint;
/** @throws {AnamnesisError} BAD_REQUEST */
export const parseTag = (text: string): Uint8Array => {
  if (!hex32.test(text))
    throw new AnamnesisError("BAD_REQUEST", "Tag is not an id: want 32 lower-case hex digits");
  return fromHex(text);
};

/** pid = SHA-256(visit public key), design section 4 "Who signs". */
export const pidOf = (visitPublicKey: Uint8Array): Pid => toHex(sha256(visitPublicKey)) as Pid;
/** gid = SHA-256(grant public key). */
export const gidOf = (grantPublicKey: Uint8Array): Gid => toHex(sha256(grantPublicKey)) as Gid;
/** A certificate's fingerprint: SHA-256 of its DER. */
export const fingerprintOf = (der: Uint8Array): Fingerprint => toHex(sha256(der)) as Fingerprint;
