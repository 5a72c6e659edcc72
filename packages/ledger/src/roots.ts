import { createLtHash, enc, utf8 } from "@anamnesis/crypto/verify";
import type { LtHash } from "@anamnesis/crypto/verify";
import { InvariantError, mapNames, rootNames } from "@anamnesis/protocol";
import type { MapName, StateRoots } from "@anamnesis/protocol";
import type { Write } from "./outcome.ts";
import { updateSparseMap } from "./sparseMap.ts";
import type { Writes } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";
import type { FactRoot } from "./stateKeys.ts";
import { decodeStored, encodeStored } from "./stored.ts";
import type { Reader } from "./view.ts";

/** The eight roots as committed. */
export function readRoots(state: Reader): StateRoots {
  const bytes = state.get(stateKeys.roots);
  if (bytes === undefined)
    throw new InvariantError("the state has no roots: initChain was never committed");
  const list = decodeStored<Uint8Array[]>(bytes);
  return Object.fromEntries(rootNames.map((name, i) => [name, list[i]])) as unknown as StateRoots;
}

export const encodeRoots = (roots: StateRoots): Uint8Array =>
  encodeStored(...rootNames.map((name) => roots[name]));

/** A fact as an item of its multiset: injective, and different for every key. */
export const factItem = (key: string, value: Uint8Array): Uint8Array => enc(utf8(key), value);

export const factHashKey = { records: stateKeys.recordsHash, usage: stateKeys.usageHash } as const;

const readFactHash = (state: Reader, root: FactRoot): LtHash => {
  const bytes = state.get(factHashKey[root]);
  return bytes === undefined ? createLtHash() : createLtHash(decodeStored<[Uint8Array]>(bytes)[0]);
};

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

  note(write: Write): void {
    switch (write.under) {
      case "records":
      case "usage":
        this.#factHash(write.under).add(factItem(write.key, write.value));
        return;
      case "grants":
      case "keys":
      case "institutions":
        this.#mapEntries(write.under).set(write.id, write.value);
        return;
      case "index":
        return;
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
      this.#writes.set(factHashKey[root], encodeStored(hash.state()));
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
