import { openBody } from "@anamnesis/crypto/open";
import type { OpenedRecord, SealedHead, StoredRecord } from "@anamnesis/crypto/open";
import {
  createSha256,
  equalBytes,
  piecesOf,
  recordDigest,
  streamOf,
} from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { contentStream } from "./contentStream.ts";
import type { ContentStream } from "./contentStream.ts";
import { assertSameRecord } from "./recordVersion.ts";
import type { AuthoredSlip, ProvenVersion } from "./recordVersion.ts";
import type { Session } from "./session.ts";
import { findObject, readHead } from "./storedObject.ts";
import type { StoredObject } from "./storedObject.ts";
import type { PassedVault } from "./vaultChoice.ts";

/** A body of this size or less is kept in memory. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** A stored record whose head is the one that the slip on the chain means. */
export class FoundRecord {
  readonly head: SealedHead;
  readonly #object: StoredObject;
  readonly #take: (object: ReadableStream<Uint8Array>) => Promise<StoredRecord>;
  #unread: StoredRecord | undefined;

  private constructor(
    object: StoredObject,
    take: (object: ReadableStream<Uint8Array>) => Promise<StoredRecord>,
    unread: StoredRecord,
  ) {
    this.#object = object;
    this.#take = take;
    this.#unread = unread;
    this.head = unread;
  }

  /** @param take - Opens the head of a download, and throws unless it is the right one. */
  static async at(
    object: StoredObject,
    take: (object: ReadableStream<Uint8Array>) => Promise<StoredRecord>,
  ): Promise<FoundRecord> {
    return new FoundRecord(object, take, await object.read(take));
  }

  get bodyHash(): Uint8Array {
    return this.#object.bodyHash;
  }

  get passed(): readonly PassedVault[] {
    return this.#object.passed;
  }

  /** The record with its body unread. That the body has its hash shows as it is read. */
  async open(): Promise<StoredRecord> {
    const unread = this.#unread ?? (await this.#object.read(this.#take));
    this.#unread = undefined;
    return unread;
  }

  /** What {@link open} gave failed: the next time another vault gives it. @throws as {@link StoredObject.passOver}. */
  passOver(error: unknown): void {
    this.#object.passOver(error);
  }
}

/**
 * Finds a record and opens its head, which must be the one on the chain: header, capsules and the body hash out of the slip
 * give its digest before a byte of the body came. A vault whose object has another head is passed over.
 *
 * @throws {AnamnesisError} DIGEST_MISMATCH, E_DECRYPT, OBJECT_CORRUPT, NOT_FOUND, UNAVAILABLE. @throws {CryptoError} E_DECRYPT
 */
export async function findRecord(
  session: Session,
  input: {
    readonly chain: string;
    readonly slip: AuthoredSlip;
    readonly addressKey: Uint8Array;
  },
): Promise<FoundRecord> {
  const { addressKey, slip } = input;
  const { sealedId, digest } = slip.fields;
  const object = await findObject(session, { ...input, sealedId });
  const { bodyHash } = object;
  return FoundRecord.at(object, async (source) => {
    const stored = await readHead(source, addressKey);
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
  });
}

/** A body that can be opened, and what to do when a vault gave a wrong one. */
export interface Body {
  readonly open: () => Promise<StoredRecord>;
  /** @throws as {@link StoredObject.passOver}. */
  readonly passOver: (error: unknown) => void;
}

/**
 * What a proven version holds, by its content key: author and digest are those of its slip.
 *
 * @param done - As in {@link contentStream}.
 */
export function contentOf(
  { slip, author }: Pick<ProvenVersion, "slip" | "author">,
  body: Body,
  contentKey: Uint8Array,
  done?: (opened: OpenedRecord) => Promise<void>,
): ContentStream {
  return contentStream({
    open: async () =>
      openBody({
        record: await body.open(),
        contentKey,
        authorPublicKey: author.signingKey,
        expectedDigest: slip.fields.digest,
      }),
    passOver: (error) => body.passOver(error),
    ...(done !== undefined && { done }),
  });
}

/**
 * Keeps a record whose body is wanted later: a small one in memory, so that it is downloaded once and a spoiled one is found
 * before anybody is asked for it, and another vault asked; of a large one nothing but the head, and it is downloaded again
 * when its body is wanted.
 *
 * @throws {AnamnesisError} DIGEST_MISMATCH, and as {@link StoredObject.read}.
 */
export async function kept(found: FoundRecord): Promise<Body> {
  for (;;) {
    const stored = await found.open();
    try {
      const parts = await smallBody(stored, found.bodyHash);
      if (parts === undefined)
        return { open: () => found.open(), passOver: (error) => found.passOver(error) };
      return { open: async () => ({ ...stored, body: streamOf(parts) }), passOver: rethrown };
    } catch (error) {
      found.passOver(error);
    }
  }
}

/** @returns `undefined` for a body that is too large to be kept. @throws {AnamnesisError} DIGEST_MISMATCH */
async function smallBody(
  { body }: StoredRecord,
  bodyHash: Uint8Array,
): Promise<readonly Uint8Array[] | undefined> {
  const hash = createSha256();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(body)) {
    size += piece.length;
    if (size > KEPT_BYTES_MAX) return undefined;
    hash.update(piece);
    parts.push(piece);
  }
  if (!equalBytes(hash.digest(), bodyHash)) throw notTheOneOnChain();
  return parts;
}

const rethrown = (error: unknown): never => {
  throw error;
};

const notTheOneOnChain = (): AnamnesisError =>
  new AnamnesisError(
    "DIGEST_MISMATCH",
    "The stored record is not the one whose digest is on the chain",
  );
