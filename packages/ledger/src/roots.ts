import { createLtHash, enc } from "@anamnesis/crypto/verify";
import type { LtHash } from "@anamnesis/crypto/verify";
import { InvariantError, mapNames } from "@anamnesis/protocol";
import type { MapName, StateRoots } from "@anamnesis/protocol";
import { keyBytes } from "./keys.ts";
import type { Write } from "./outcome.ts";
import { rows } from "./rows.ts";
import type { FactRoot, MapRow } from "./rows.ts";
import { updateSparseMap } from "./sparseMap.ts";
import type { Writes } from "./state.ts";
import { readRow } from "./view.ts";
import type { Reader } from "./view.ts";

/** The eight roots as committed. */
export function readRoots(state: Reader): StateRoots {
  const roots = readRow(state, rows.roots, rows.roots.key());
  if (roots === undefined)
    throw new InvariantError("the state has no roots: initChain was never committed");
  return roots;
}

/** A fact as an item of its multiset: injective, and different for every key. */
export const factItem = (key: string, value: Uint8Array): Uint8Array => enc(keyBytes(key), value);

const readFactHash = (state: Reader, root: FactRoot): LtHash =>
  createLtHash(state.get(rows.factHash.key(root)));

/** Collects what a block does to the facts and maps; each fact is hashed once, each map is walked once. */
export class RootKeeper {
  readonly #state: Reader;
  readonly #writes: Writes;
  readonly #facts = new Map<FactRoot, LtHash>();
  readonly #entries = new Map<MapName, Map<string, Uint8Array>>();

  constructor(state: Reader, writes: Writes) {
    this.#state = state;
    this.#writes = writes;
  }

  note({ row, key, value }: Write): void {
    const { root } = row;
    switch (root) {
      case "records":
      case "usage":
        this.#factHash(root).add(factItem(key, value));
        return;
      case "grants":
      case "keys":
      case "institutions":
        this.#mapEntries(root).set((row as MapRow).id(key), value);
        return;
      case "pages":
      case "index":
      case "meta":
        throw new InvariantError("a slip kind writes facts and map entries only");
    }
  }

  /** The roots of facts and maps after the block; those that nothing touched are taken over. */
  finish(old: Pick<StateRoots, FactRoot | MapName>): Pick<StateRoots, FactRoot | MapName> {
    const roots = {
      records: old.records,
      usage: old.usage,
      grants: old.grants,
      keys: old.keys,
      institutions: old.institutions,
    };
    for (const [root, hash] of this.#facts) {
      this.#writes.set(rows.factHash.key(root), hash.state());
      roots[root] = hash.digest();
    }
    for (const map of mapNames) {
      const entries = this.#entries.get(map);
      if (entries !== undefined)
        roots[map] = updateSparseMap(this.#state, map, entries, this.#writes);
    }
    return roots;
  }

  #factHash(root: FactRoot): LtHash {
    let hash = this.#facts.get(root);
    if (hash === undefined) this.#facts.set(root, (hash = readFactHash(this.#state, root)));
    return hash;
  }

  #mapEntries(map: MapName): Map<string, Uint8Array> {
    let entries = this.#entries.get(map);
    if (entries === undefined) this.#entries.set(map, (entries = new Map<string, Uint8Array>()));
    return entries;
  }
}
