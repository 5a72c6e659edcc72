import { AnamnesisError } from "@anamnesis/protocol";

/** How many bytes of bodies may lie in memory at once, from their arrival until they were answered. */
export interface WaitingBound {
  readonly perOrigin: number;
  readonly inAll: number;
}

/** Counts what lies in memory of bodies that are read whole: nobody may fill it, by one request or by many (D16). */
export class WaitingBytes {
  readonly #bound: WaitingBound;
  readonly #byOrigin = new Map<string, number>();
  #all = 0;

  constructor(bound: WaitingBound) {
    this.#bound = bound;
  }

  /** @throws {AnamnesisError} BUSY; then nothing is counted. */
  take(origin: string, bytes: number): void {
    const before = this.#byOrigin.get(origin) ?? 0;
    if (before + bytes > this.#bound.perOrigin || this.#all + bytes > this.#bound.inAll)
      throw new AnamnesisError("BUSY", "Too many bytes wait here; come back in a second");
    this.#byOrigin.set(origin, before + bytes);
    this.#all += bytes;
  }

  leave(origin: string, bytes: number): void {
    const left = (this.#byOrigin.get(origin) ?? 0) - bytes;
    if (left > 0) this.#byOrigin.set(origin, left);
    else this.#byOrigin.delete(origin);
    this.#all -= bytes;
  }
}
