import { equalBytes, piecesOf } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { ChainId } from "@anamnesis/protocol";
import { objectCorrupt } from "./store.ts";
import type { NamedObject, ObjectId, Store, StoredObject } from "./store.ts";
import type { PeerObject, Peers } from "./peers.ts";

/** What {@link Repairs.scrub} found, each a number of objects. */
export interface ScrubResult {
  readonly objects: number;
  /** Damaged, and whole again. */
  readonly repaired: number;
  /** Damaged, and no other vault gave a good copy. */
  readonly lost: number;
  /** Whole here and at another vault, with other bytes. */
  readonly differing: number;
  /** Whole here, and at no other vault. */
  readonly alone: number;
  /** Forgotten: put long ago, and nobody had them kept. */
  readonly swept: number;
}

/** Keeps a vault's objects whole: damaged ones are fetched from the other vaults that hold them. */
export class Repairs {
  readonly #store: Store;
  readonly #peers: Peers;
  readonly #chains: readonly ChainId[];
  readonly #running = new Map<ObjectId, Promise<boolean>>();

  /** @param chains - Those of the federation, for objects of which the vault does not know any more whose they are. */
  constructor(store: Store, peers: Peers, chains: readonly ChainId[]) {
    this.#store = store;
    this.#peers = peers;
    this.#chains = chains;
  }

  /** Repairs a damaged object, once for all who ask meanwhile. @returns whether it is whole again. */
  repair(id: ObjectId): Promise<boolean> {
    const running = this.#running.get(id);
    if (running !== undefined) return running;
    const repair = this.#repair(id).finally(() => this.#running.delete(id));
    this.#running.set(id, repair);
    return repair;
  }

  /** Ends when no repair runs. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  /**
   * Forgets what nobody had kept, checks every byte of every other object, repairs damaged ones, and compares what is kept
   * with the copies elsewhere.
   *
   * @param before - Unix milliseconds: what was put before then should have been kept by now.
   */
  async scrub(before: number): Promise<ScrubResult> {
    const found = { objects: 0, repaired: 0, lost: 0, differing: 0, alone: 0, swept: 0 };
    const waiting = new Set<ObjectId>();
    for await (const { id, since } of this.#store.unkept()) {
      if (since > before) waiting.add(id);
      else if (await this.#store.sweep(id)) found.swept += 1;
    }
    for await (const id of this.#store.ids()) {
      found.objects += 1;
      const good = await this.#check(id);
      if (good === undefined) found[(await this.repair(id)) ? "repaired" : "lost"] += 1;
      else if (!waiting.has(id)) {
        const elsewhere = await this.#compare(good);
        if (elsewhere !== undefined) found[elsewhere] += 1;
      }
    }
    return found;
  }

  /** @returns the object if every byte of it is good. */
  async #check(id: ObjectId): Promise<StoredObject | undefined> {
    try {
      const object = await this.#store.open(id);
      await object?.close();
      return object;
    } catch (error) {
      if (codeOf(error) !== "OBJECT_CORRUPT") throw error;
      return undefined;
    }
  }

  /** @returns `undefined` where another vault has the same bytes, or does not say what it has. */
  async #compare(good: StoredObject): Promise<"differing" | "alone" | undefined> {
    let isAlone = true;
    for (const peer of this.#peers.of(good)) {
      try {
        const sha256 = await peer.keep();
        if (sha256 !== undefined) return equalBytes(sha256, good.sha256) ? undefined : "differing";
      } catch (error) {
        if (!(error instanceof AnamnesisError)) throw error;
        isAlone = false;
      }
    }
    return isAlone ? "alone" : undefined;
  }

  async #repair(id: ObjectId): Promise<boolean> {
    const known = await this.#store.known(id);
    const chains = known === undefined ? this.#chains : [known.chain];
    for (const chain of chains) {
      for (const peer of this.#peers.of({ id, chain })) {
        try {
          await this.#copy({ id, chain }, peer, known?.sha256);
          return true;
        } catch (error) {
          if (!(error instanceof AnamnesisError)) throw error;
        }
      }
    }
    return false;
  }

  /** @throws {AnamnesisError} OBJECT_CORRUPT when it is not what the vault knows of it; what the peer or the store refuses with. */
  async #copy(named: NamedObject, peer: PeerObject, wanted: Uint8Array | undefined): Promise<void> {
    const { content, sha256 = wanted } = await peer.content();
    if (sha256 === undefined || !equalBytes(sha256, wanted ?? sha256)) {
      await content.cancel().catch(() => undefined);
      throw objectCorrupt("another vault holds other bytes");
    }
    const upload = await this.#store.beginRepair(named);
    try {
      for await (const chunk of piecesOf(content)) await upload.write(chunk);
      await upload.commit(sha256);
    } catch (error) {
      await upload.abort();
      throw error;
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof AnamnesisError ? error.code : undefined;
