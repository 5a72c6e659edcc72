import { openBody, openObjectId, readStoredRecord } from "@anamnesis/crypto/open";
import type { RecordMeta, StoredRecord } from "@anamnesis/crypto/open";
import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, verifySlip } from "@anamnesis/protocol";
import type { Slip } from "@anamnesis/protocol";
import { certificateOf } from "./people.ts";
import type { CertificateView } from "./ports.ts";
import { proveSlip } from "./proveSlip.ts";
import type { ProvenSlip } from "./proveSlip.ts";
import type { Session } from "./session.ts";

export type RecordSlip = Slip<"record.submit"> | Slip<"record.amend">;

/** A version of a record whose slip is proven and whose author is verified. */
export interface ProvenVersion {
  readonly proven: ProvenSlip;
  readonly slip: RecordSlip;
  readonly author: CertificateView;
}

/**
 * Proves one version of a record: its slip stands on the chain under two signed heads, and a certified member of the
 * institution signed it.
 *
 * @param wanted.digest - What the node said the version's digest is, hex.
 * @throws {AnamnesisError} PROOF_INVALID, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, NOT_FOUND, UNAVAILABLE.
 */
export async function proveVersion(
  session: Session,
  wanted: { readonly chain: string; readonly slip: string; readonly tag: string; readonly pid: string; readonly digest: string },
): Promise<ProvenVersion> {
  const proven = await proveSlip(session, wanted.chain, wanted.slip);
  const { slip } = proven;
  if (slip.kind !== "record.submit" && slip.kind !== "record.amend") throw new AnamnesisError("PROOF_INVALID", `The slip is a ${slip.kind}, want a record`);
  const { tag, pid, digest, cert, institution } = slip.fields;
  if (toHex(tag) !== wanted.tag || toHex(pid) !== wanted.pid || toHex(digest) !== wanted.digest) {
    throw new AnamnesisError("DIGEST_MISMATCH", "The chain says otherwise about this record than the node did");
  }
  const author = await certificateOf(session, toHex(cert));
  const wasLive = slip.time >= author.validFrom && slip.time <= author.validTo;
  if (author.institution !== institution || !wasLive || !verifySlip(slip, author.signingKey)) {
    throw new AnamnesisError("AUTHOR_UNVERIFIED", "The record's signature is not that of a certified author of its institution");
  }
  return { proven, slip, author };
}

/**
 * Fetches a version's object from the vault and opens its head; the body stays unread.
 *
 * @param keeper - Institution whose node gives the ticket.
 * @throws {CryptoError} E_DECRYPT. @throws {AnamnesisError} OBJECT_CORRUPT, NOT_FOUND, UNAVAILABLE, DIGEST_MISMATCH.
 */
export async function fetchStored(session: Session, version: ProvenVersion, access: { readonly keeper: string; readonly addressKey: Uint8Array }): Promise<StoredRecord> {
  const { slip } = version;
  const { addressKey } = access;
  const object = await openObjectId({ addressKey, sealed: slip.fields.sealedId });
  const ticket = await session.network.node(access.keeper).ticket({ chain: slip.chain, action: "get", object });
  const stored = await readStoredRecord({ source: await session.network.vault().get(object, ticket), addressKey });
  const { header } = stored;
  const isIt = equalBytes(header.pid, slip.fields.pid) && equalBytes(header.tag, slip.fields.tag) && equalBytes(header.author, fromHex(version.author.fingerprint));
  if (!isIt) throw new AnamnesisError("DIGEST_MISMATCH", "The stored record is another one than its slip says");
  return stored;
}

/** The content of a fetched record as a stream, and what is known once it has verified as a whole. */
export function contentOf(version: ProvenVersion, record: StoredRecord, contentKey: Uint8Array): { readonly content: AsyncIterable<Uint8Array>; readonly finished: Promise<RecordMeta> } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const opened = openBody({
    record,
    contentKey,
    authorPublicKey: version.author.signingKey,
    expectedDigest: version.slip.fields.digest,
    sink: (bytes) => writer.write(bytes),
  });
  const finished = opened.then(
    async ({ meta }) => {
      await writer.close();
      return meta;
    },
    async (error: unknown) => {
      await writer.abort(error).catch(() => undefined);
      throw error;
    },
  );
  finished.catch(() => undefined); // Told to whoever reads the content, and again to whoever awaits it.
  return { content: chunksOf(readable), finished };
}

/** Not every browser iterates streams by itself. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
