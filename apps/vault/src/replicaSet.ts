import { createSha256, equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { objectCorrupt } from "./store.ts";
import type {
  CheckedObject,
  NamedObject,
  ObjectId,
  ReplicatedObject,
  Store,
  Upload,
} from "./store.ts";

/** What {@link ReplicaSet.scrub} found. `repaired` counts replicas, `lost` objects of which no good replica is left. */
export interface ScrubResult {
  readonly objects: number;
  readonly repaired: number;
  readonly lost: number;
}

type Replica =
  | { readonly condition: "good"; readonly store: Store; readonly object: CheckedObject }
  | { readonly condition: "bad" | "missing"; readonly store: Store };

/**
 * Several stores with the same objects. An upload counts once `minimum` of them hold it durably; a read checks every
 * replica, serves a good one and rewrites the others from it.
 */
export class ReplicaSet implements Store {
  readonly #stores: readonly Store[];
  readonly #minimum: number;
  readonly #repairs = new Map<ObjectId, Promise<unknown>>();

  /** @throws {AnamnesisError} BAD_REQUEST for fewer stores than `minimum` (default 2). */
  constructor(stores: readonly Store[], minimum = 2) {
    if (stores.length < minimum) {
      throw new AnamnesisError(
        "BAD_REQUEST",
        `Vault has ${stores.length} replicas, want at least ${minimum}`,
      );
    }
    this.#stores = stores;
    this.#minimum = minimum;
  }

  async begin(named: NamedObject): Promise<ReplicatedUpload> {
    const begun = await Promise.allSettled(this.#stores.map((store) => store.begin(named)));
    const uploads = begun.flatMap((result, at) =>
      result.status === "fulfilled" ? [{ store: this.#stores[at]!, upload: result.value }] : [],
    );
    const failures = begun.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    const replicated = new ReplicatedUpload(named, uploads, this.#minimum);
    const standing = failures.find((failure) => codeOf(failure) === "OBJECT_EXISTS");
    if (standing !== undefined || uploads.length < this.#minimum) {
      await replicated.abort();
      throw standing ?? failures[0];
    }
    return replicated;
  }

  async open(id: ObjectId): Promise<CheckedObject | undefined> {
    await this.#repairs.get(id);
    const { chosen } = await this.#check(id);
    return chosen;
  }

  async *ids(): AsyncIterable<ObjectId> {
    const seen = new Set<ObjectId>();
    for (const store of this.#stores) {
      for await (const id of store.ids()) {
        if (!seen.has(id)) yield id;
        seen.add(id);
      }
    }
  }

  async remove(id: ObjectId): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.remove(id)));
  }

  /** Checks every replica of every object and rewrites bad and missing ones. */
  async scrub(): Promise<ScrubResult> {
    let [objects, repaired, lost] = [0, 0, 0];
    for await (const id of this.ids()) {
      objects += 1;
      try {
        const { chosen, rewritten } = await this.#check(id);
        repaired += rewritten;
        await chosen?.close();
      } catch (error) {
        if (codeOf(error) !== "OBJECT_CORRUPT") throw error;
        lost += 1;
      }
    }
    return { objects, repaired, lost };
  }

  /** @throws {AnamnesisError} OBJECT_CORRUPT when no replica is good, or two good ones differ. */
  async #check(id: ObjectId): Promise<{ chosen: CheckedObject | undefined; rewritten: number }> {
    const replicas = await Promise.all(this.#stores.map((store) => inspect(store, id)));
    const good = replicas.flatMap((replica) =>
      replica.condition === "good" ? [replica.object] : [],
    );
    const [chosen, ...others] = good;
    await Promise.all(others.map((object) => object.close()));
    if (chosen === undefined) {
      if (replicas.every(({ condition }) => condition === "missing"))
        return { chosen, rewritten: 0 };
      throw objectCorrupt("no replica of it is whole");
    }
    if (others.some((other) => !isSame(other, chosen))) {
      await chosen.close();
      throw objectCorrupt("its replicas differ, and each fits its own checksum");
    }
    const broken = replicas
      .filter(({ condition }) => condition !== "good")
      .map(({ store }) => store);
    return { chosen, rewritten: await this.#repair(broken, chosen) };
  }

  /** Rewrites replicas from a good object. A disk that cannot be written does not keep the object from being read. */
  async #repair(broken: readonly Store[], good: CheckedObject): Promise<number> {
    if (broken.length === 0) return 0;
    const running = this.#repairs.get(good.id);
    if (running !== undefined) {
      await running;
      return 0;
    }
    const repair = Promise.allSettled(broken.map((store) => copy(good, store)));
    this.#repairs.set(good.id, repair);
    const results = await repair;
    this.#repairs.delete(good.id);
    return results.filter(({ status }) => status === "fulfilled").length;
  }
}

const isSame = (one: CheckedObject, other: CheckedObject): boolean =>
  equalBytes(one.sha256, other.sha256) && one.chain === other.chain;

async function inspect(store: Store, id: ObjectId): Promise<Replica> {
  try {
    const object = await store.open(id);
    return object === undefined
      ? { condition: "missing", store }
      : { condition: "good", store, object };
  } catch {
    return { condition: "bad", store };
  }
}

async function copy(good: CheckedObject, store: Store): Promise<void> {
  await store.remove(good.id);
  const upload = await store.begin(good);
  try {
    for await (const chunk of good.content()) await upload.write(chunk);
    await upload.commit();
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** An upload to several stores. A store that fails on the way is left out while enough others remain. */
class ReplicatedUpload implements Upload {
  readonly #named: NamedObject;
  readonly #minimum: number;
  readonly #sha256 = createSha256();
  #uploads: { readonly store: Store; readonly upload: Upload }[];
  #bytes = 0;

  constructor(
    named: NamedObject,
    uploads: { readonly store: Store; readonly upload: Upload }[],
    minimum: number,
  ) {
    this.#named = named;
    this.#uploads = uploads;
    this.#minimum = minimum;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#sha256.update(chunk);
    this.#bytes += chunk.length;
    await this.#onEach(({ upload }) => upload.write(chunk));
  }

  async commit(): Promise<ReplicatedObject> {
    const committed: Store[] = [];
    try {
      await this.#onEach(async ({ store, upload }) => {
        await upload.commit();
        committed.push(store);
      });
    } catch (error) {
      await Promise.allSettled(committed.map((store) => store.remove(this.#named.id)));
      throw error;
    }
    return {
      ...this.#named,
      bytes: this.#bytes,
      sha256: this.#sha256.digest(),
      replicas: committed.length,
    };
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#uploads.map(({ upload }) => upload.abort()));
  }

  /** @throws the first failure, once fewer than the minimum are left. */
  async #onEach(
    act: (target: { readonly store: Store; readonly upload: Upload }) => Promise<unknown>,
  ): Promise<void> {
    const targets = this.#uploads;
    const results = await Promise.allSettled(targets.map(act));
    const failed = targets.filter((_, at) => results[at]?.status === "rejected");
    if (failed.length === 0) return;
    this.#uploads = targets.filter((target) => !failed.includes(target));
    await Promise.allSettled(failed.map(({ upload }) => upload.abort()));
    if (this.#uploads.length >= this.#minimum) return;
    throw results.find((result) => result.status === "rejected")?.reason;
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof AnamnesisError ? error.code : undefined;
