import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { decodeCanonical, encodeCanonical } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** What a proxy keeps of a grant. `secret` goes when the grant ends; the rest stays, so that denials can be posted. */
export interface HeldGrant {
  readonly grant: Uint8Array;
  readonly digest: Uint8Array;
  /** Commitments V, 576 bytes each: k for each tag. */
  readonly commitments: readonly Uint8Array[];
  readonly secret: { readonly replyKey: Uint8Array; readonly shares: readonly Uint8Array[] } | null;
  readonly visits: readonly { readonly key: Uint8Array; readonly signature: Uint8Array }[];
  /** Unix milliseconds, 0 while the shares are held. */
  readonly erasedAt: number;
  /** Over the erasure; empty while the shares are held. */
  readonly receipt: Uint8Array;
}

/** One intent that this proxy served. */
export interface ServedIntent {
  readonly intent: Uint8Array;
  readonly reader: Uint8Array;
  readonly salt: Uint8Array;
  readonly digests: readonly Uint8Array[];
  readonly time: number;
}

/** Durable before it answers. Values are canonical CBOR. */
export class ProxyStore {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #grants: Database<Buffer, string>;
  readonly #intents: Database<Buffer, string>;

  constructor(folder: string) {
    this.#root = open({ path: folder, encoding: "binary", overlappingSync: false });
    this.#grants = this.#root.openDB({ name: "grants", encoding: "binary" });
    this.#intents = this.#root.openDB({ name: "intents", encoding: "binary" });
  }

  grant(gid: string): HeldGrant | undefined {
    const value = this.#grants.get(gid);
    return value === undefined
      ? undefined
      : (decodeCanonical(value, { maxBytes: value.length }) as unknown as HeldGrant);
  }

  /** Ids of the grants whose shares are still held. */
  heldGids(): string[] {
    return [...this.#grants.getKeys()].filter((gid) => this.grant(gid)?.secret !== null);
  }

  async putGrant(gid: string, held: HeldGrant): Promise<void> {
    await this.#write(() => this.#grants.put(gid, encode(held)));
  }

  /** Idempotent: a repeated request of one intent leaves the first entry. */
  async putIntent(gid: string, intentId: string, served: ServedIntent): Promise<void> {
    const id = `${gid} ${intentId}`;
    if (this.#intents.get(id) === undefined)
      await this.#write(() => this.#intents.put(id, encode(served)));
  }

  intents(gid: string): ServedIntent[] {
    return [...this.#intents.getRange({ start: `${gid} `, end: `${gid}!` })].map(
      ({ value }) => decodeCanonical(value) as unknown as ServedIntent,
    );
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** Nothing is answered before the data is on disk: who cannot log does not serve (I8). */
  async #write(put: () => Promise<boolean>): Promise<void> {
    try {
      await put();
      await this.#root.flushed;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The proxy cannot write to its store", { cause });
    }
  }
}

const encode = (value: object): Buffer => Buffer.from(encodeCanonical(value as never));
