import { AnamnesisError, limits, makeHead } from "@anamnesis/protocol";
import type { Head, InstitutionId } from "@anamnesis/protocol";
import type { ChainStore } from "../store/chainStore.ts";

/** Heads of old heights that are kept signed. */
const KEPT_HEADS = 1_000;

interface HeadsConfig {
  readonly chain: Head["chain"];
  readonly institution: InstitutionId;
  readonly store: ChainStore;
  readonly sign: (type: string, message: Uint8Array) => Uint8Array;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The heads that this member signs: the newest again and again, an older one once. */
export class Heads {
  readonly #config: HeadsConfig;
  readonly #old = new Map<number, Head>();
  #newest: Head | undefined;

  constructor(config: HeadsConfig) {
    this.#config = config;
  }

  /** Signed now, or in the last 2 s and still the newest. */
  newest(): Head {
    const { store, now } = this.#config;
    const height = store.height ?? 0;
    const newest = this.#newest;
    if (newest?.height === height && now() - newest.time < limits.headEveryMs) return newest;
    return (this.#newest = this.#sign(height, now()));
  }

  /**
   * The head of a committed height: `time` is when it was committed here.
   * @throws {AnamnesisError} NOT_YET
   */
  of(height: number): Head {
    const known = this.#old.get(height);
    if (known !== undefined) return known;
    const facts = this.#config.store.facts(height);
    if (facts === undefined)
      throw new AnamnesisError("NOT_YET", `Height ${height} is not committed here`);
    const head = this.#sign(height, facts.time);
    if (this.#old.size >= KEPT_HEADS) this.#old.clear();
    this.#old.set(height, head);
    return head;
  }

  #sign(height: number, time: number): Head {
    const { chain, institution, store, sign } = this.#config;
    const facts = store.facts(height);
    if (facts === undefined)
      throw new AnamnesisError("STORE_CORRUPT", `Height ${height} has no app hash in the store`);
    return makeHead({ chain, height, appHash: facts.appHash, time, institution }, sign);
  }
}
