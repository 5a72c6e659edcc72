import { encodeCanonical, sha256, verifySignature } from "@anamnesis/crypto/verify";
import { institutionIdShape } from "./ids.ts";
import type { ChainId } from "./ids.ts";
import { leafHash } from "./merkle.ts";
import { bytes, item, tuple, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";
import type { VerifySignature } from "./verifyOnce.ts";

/** Canonical CBOR [no, prevHash, time, creator, merkleRoot, count]. */
export const pageHeaderShape = tuple({
  no: uint,
  /** Hash of the page before; 32 zero bytes for page 0. */
  prevHash: bytes(32),
  /** Time (Unix milliseconds) and proposer of the block that filled or sealed it. */
  time: uint,
  creator: institutionIdShape,
  merkleRoot: bytes(32),
  count: uint,
});
/**
 * A page's header. A page is up to `pageSlips` slips sealed under one Merkle root; what is audited, summarised and proved
 * (the seeds' block).
 */
export type PageHeader = Readonly<Shaped<typeof pageHeaderShape>>;
export const { encode: encodePageHeader, decode: decodePageHeader } = item(
  "Page header",
  pageHeaderShape,
);

export const pageHash = (header: PageHeader): Uint8Array => sha256(encodePageHeader(header));

/** A page's leaf: canonical CBOR [slip bytes, carrier]. */
const pageLeaf = (slipBytes: Uint8Array, carrier: string): Uint8Array =>
  encodeCanonical([slipBytes, carrier]);

export const pageLeafHash = (slipBytes: Uint8Array, carrier: string): Uint8Array =>
  leafHash(pageLeaf(slipBytes, carrier));

export const countersignatureShape = tuple({
  institution: institutionIdShape,
  signature: bytes(64),
});
/** A member that re-executed the page's blocks signs its hash. */

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
  verify: VerifySignature = verifySignature,
): boolean => verify({ type: "PAGE", message: pageMessage(chain, header), publicKey, signature });
