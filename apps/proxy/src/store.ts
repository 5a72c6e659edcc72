import { createCipheriv, createDecipheriv } from "node:crypto";
import { join } from "node:path";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import type { TagShare } from "@anamnesis/crypto/proxy";
import { concat, decodeCanonical, encodeCanonical, randomBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, parseGid } from "@anamnesis/protocol";
import type { Evidence, Gid } from "@anamnesis/protocol";
import { ShareKeys } from "./shareKeys.ts";

/** What every look at a grant needs: as little of a grant of a thousand tags as of one of a single tag. */
export interface HeldGrant {
  /** What `grant.publish` carries. */
  readonly digest: Uint8Array;
  /** SHA-256 of the grant: what its shares and answers are bound to. */
  readonly gctx: Uint8Array;
  /** When the grant itself ends, Unix milliseconds. */
  readonly notAfter: number;
  /** Goes with the shares when the grant ends; the rest stays, so that denials can be posted. */
  readonly replyKey: Uint8Array | null;
  /** Whether the grant's own key ended it: then no other deal of it is taken. */
  readonly revoked: boolean;
  /** Unix milliseconds, 0 while the shares are held. */
  readonly erasedAt: number;
  /** Over the erasure; empty while the shares are held. */
  readonly receipt: Uint8Array;
}

/** The rest of what a package brings: as large as the grant, and read in parts. */
export interface Deal {
  readonly grant: Uint8Array;
  /** None where a relative granted: the delegation would join all grants under it. */
  readonly visits: readonly { readonly key: Uint8Array; readonly signature: Uint8Array }[];
  /** In the order of the grant's tags. */
  readonly shares: readonly Omit<TagShare, "tag">[];
}

/** One intent that this proxy served. */
export type ServedIntent = Evidence["intents"][number];

type Documents = Pick<Deal, "grant" | "visits">;

/** Durable before it answers. Values are canonical CBOR; shares and reply keys lie under keys that can be destroyed. */
export class ProxyStore {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #grants: Database<Buffer, string>;
  readonly #documents: Database<Buffer, string>;
  /** `GID POSITION` → share and commitments of a tag: an answer reads those of its tags. */
  readonly #shares: Database<Buffer, string>;
  readonly #intents: Database<Buffer, string>;
  readonly #keys: ShareKeys;
  readonly #quotaBytes: number;
  #changes: Promise<unknown> = Promise.resolve();

  /** @param quotaBytes - Most bytes of grants; default the disk's. */
  constructor(folder: string, quotaBytes: number = Number.POSITIVE_INFINITY) {
    this.#quotaBytes = quotaBytes;
    this.#keys = new ShareKeys(join(folder, "shareKeys"));
    this.#root = open({
      path: folder,
      encoding: "binary",
      noSubdir: false,
      overlappingSync: false,
      eventTurnBatching: false, // else a failed write would end the process
    });
    this.#grants = this.#root.openDB({ name: "grants", encoding: "binary" });
    this.#documents = this.#root.openDB({ name: "documents", encoding: "binary" });
    this.#shares = this.#root.openDB({ name: "shares", encoding: "binary" });
    this.#intents = this.#root.openDB({ name: "intents", encoding: "binary" });
  }

  grant(gid: string): HeldGrant | undefined {
    const stored = this.#stored(gid);
    if (stored === undefined || stored.replyKey === null) return stored;
    const key = this.#keys.read(gid);
    return { ...stored, replyKey: key === undefined ? null : opened(key, stored.replyKey) };
  }

  /** Canonical bytes of a grant that is or was held. @throws {AnamnesisError} STORE_CORRUPT */
  document(gid: string): Uint8Array {
    const value = this.#documents.get(gid);
    if (value === undefined)
      throw new AnamnesisError("STORE_CORRUPT", "The proxy does not find a grant that it held");
    const documents = decodeCanonical(value, { maxBytes: value.length }) as unknown as Documents;
    return documents.grant;
  }

  /**
   * Share and commitments of a tag, by its position in a grant whose shares are held.
   * @throws {AnamnesisError} STORE_CORRUPT where there are none, and when they were changed.
   */
  share(gid: string, position: number): Omit<TagShare, "tag"> {
    const key = this.#keys.read(gid);
    const value = this.#shares.get(`${gid} ${position}`);
    if (key === undefined || value === undefined)
      throw new AnamnesisError("STORE_CORRUPT", "The proxy holds no share of this tag");
    const { share, commitments } = decodeCanonical(value) as unknown as Omit<TagShare, "tag">;
    return { share: opened(key, share), commitments };
  }

  /** Ids of the grants whose shares are still held. */
  heldGids(): Gid[] {
    return [...this.#grants.getKeys()]
      .filter((gid) => this.#stored(gid)?.replyKey !== null)
      .map(parseGid);
  }

  /**
   * Changes a grant, one change at a time: `change` sees what is held now, and nothing else is written meanwhile. What it
   * throws leaves all as it is.
   *
   * @param deal - What `change` may bring.
   * @throws {AnamnesisError} As {@link putDeal}.
   */
  changeGrant(
    gid: string,
    change: (held: HeldGrant | undefined) => HeldGrant,
    deal?: Deal,
  ): Promise<HeldGrant> {
    const changed = this.#changes.then(async () => {
      const before = this.grant(gid);
      const held = change(before);
      if (held === before) return held;
      if (held.replyKey === null) await this.putErased(gid, held);
      else if (deal !== undefined)
        await this.putDeal(gid, { ...held, replyKey: held.replyKey }, deal);
      return held;
    });
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  /** Keeps a deal of a grant in place of any other. @throws {AnamnesisError} STORAGE_FULL; nothing of it is kept. */
  async putDeal(
    gid: string,
    held: HeldGrant & { readonly replyKey: Uint8Array },
    { grant, visits, shares }: Deal,
  ): Promise<void> {
    const documents = encode({ grant, visits });
    const tags = shares.map(({ share, commitments }) => ({ share, commitments: [...commitments] }));
    const wanted = tags.reduce((sum, tag) => sum + encode(tag).length, documents.length);
    const kept = bytesOf(this.#documents) + bytesOf(this.#shares);
    if (kept + wanted > this.#quotaBytes)
      throw new AnamnesisError("STORAGE_FULL", "Share refused: this proxy has no room for more");
    await this.#write(async () => {
      const key = await this.#keys.make(gid);
      await this.#root.transaction(() => {
        this.#dropShares(gid);
        for (const [position, tag] of tags.entries())
          void this.#shares.put(
            `${gid} ${position}`,
            encode({ ...tag, share: sealed(key, tag.share) }),
          );
        void this.#documents.put(gid, documents);
        void this.#grants.put(gid, encode({ ...held, replyKey: sealed(key, held.replyKey) }));
      });
    });
  }

  /** Keeps a grant without its shares, which are beyond recovery when this resolves. */
  async putErased(gid: string, held: HeldGrant): Promise<void> {
    await this.#write(async () => {
      await this.#root.transaction(() => {
        this.#dropShares(gid);
        void this.#grants.put(gid, encode({ ...held, replyKey: null }));
      });
    });
    await this.#keys.destroy(gid);
  }

  /** Destroys the keys that a crash kept from being destroyed. */
  async finishErasures(): Promise<void> {
    for (const gid of this.#keys.gids()) {
      if ((this.#stored(gid)?.replyKey ?? null) === null) await this.#keys.destroy(gid);
    }
  }

  /** Idempotent: a repeated request of one intent leaves the first entry. */
  async putIntent(gid: string, intentId: string, served: ServedIntent): Promise<void> {
    const id = `${gid} ${intentId}`;
    if (this.#intents.get(id) === undefined)
      await this.#write(async () => void (await this.#intents.put(id, encode(served))));
  }

  /** By their ids. */
  intents(gid: string): ServedIntent[] {
    return [...this.#intents.getRange(under(gid))].map(
      ({ value }) => decodeCanonical(value) as unknown as ServedIntent,
    );
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** Its reply key still sealed. */
  #stored(gid: string): HeldGrant | undefined {
    const value = this.#grants.get(gid);
    return value === undefined ? undefined : (decodeCanonical(value) as unknown as HeldGrant);
  }

  #dropShares(gid: string): void {
    for (const key of this.#shares.getKeys(under(gid))) void this.#shares.remove(key);
  }

  /** Nothing is answered before the data is on disk: who cannot log does not serve (I8). */
  async #write(put: () => Promise<void>): Promise<void> {
    try {
      await put();
      await this.#root.flushed;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The proxy cannot write to its store", { cause });
    }
  }
}

/** The keys that begin with a gid and a space. */
const under = (gid: string) => ({ start: `${gid} `, end: `${gid}!` });

/** Whole pages of the file, as LMDB counts them (`mdb_stat`). */
function bytesOf(database: Database<Buffer, string>): number {
  const stats = database.getStats() as Record<
    "pageSize" | "treeBranchPageCount" | "treeLeafPageCount" | "overflowPages",
    number
  >;
  const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
  return pages * stats.pageSize;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function sealed(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** @throws {AnamnesisError} STORE_CORRUPT */
function opened(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  try {
    const tagAt = bytes.length - TAG_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(tagAt));
    return concat(decipher.update(bytes.subarray(NONCE_BYTES, tagAt)), decipher.final());
  } catch (cause) {
    throw new AnamnesisError(
      "STORE_CORRUPT",
      "The proxy's shares cannot be read; they were changed",
      { cause },
    );
  }
}

const encode = (value: object): Buffer => Buffer.from(encodeCanonical(value as never));
