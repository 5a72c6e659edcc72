import { mlKemKeys } from "./mlKem.ts";
import { addressKey } from "./addressKey.ts";
import { enc } from "../encoding/bytes.ts";
import { boxKeypairFromSeed } from "../box.ts";
import type { BoxKeypair } from "../box.ts";
import { hashToScalar, kdf, randomBytes, randomScalar, sha256 } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1 } from "../engine/curveEngine.ts";
import { expectLength } from "../errors.ts";
import { curve } from "../engine/ready.ts";
import { signingKeypair } from "../sign.ts";
import type { SigningKeypair } from "../sign.ts";
import { BYTES, GROUP_ORDER } from "../suite.ts";

/** A one-purpose signing key and the id it is known by. */
export interface IdentifiedSigningKey extends SigningKeypair {
  /** SHA-256 of the public key, 32 bytes: `pid` of a visit key, `gid` of a grant key. */
  readonly id: Uint8Array;
}

/** The keys of a mailbox: one to prove ownership, one to be written to, one by which its node knows expected writers. */
export interface BoxKeys {
  readonly signing: SigningKeypair;
  readonly box: BoxKeypair;
  /** HMAC key, 32 bytes; it stands in the box's contact card. */
  readonly postKey: Uint8Array;
}

/** The keys of one tag. */
export interface TagKeys {
  /** d || z of FIPS 203, 64 bytes; goes only to readers who were granted the tag, sealed. */
  readonly ss64: Uint8Array;
  /** ML-KEM-768 encapsulation key, 1184 bytes, for the visit token. */
  readonly ekTag: Uint8Array;
  /** Key of stored heads and object ids, 32 bytes, for the visit token. */
  readonly addressKey: Uint8Array;
}

/** Which of the patient's institution keys: `a` and `A` differ per institution and key epoch. */
export interface InstitutionEpoch {
  readonly seed: Uint8Array;
  /** The institution's name. */
  readonly institution: string;
  /** Key epoch, decimal text such as "1". */
  readonly epoch: string;
}

/** a_{I,E} = HS("pre", enc(seed, I, E)). Never leaves this package. */
export function institutionScalar({ seed, institution, epoch }: InstitutionEpoch): bigint {
  expectLength("seed", seed, BYTES.seed);
  return hashToScalar("pre", enc(seed, institution, epoch));
}

/**
 * A_{I,E} = a*P2, compressed, 96 bytes: the patient's public key for one institution and epoch. Await `ready()` first.
 *
 * @throws {CryptoError} `E_ARGUMENT` for a seed that is not 32 bytes (so do all functions here).
 */
export function institutionPublicKey(
  input: InstitutionEpoch,
  random: RandomSource = randomBytes,
): Uint8Array {
  const engine = curve();
  const base = engine.g2Base();
  const { rest, share } = splitScalar(institutionScalar(input), random);
  return engine.g2Encode(
    engine.g2Add(engine.g2Multiply(base, rest), engine.g2Multiply(base, share)),
  );
}

/** Multiplies a G1 point by a secret scalar in two random halves: a*Q = (a - s)*Q + s*Q. */
export function multiplySplit(point: G1, scalar: bigint, random: RandomSource = randomBytes): G1 {
  const engine = curve();
  const { rest, share } = splitScalar(scalar, random);
  return engine.g1Add(engine.g1Multiply(point, rest), engine.g1Multiply(point, share));
}

/** No engine multiplies in constant time, so what one multiplication shows of its scalar is made useless. */
function splitScalar(scalar: bigint, random: RandomSource): { rest: bigint; share: bigint } {
  const share = randomScalar(random);
  return { rest: (scalar + GROUP_ORDER - share) % GROUP_ORDER, share };
}

/** The tag's ML-KEM-768 seed, encapsulation key and address key: ss64 = KDF(seed, "mlkem-tag", tag, 64). */
export function tagKeys({
  seed,
  tag,
}: {
  readonly seed: Uint8Array;
  readonly tag: Uint8Array;
}): TagKeys {
  const ss64 = tagSecret({ seed, tag });
  const { ek } = mlKemKeys(ss64);
  return { ss64, ekTag: ek, addressKey: addressKey({ ss64, tag }) };
}

/** ss64(tag) alone, for grants over many tags. */
export function tagSecret({
  seed,
  tag,
}: {
  readonly seed: Uint8Array;
  readonly tag: Uint8Array;
}): Uint8Array {
  expectLength("seed", seed, BYTES.seed);
  expectLength("tag", tag, BYTES.tag);
  return kdf(seed, "mlkem-tag", tag, BYTES.ss64);
}

/** The signing key of one visit, from the seed and the visit's random salt (at least 16 bytes); its id is the `pid`. */
export function visitSigningKey(input: {
  readonly seed: Uint8Array;
  readonly visitSalt: Uint8Array;
}): IdentifiedSigningKey {
  return identifiedKey(input.seed, "visit-sign", input.visitSalt);
}

/** The signing key of one grant, from the seed and the grant's random salt (at least 16 bytes); its id is the `gid`. */
export function grantSigningKey(input: {
  readonly seed: Uint8Array;
  readonly grantSalt: Uint8Array;
}): IdentifiedSigningKey {
  return identifiedKey(input.seed, "grant-sign", input.grantSalt);
}

/** The key that may end a grant beside its own, from the same seed and salt. */
export function revokerSigningKey(input: {
  readonly seed: Uint8Array;
  readonly grantSalt: Uint8Array;
}): IdentifiedSigningKey {
  return identifiedKey(input.seed, "revoker-sign", input.grantSalt);
}

/**
 * The person's certified keys: what the registry puts into the certificate.
 *
 * @param affiliation - Tells apart the certificates of one person; empty for the first.
 */
export function identityKeys(
  seed: Uint8Array,
  affiliation: Uint8Array | string = "",
): Promise<BoxKeys> {
  return keysFor(seed, "identity", affiliation);
}

/** The keys of the person's contact box. */
export function contactBoxKeys(seed: Uint8Array): Promise<BoxKeys> {
  return keysFor(seed, "contact-box", "");
}

/** The keys of one visit's own box. */
export function visitBoxKeys(input: {
  readonly seed: Uint8Array;
  readonly visitSalt: Uint8Array;
}): Promise<BoxKeys> {
  return keysFor(input.seed, "visit-box", input.visitSalt);
}

/** AES-256 key, 32 bytes, for what the device stores. @param affiliation - As in {@link identityKeys}. */
export function deviceStorageKey(
  seed: Uint8Array,
  affiliation: Uint8Array | string = "",
): Uint8Array {
  expectLength("seed", seed, BYTES.seed);
  return kdf(seed, "device-storage", affiliation, 32);
}

function identifiedKey(seed: Uint8Array, label: string, salt: Uint8Array): IdentifiedSigningKey {
  expectLength("seed", seed, BYTES.seed);
  const keypair = signingKeypair(kdf(seed, label, salt, 32));
  return { ...keypair, id: sha256(keypair.publicKey) };
}

async function keysFor(
  seed: Uint8Array,
  label: string,
  salt: Uint8Array | string,
): Promise<BoxKeys> {
  expectLength("seed", seed, BYTES.seed);
  return {
    signing: signingKeypair(kdf(seed, `${label}-sign`, salt, 32)),
    box: await boxKeypairFromSeed(kdf(seed, `${label}-open`, salt, 32)),
    postKey: kdf(seed, `${label}-post`, salt, 32),
  };
}
