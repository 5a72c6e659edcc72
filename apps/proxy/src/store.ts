import { createCipheriv, createDecipheriv } from "node:crypto";
import { join } from "node:path";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { concat, decodeCanonical, encodeCanonical, randomBytes } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { AnamnesisError, parseGid } from "@anamnesis/protocol";
import type { Evidence, Gid } from "@anamnesis/protocol";
import { ShareKeys } from "./shareKeys.ts";

/** What a proxy keeps of a grant. `secret` goes when the grant ends; the rest stays, so that denials can be posted. */
export interface HeldGrant {
  readonly grant: Uint8Array;
  readonly digest: Uint8Array;
  readonly secret: { readonly replyKey: Uint8Array; readonly shares: readonly Uint8Array[] } | null;
  /** None where a relative granted: the delegation would join all grants under it. */
  readonly visits: readonly { readonly key: Uint8Array; readonly signature: Uint8Array }[];
  /** Whether the grant's own key ended it: then no other deal of it is taken. */
  readonly revoked: boolean;
  /** Unix milliseconds, 0 while the shares are held. */
  readonly erasedAt: number;
  /** Over the erasure; empty while the shares are held. */
  readonly receipt: Uint8Array;
}

/** One intent that this proxy served. */
export type ServedIntent = Evidence["intents"][number];

/** A grant as it lies in the database: `secret` under the grant's own key. */
type StoredGrant = Omit<HeldGrant, "secret"> & { readonly secret: Uint8Array | null };

/** Durable before it answers. Values are canonical CBOR; shares lie under keys that can be destroyed. */
export class ProxyStore {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #grants: Database<Buffer, string>;
  /** Apart from the grants: most of their bytes, of which an answer needs those of its tags. */
  readonly #commitments: Database<Buffer, string>;
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
    this.#commitments = this.#root.openDB({ name: "commitments", encoding: "binary" });
    this.#intents = this.#root.openDB({ name: "intents", encoding: "binary" });
  }

  grant(gid: string): HeldGrant | undefined {
    const stored = this.#stored(gid);
    if (stored === undefined) return undefined;
    const key = stored.secret === null ? undefined : this.#keys.read(gid);
    const secret =
      stored.secret === null || key === undefined ? null : openSecret(key, stored.secret);
    return { ...stored, secret };
  }

  /**
   * Commitments V of a tag, by its position in a grant whose shares are held.
   * @throws {AnamnesisError} STORE_CORRUPT where there are none: they went with the shares.
   */
  commitments(gid: string, position: number): readonly Uint8Array[] {
    const value = this.#commitments.get(`${gid} ${position}`);
    if (value === undefined)
      throw new AnamnesisError("STORE_CORRUPT", "The proxy holds no commitments of these shares");
    return decodeCanonical(value) as Uint8Array[];
  }

  /** Ids of the grants whose shares are still held. */
  heldGids(): Gid[] {
    return [...this.#grants.getKeys()]
      .filter((gid) => this.#stored(gid)?.secret !== null)
      .map(parseGid);
  }

  /**
   * Changes a grant, one change at a time: `change` sees what is held now, and nothing else is written meanwhile. What it
   * throws leaves all as it is.
   *
   * @param commitments - Those of the deal that `change` may bring.
   * @throws {AnamnesisError} As {@link putGrant}.
   */
  changeGrant(
    gid: string,
    change: (held: HeldGrant | undefined) => HeldGrant,
    commitments: readonly (readonly Uint8Array[])[] = [],
  ): Promise<HeldGrant> {
    const changed = this.#changes.then(async () => {
      const before = this.grant(gid);
      const held = change(before);
      if (held !== before) await this.putGrant(gid, held, held.secret === null ? [] : commitments);
      return held;
    });
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  /**
   * Keeps a grant. Without `secret` its shares are beyond recovery when this resolves.
   * @param commitments - V_0…V_{k−1} of each tag, 576 bytes each; none where the shares are gone.
   * @throws {AnamnesisError} STORAGE_FULL; nothing of it is kept.
   */
  async putGrant(
    gid: string,
    held: HeldGrant,
    commitments: readonly (readonly Uint8Array[])[],
  ): Promise<void> {
    const { secret, ...rest } = held;
    const values = commitments.map((each) => encode(each));
    const wanted = [encode(held), ...values].reduce((sum, { length }) => sum + length, 0);
    const kept = bytesOf(this.#grants) + bytesOf(this.#commitments);
    if (secret !== null && kept + wanted > this.#quotaBytes)
      throw new AnamnesisError("STORAGE_FULL", "Share refused: this proxy has no room for more");
    await this.#write(async () => {
      const sealed = secret === null ? null : sealSecret(await this.#keys.make(gid), secret);
      await this.#root.transaction(() => {
        for (const key of this.#commitments.getKeys(under(gid))) void this.#commitments.remove(key);
        for (const [position, value] of values.entries())
          void this.#commitments.put(`${gid} ${position}`, value);
        void this.#grants.put(gid, encode({ ...rest, secret: sealed }));
      });
    });
    if (secret === null) await this.#keys.destroy(gid);
  }

  /** Destroys the keys that a crash kept from being destroyed. */
  async finishErasures(): Promise<void> {
    for (const gid of this.#keys.gids()) {
      if ((this.#stored(gid)?.secret ?? null) === null) await this.#keys.destroy(gid);
    }
  }

  /** Idempotent: a repeated request of one intent leaves the first entry. */
  async putIntent(gid: string, intentId: string, served: ServedIntent): Promise<void> {
    const id = `${gid} ${intentId}`;
    if (this.#intents.get(id) === undefined)
      await this.#write(async () => void (await this.#intents.put(id, encode(served))));
  }

  intents(gid: string): ServedIntent[] {
    return [...this.#intents.getRange(under(gid))].map(
      ({ value }) => decodeCanonical(value) as unknown as ServedIntent,
    );
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #stored(gid: string): StoredGrant | undefined {
    const value = this.#grants.get(gid);
    if (value === undefined) return undefined;
    return decodeCanonical(value, { maxBytes: value.length }) as unknown as StoredGrant;
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

function sealSecret(key: Uint8Array, secret: NonNullable<HeldGrant["secret"]>): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const plaintext = encodeCanonical({ ...secret, shares: [...secret.shares] });
  return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** @throws {AnamnesisError} STORE_CORRUPT */
function openSecret(key: Uint8Array, sealed: Uint8Array): NonNullable<HeldGrant["secret"]> {
  try {
    const tagAt = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(tagAt));
    const plaintext = concat(
      decipher.update(sealed.subarray(NONCE_BYTES, tagAt)),
      decipher.final(),
    );
    const opened: CborValue = decodeCanonical(plaintext, { maxBytes: plaintext.length });
    return opened as unknown as NonNullable<HeldGrant["secret"]>;
  } catch (cause) {
    throw new AnamnesisError(
      "STORE_CORRUPT",
      "The proxy's shares cannot be read; they were changed",
      { cause },
    );
  }
}

const encode = (value: object): Buffer => Buffer.from(encodeCanonical(value as never));
