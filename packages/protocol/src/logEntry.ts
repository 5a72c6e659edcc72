import { encodeCanonical, sha256, verifySignature } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { decodeItem } from "./canonical.ts";
import { AnamnesisError } from "./errors.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { parseChainId, parseInstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { leafHash, rootOfLeafHashes } from "./merkle.ts";

/**
 * What was decided at one height: all that replaying needs, whichever engine decided it. Why it was decided is said by a
 * certificate of that engine's own (embedded: {@link EntryCertificate}; CometBFT: its commit).
 */
export interface LogEntry {
  readonly chain: ChainId;
  /** From 1 on, without a gap. */
  readonly height: number;
  /** Block time, Unix milliseconds; never goes back. */
  readonly time: number;
  readonly proposer: InstitutionId;
  /** Groups as their carriers' nodes made them. One whose form or signature fails yields codes and changes nothing. */
  readonly groups: readonly Uint8Array[];
  /** Voters that did not sign the entry before. */
  readonly absent: readonly InstitutionId[];
  /** Members whom the engine caught at signing two things for one height. */
  readonly misbehaviour: readonly InstitutionId[];
}

/** Why an entry stands, in the embedded engine: its proposer signed it, what came before it and what it leads to. */
export interface EntryCertificate {
  /** {@link CertifiedEntry.hash} of the entry before, 32 bytes; zeros at height 1. */
  readonly prevHash: Uint8Array;
  /** App hash after this entry, 32 bytes. */
  readonly appHash: Uint8Array;
  /** Ed25519 by the proposer's node key over the hash, type "ENTRY". */
  readonly signature: Uint8Array;
}

export interface CertifiedEntry {
  readonly entry: LogEntry;
  readonly certificate: EntryCertificate;
  /** SHA-256(cbor[entry hash, prevHash, appHash]): what is signed, and what the next certificate's `prevHash` is. */
  readonly hash: Uint8Array;
}

type Sign = (type: string, message: Uint8Array) => Uint8Array;

const SIGNATURE_TYPE = "ENTRY";

/** SHA-256(cbor[chain, height, time, proposer, RFC 6962 root of the groups, [absent…], [misbehaviour…]]), 32 bytes. */
export const entryHash = (entry: LogEntry): Uint8Array =>
  sha256(
    encodeCanonical([
      entry.chain,
      entry.height,
      entry.time,
      entry.proposer,
      rootOfLeafHashes(entry.groups.map(leafHash)),
      [...entry.absent],
      [...entry.misbehaviour],
    ]),
  );

type Link = Pick<EntryCertificate, "prevHash" | "appHash">;

const certifiedHash = (entry: LogEntry, { prevHash, appHash }: Link): Uint8Array =>
  sha256(encodeCanonical([entryHash(entry), prevHash, appHash]));

/** Certifies an entry that leads from `prevHash` to `appHash`. */
export function certifyEntry(
  entry: LogEntry,
  { prevHash, appHash }: Link,
  sign: Sign,
): CertifiedEntry {
  const hash = certifiedHash(entry, { prevHash, appHash });
  const signature = sign(SIGNATURE_TYPE, hash);
  return { entry, certificate: { prevHash, appHash, signature }, hash };
}

/** Whether the holder of this node key certified the entry. */
export const verifyCertified = (
  { hash, certificate }: CertifiedEntry,
  publicKey: Uint8Array,
): boolean =>
  verifySignature({
    type: SIGNATURE_TYPE,
    message: hash,
    publicKey,
    signature: certificate.signature,
  });

const entryItem = (entry: LogEntry): CborValue => [
  entry.chain,
  entry.height,
  entry.time,
  entry.proposer,
  [...entry.groups],
  [...entry.absent],
  [...entry.misbehaviour],
];

/** Canonical CBOR [chain, height, time, proposer, [group…], [absent…], [misbehaviour…]]. */
export const encodeLogEntry = (entry: LogEntry): Uint8Array => encodeCanonical(entryItem(entry));

/** @throws {AnamnesisError} MALFORMED, BAD_REQUEST (a name that is none) and those of decoding. */
export const decodeLogEntry = (bytes: Uint8Array): LogEntry =>
  entryFromItem(decodeItem(bytes, "Log entry", limits.blockBytes));

/** Canonical CBOR [entry, [prevHash, appHash, signature]]: what a follower pulls. */
export const encodeCertified = ({ entry, certificate }: Omit<CertifiedEntry, "hash">): Uint8Array =>
  encodeCanonical([
    entryItem(entry),
    [certificate.prevHash, certificate.appHash, certificate.signature],
  ]);

/** @throws {AnamnesisError} MALFORMED, BAD_REQUEST (a name that is none) and those of decoding. */
export function decodeCertified(bytes: Uint8Array): CertifiedEntry {
  const [first, second] = listOf(decodeItem(bytes, "Log entry", limits.blockBytes), 2);
  const entry = entryFromItem(first);
  const [prevHash, appHash, signature] = listOf(second, 3);
  if (!isBytes(prevHash, 32) || !isBytes(appHash, 32) || !isBytes(signature, 64))
    throw malformed("its certificate is not two hashes and a signature");
  const certificate = { prevHash, appHash, signature };
  return { entry, certificate, hash: certifiedHash(entry, certificate) };
}

function entryFromItem(item: unknown): LogEntry {
  const [chain, height, time, proposer, groups, absent, misbehaviour] = listOf(item, 7);
  if (typeof chain !== "string" || typeof proposer !== "string")
    throw malformed("chain and proposer are not text");
  if (!isCount(height) || !isCount(time)) throw malformed("height and time are not whole numbers");
  if (!Array.isArray(groups) || !groups.every((group) => group instanceof Uint8Array))
    throw malformed("its groups are not byte strings");
  return {
    chain: parseChainId(chain),
    height,
    time,
    proposer: parseInstitutionId(proposer),
    groups,
    absent: namesIn(absent),
    misbehaviour: namesIn(misbehaviour),
  };
}

function namesIn(list: unknown): InstitutionId[] {
  if (!Array.isArray(list) || !list.every((id) => typeof id === "string"))
    throw malformed("members are not named by text");
  return list.map(parseInstitutionId);
}

function listOf(item: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(item) || item.length !== length)
    throw malformed(`not a list of ${length} fields`);
  return item;
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isBytes = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;
const malformed = (why: string) => new AnamnesisError("MALFORMED", `Log entry refused: ${why}`);
