import { sha256 } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import { hexId, matching } from "./shape.ts";
import type { Shape } from "./shape.ts";

/** Names of chains and institutions: lower-case words joined by hyphens, 3–64 characters. */
export type ChainId = string & { readonly __brand: "ChainId" };
export type InstitutionId = string & { readonly __brand: "InstitutionId" };

/** 32-byte ids as lower-case hex, 64 characters: what the CLI, URLs and screens show. */
export type SlipId = string & { readonly __brand: "SlipId" };
export type Pid = string & { readonly __brand: "Pid" };
export type Gid = string & { readonly __brand: "Gid" };
export type Fingerprint = string & { readonly __brand: "Fingerprint" };

/** Their shapes, which alone mint them: names are text in both forms; ids are 32 bytes in CBOR and hex in JSON. */
const name = /^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$/;
export const chainIdShape = matching<ChainId>(
  "a chain's name: 3 to 64 of a-z, 0-9 and hyphens",
  name,
);
export const institutionIdShape = matching<InstitutionId>(
  "an institution's name: 3 to 64 of a-z, 0-9 and hyphens",
  name,
);
export const slipIdShape = hexId<SlipId>();
export const pidShape = hexId<Pid>();
export const gidShape = hexId<Gid>();
export const fingerprintShape = hexId<Fingerprint>();
/** 16 bytes; hex in JSON. */

export const isChainId = (value: unknown): value is ChainId =>
  typeof value === "string" && name.test(value);
export const isInstitutionId = (value: unknown): value is InstitutionId =>
  typeof value === "string" && name.test(value);

/** A parser of what a person typed. @throws {AnamnesisError} BAD_REQUEST */
const parser =
  <T>(shape: Shape<T>, what: string) =>
  (typed: string): T => {
    try {
      return shape.json.read(typed, what);
    } catch (cause) {
      throw new AnamnesisError("BAD_REQUEST", `${what} is not ${shape.want}`, { cause });
    }
  };
export const parseChainId = parser(chainIdShape, "Chain");
export const parseInstitutionId = parser(institutionIdShape, "Institution");
export const parseSlipId = parser(slipIdShape, "Slip id");
export const parsePid = parser(pidShape, "Visit pseudonym");
export const parseGid = parser(gidShape, "Grant id");
export const parseFingerprint = parser(fingerprintShape, "Certificate fingerprint");

/** Ids of what is at hand, 32 bytes each. @throws {AnamnesisError} MALFORMED */
const fromBytes =
  <T>(shape: Shape<T>) =>
  (bytes: Uint8Array): T =>
    shape.cbor.read(bytes, "Id");
export const slipIdFrom = fromBytes(slipIdShape);
export const pidFrom = fromBytes(pidShape);
export const gidFrom = fromBytes(gidShape);
export const fingerprintFrom = fromBytes(fingerprintShape);

/** A slip's id: SHA-256 of its payload. */
export const slipIdOf = (payload: Uint8Array): SlipId => slipIdFrom(sha256(payload));
/** pid = SHA-256(visit public key). */
export const pidOf = (visitPublicKey: Uint8Array): Pid => pidFrom(sha256(visitPublicKey));
/** gid = SHA-256(grant public key). */
export const gidOf = (grantPublicKey: Uint8Array): Gid => gidFrom(sha256(grantPublicKey));
/** A certificate's fingerprint: SHA-256 of its DER. */
export const fingerprintOf = (der: Uint8Array): Fingerprint => fingerprintFrom(sha256(der));
