import { openSymmetric, sealSymmetric } from "@anamnesis/crypto/box";
import {
  decodeCanonical,
  enc,
  encodeCanonical,
  hmacSha256,
  kdf,
  toHex,
  utf8,
} from "@anamnesis/crypto/verify";
import type { CborValue, RandomSource } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { BlobDir } from "./blobDir.ts";
import { inParallel } from "./inParallel.ts";
import type { ItemKind, ItemKinds } from "./items.ts";

const READS_AT_ONCE = 16;
const BYTES_MAX = 16 * 1024 * 1024;

interface StoredItem<K extends ItemKind> {
  readonly key: string;
  readonly value: ItemKinds[K];
}

/**
 * Items of a device, each in a file of its own: AES-256-GCM under the device's storage key, the name bound as AAD.
 *
 * A file's name is `HMAC(kind)[0..8) - HMAC(kind, key)[0..24)` in hex: it says how many items of some kind there are,
 * and nothing else. Items are independent, so that several processes may use one device at once.
 */
export class ItemStore {
  readonly #dir: BlobDir;
  readonly #itemKey: Uint8Array;
  readonly #nameKey: Uint8Array;
  readonly #random: RandomSource;

  /** @param storageKey - 32 bytes. */
  constructor(dir: BlobDir, storageKey: Uint8Array, random: RandomSource) {
    this.#dir = dir;
    this.#itemKey = kdf(storageKey, "item", "", 32);
    this.#nameKey = kdf(storageKey, "item-name", "", 32);
    this.#random = random;
  }

  async put<K extends ItemKind>(kind: K, key: string, value: ItemKinds[K]): Promise<void> {
    const name = this.#name(kind, key);
    const plaintext = encodeCanonical({ v: 1, key, value: value as unknown as CborValue });
    await this.#dir.write(
      name,
      await sealSymmetric({ key: this.#itemKey, aad: utf8(name), plaintext }, this.#random),
    );
  }

  /** @throws {AnamnesisError} STORE_CORRUPT when the file was changed. */
  async get<K extends ItemKind>(kind: K, key: string): Promise<ItemKinds[K] | undefined> {
    return (await this.#read<K>(this.#name(kind, key)))?.value;
  }

  /** Every item of a kind, in no particular order. @throws {AnamnesisError} STORE_CORRUPT */
  async all<K extends ItemKind>(kind: K): Promise<readonly ItemKinds[K][]> {
    return (await this.entries(kind)).map(([, value]) => value);
  }

  /** Every item of a kind with its key. @throws {AnamnesisError} STORE_CORRUPT */
  async entries<K extends ItemKind>(
    kind: K,
  ): Promise<readonly (readonly [string, ItemKinds[K]])[]> {
    const prefix = this.#prefix(kind);
    const names = (await this.#dir.list()).filter((name) => name.startsWith(prefix));
    const items = await inParallel(names, READS_AT_ONCE, (name) => this.#read<K>(name));
    return items.flatMap((item) => (item === undefined ? [] : [[item.key, item.value] as const]));
  }

  async remove(kind: ItemKind, key: string): Promise<void> {
    await this.#dir.remove(this.#name(kind, key));
  }

  async #read<K extends ItemKind>(name: string): Promise<StoredItem<K> | undefined> {
    const sealed = await this.#dir.read(name);
    if (sealed === undefined) return undefined;
    let plaintext: Uint8Array;
    try {
      plaintext = await openSymmetric({ key: this.#itemKey, aad: utf8(name), sealed });
    } catch (cause) {
      throw new AnamnesisError(
        "STORE_CORRUPT",
        `Item ${name} of this device was changed or belongs to another device`,
        { cause },
      );
    }
    // Sealed under a key that only this device has: the value is as this code wrote it. Nobody else has these bytes to change them.
    return decodeCanonical(plaintext, {
      maxBytes: BYTES_MAX,
      views: true,
    }) as unknown as StoredItem<K>;
  }

  #name(kind: ItemKind, key: string): string {
    return this.#prefix(kind) + toHex(hmacSha256(this.#nameKey, enc(kind, key)).subarray(0, 24));
  }

  #prefix(kind: ItemKind): string {
    return `${toHex(hmacSha256(this.#nameKey, enc(kind)).subarray(0, 8))}-`;
  }
}
