import { openObjectId, readStoredRecord } from "@anamnesis/crypto/open";
import type { StoredRecord } from "@anamnesis/crypto/open";
import {
  createSha256,
  CryptoError,
  equalBytes,
  piecesOf,
  recordDigest,
  streamOf,
} from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf } from "@anamnesis/protocol";
import { assertSameRecord } from "./recordVersion.ts";
import type { AuthoredSlip } from "./recordVersion.ts";
import type { Session } from "./session.ts";

/** Where a record lies, as its slip says to whoever holds the tag's address key. */
export interface StoredObject {
  /** SHA-256 of the sealed chunks. */
  readonly bodyHash: Uint8Array;
  /** Downloads the object, each time anew. */
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** A stored record whose head is the one that the slip on the chain means; its body waits to be read once. */
export interface FoundRecord {
  readonly stored: StoredRecord;
  readonly bodyHash: Uint8Array;
  /** Downloads it once more. */
  again(): Promise<StoredRecord>;
}

/** Id of the vault in which this federation's objects lie. @throws {AnamnesisError} NOT_FOUND */
export function vaultOf({ trust }: Pick<Session, "trust">): string {
  const [vault] = consortiumOf(trust).consortium.vaults;
  if (vault === undefined) throw new AnamnesisError("NOT_FOUND", "The trust file names no vault");
  return vault.id;
}

const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Finds the object of a record in the vault: its id lies sealed in the slip, a member's node gives the ticket.
 *
 * @throws {CryptoError} E_DECRYPT when the slip's sealed id is not for this address key. @throws {AnamnesisError} NOT_FOUND, OBJECT_CORRUPT, UNAVAILABLE.
 */
export async function findObject(
  session: Session,
  input: {
    readonly chain: string;
    readonly institution: string;
    readonly sealedId: Uint8Array;
    readonly addressKey: Uint8Array;
  },
): Promise<StoredObject> {
  const { objectId: object, bodyHash } = await openObjectId({
    addressKey: input.addressKey,
    sealed: input.sealedId,
  });
  const node = session.network.node(input.institution);
  return {
    bodyHash,
    async open() {
      const vault = vaultOf(session);
      const ticket = await node.ticket({ vault, chain: input.chain, action: "get", object });
      return session.network.vault(vault).get(object, ticket);
    },
  };
}

/**
 * Opens the head of a stored object; its body waits to be read once.
 *
 * @throws {AnamnesisError} E_DECRYPT whatever is wrong with it; OBJECT_CORRUPT, NOT_FOUND, UNAVAILABLE.
 */
export async function readHead(
  object: Pick<StoredObject, "open">,
  addressKey: Uint8Array,
): Promise<StoredRecord> {
  const source = await object.open();
  try {
    return await readStoredRecord({ source, addressKey });
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new AnamnesisError(
      "E_DECRYPT",
      "Cannot open the stored record: it was changed, or is another one",
      { cause },
    );
  }
}

/**
 * Finds a record and opens its head, which must be the one on the chain: header, capsules and the body hash out of the slip
 * give its digest before a byte of the body came. That the body has that hash shows as it is read.
 *
 * @throws {AnamnesisError} DIGEST_MISMATCH, E_DECRYPT, OBJECT_CORRUPT, NOT_FOUND, UNAVAILABLE. @throws {CryptoError} E_DECRYPT
 */
export async function findRecord(
  session: Session,
  input: {
    readonly chain: string;
    readonly institution: string;
    readonly slip: AuthoredSlip;
    readonly addressKey: Uint8Array;
  },
): Promise<FoundRecord> {
  const { addressKey, slip } = input;
  const { sealedId, digest } = slip.fields;
  const object = await findObject(session, { ...input, sealedId });
  const { bodyHash } = object;
  const again = async (): Promise<StoredRecord> => {
    const stored = await readHead(object, addressKey);
    try {
      assertSameRecord(slip, stored.header);
      const { ctx: headerHash, capsulesHash } = stored;
      if (!equalBytes(recordDigest({ headerHash, capsulesHash, bodyHash }), digest))
        throw notTheOneOnChain();
    } catch (error) {
      await stored.body.cancel(error).catch(() => undefined);
      throw error;
    }
    return stored;
  };
  return { stored: await again(), bodyHash, again };
}

/**
 * Keeps a record whose body is wanted later: a small one in memory, so that it is downloaded once and a spoiled one is found
 * before anybody is asked for it; of a large one nothing but the head, and it is downloaded again when its body is wanted.
 *
 * @throws {AnamnesisError} DIGEST_MISMATCH
 */
export async function kept(found: FoundRecord): Promise<() => Promise<StoredRecord>> {
  const { stored, bodyHash, again } = found;
  const hash = createSha256();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(stored.body)) {
    size += piece.length;
    if (size > KEPT_BYTES_MAX) return again;
    hash.update(piece);
    parts.push(piece);
  }
  if (!equalBytes(hash.digest(), bodyHash)) throw notTheOneOnChain();
  return () => Promise.resolve({ ...stored, body: streamOf(parts) });
}

const notTheOneOnChain = (): AnamnesisError =>
  new AnamnesisError(
    "DIGEST_MISMATCH",
    "The stored record is not the one whose digest is on the chain",
  );
