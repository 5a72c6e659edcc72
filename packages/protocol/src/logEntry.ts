import { encodeCanonical, sha256, verifySignature } from "@anamnesis/crypto/verify";
import { chainIdShape, institutionIdShape } from "./ids.ts";
import { limits } from "./limits.ts";
import { leafHash, rootOfLeafHashes } from "./merkle.ts";
import { blob, bytes, item, list, tuple, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

const named = list(institutionIdShape, limits.members);

/** Canonical CBOR [chain, height, time, proposer, [group…], [absent…], [misbehaviour…]]. */
const logEntryShape = tuple({
  chain: chainIdShape,
  /** From 1 on, without a gap. */
  height: uint,
  /** Block time, Unix milliseconds; never goes back. */
  time: uint,
  proposer: institutionIdShape,
  /** Groups as their carriers' nodes made them. One whose form or signature fails yields codes and changes nothing. */
  groups: list(blob(limits.blockBytes), limits.blockBytes),
  /** Voters that did not sign the entry before. */
  absent: named,
  /** Members whom the engine caught at signing two things for one height. */
  misbehaviour: named,
});
/**
 * What was decided at one height: all that replaying needs, whichever engine decided it. Why it was decided is said by a
 * certificate of that engine's own (embedded: {@link EntryCertificate}; CometBFT: its commit).
 */
export type LogEntry = Readonly<Shaped<typeof logEntryShape>>;

const entryCertificateShape = tuple({
  /** {@link CertifiedEntry.hash} of the entry before; zeros at height 1. */
  prevHash: bytes(32),
  /** App hash after this entry. */
  appHash: bytes(32),
  /** Ed25519 by the proposer's node key over the hash, type "ENTRY". */
  signature: bytes(64),
});
/** Why an entry stands, in the embedded engine: its proposer signed it, what came before it and what it leads to. */
export type EntryCertificate = Readonly<Shaped<typeof entryCertificateShape>>;

const certifiedDocument = item(
  "Log entry",
  tuple({ entry: logEntryShape, certificate: entryCertificateShape }),
  limits.blockBytes,
);

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

/** Canonical CBOR [entry, [prevHash, appHash, signature]]: what a follower pulls. */
export const encodeCertified: (certified: Omit<CertifiedEntry, "hash">) => Uint8Array =
  certifiedDocument.encode;

/** @throws {AnamnesisError} MALFORMED and those of decoding. */
export function decodeCertified(bytes: Uint8Array): CertifiedEntry {
  const { entry, certificate } = certifiedDocument.decode(bytes);
  return { entry, certificate, hash: certifiedHash(entry, certificate) };
}
