import { encodeCanonical, sha256, signatureInput, verifySignature } from "@anamnesis/crypto/verify";
import { decodeItem } from "./canonical.ts";
import { AnamnesisError } from "./errors.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { leafHash } from "./merkle.ts";

/**
 * A page: up to `pageSlips` slips sealed under one Merkle root; what is audited, summarised and proved (the seeds' block).
 *
 * `time` and `creator` are the time and proposer of the block that filled or sealed it. `prevHash` is 32 zero bytes for
 * page 0. Times are Unix milliseconds.
 */
export interface PageHeader {
  readonly no: number;
  readonly prevHash: Uint8Array;
  readonly time: number;
  readonly creator: InstitutionId;
  readonly merkleRoot: Uint8Array;
  readonly count: number;
}

/** Canonical CBOR [no, prevHash, time, creator, merkleRoot, count]. */
export const encodePageHeader = (header: PageHeader): Uint8Array =>
  encodeCanonical([
    header.no,
    header.prevHash,
    header.time,
    header.creator,
    header.merkleRoot,
    header.count,
  ]);

export const pageHash = (header: PageHeader): Uint8Array => sha256(encodePageHeader(header));

/** @throws {AnamnesisError} MALFORMED and those of decoding. */
export function decodePageHeader(bytes: Uint8Array): PageHeader {
  const list = decodeItem(bytes, "Page header");
  if (!Array.isArray(list) || list.length !== 6) throw malformed();
  const [no, prevHash, time, creator, merkleRoot, count] = list as unknown[];
  if (!isUint(no) || !isUint(time) || !isUint(count) || typeof creator !== "string")
    throw malformed();
  if (!isHash(prevHash) || !isHash(merkleRoot)) throw malformed();
  return { no, prevHash, time, creator: creator as InstitutionId, merkleRoot, count };
}

const isUint = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === 32;
const malformed = () =>
  new AnamnesisError(
    "MALFORMED",
    "Page header is not canonical CBOR [no, prevHash, time, creator, merkleRoot, count]",
  );

/** A page's leaf: canonical CBOR [slip bytes, carrier]. */
export const pageLeaf = (slipBytes: Uint8Array, carrier: string): Uint8Array =>
  encodeCanonical([slipBytes, carrier]);

export const pageLeafHash = (slipBytes: Uint8Array, carrier: string): Uint8Array =>
  leafHash(pageLeaf(slipBytes, carrier));

/** A member that re-executed the page's blocks signs its hash. */
export interface Countersignature {
  readonly institution: InstitutionId;
  readonly signature: Uint8Array;
}

const pageMessage = (chain: ChainId, header: PageHeader): Uint8Array =>
  encodeCanonical([chain, header.no, pageHash(header)]);

export const signPage = (
  chain: ChainId,
  header: PageHeader,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Uint8Array => sign("PAGE", pageMessage(chain, header));

export const verifyPageSignature = (
  chain: ChainId,
  header: PageHeader,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean =>
  verifySignature({ type: "PAGE", message: pageMessage(chain, header), publicKey, signature });

export const pageSignatureInput = (chain: ChainId, header: PageHeader): Uint8Array =>
  signatureInput("PAGE", pageMessage(chain, header));
