import type { ChainId } from "@anamnesis/protocol";
import { storageFull } from "./store.ts";

/** How many bytes a vault takes. */
export interface RoomLimits {
  /** In all. */
  readonly bytes: number;
  /** Under one chain: an institution does not fill the vault of another. */
  readonly bytesOf: (chain: ChainId) => number;
}

/** What of a vault is taken, in all and under each chain. */
export class Room {
  readonly #limits: RoomLimits;
  readonly #taken = new Map<ChainId, number>();
  #inAll = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /** @throws {AnamnesisError} STORAGE_FULL, with nothing taken. */
  take(chain: ChainId, bytes: number): void {
    if (this.#inAll + bytes > this.#limits.bytes) throw storageFull("the vault is full");
    if ((this.#taken.get(chain) ?? 0) + bytes > this.#limits.bytesOf(chain))
      throw storageFull("the share of the chain's institution is used up");
    this.count(chain, bytes);
  }

  /** Counts what is there whatever the limits say; less than 0 gives back. */
  count(chain: ChainId, bytes: number): void {
    this.#taken.set(chain, (this.#taken.get(chain) ?? 0) + bytes);
    this.#inAll += bytes;
  }
}
