import { createCipheriv, createDecipheriv } from "node:crypto";
import { open } from "lmdb";
import type { RootDatabase } from "lmdb";
import {
  concat,
  decodeCanonical,
  enc,
  encodeCanonical,
  hmacSha256,
  kdf,
  randomBytes,
  toHex,
  utf8,
} from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** Kinds of entries. Only the kind and the number of entries show in the files. */
export const entryKinds = [
  "identity",
  "certificate",
  "key",
  "contact",
  "revoked",
  "slip",
  "notice",
  "lookup",
  "counter",
  "institution",
  "hold",
  "traced",
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** Shows at once whether the store was made under this key. */
const CANARY = "canary";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * LMDB with nothing readable in it: keys are HMACs of what they name, values AES-256-GCM, each bound to its key. Both
 * keys come from one that lies outside the store's directory.
 */
export class SealedStore {
  readonly #db: RootDatabase<Buffer, string>;
  readonly #nameKey: Uint8Array;
  readonly #sealKey: Uint8Array;

  /**
   * Opens or makes a store.
   * @param key - 32 bytes.
   * @throws {AnamnesisError} STORE_CORRUPT when the store was made under another key.
   */
  constructor(path: string, key: Uint8Array) {
    this.#db = open<Buffer, string>({
      path,
      encoding: "binary",
      overlappingSync: false,
      eventTurnBatching: false, // else a failed write would end the process
      noSubdir: false,
    });
    this.#nameKey = kdf(key, "registry-name", "", 32);
    this.#sealKey = kdf(key, "registry-seal", "", 32);
    const canary = this.#read(CANARY);
    if (canary === undefined) this.#write(CANARY, "made");
  }

  get(kind: EntryKind, ...name: readonly (string | Uint8Array)[]): CborValue | undefined {
    return this.#read(this.#key(kind, name));
  }

  put(value: CborValue, kind: EntryKind, ...name: readonly (string | Uint8Array)[]): void {
    this.#write(this.#key(kind, name), value);
  }

  remove(kind: EntryKind, ...name: readonly (string | Uint8Array)[]): void {
    this.#db.removeSync(this.#key(kind, name));
  }

  /** Every value of a kind, in no order that says anything. */
  values(kind: EntryKind): CborValue[] {
    const keys = [...this.#db.getKeys({ start: `${kind}/`, end: `${kind}0` })];
    return keys.map((key) => this.#read(key)).filter((value) => value !== undefined);
  }

  /** All or nothing, and durable when it returns. */
  transaction<T>(act: () => T): T {
    return this.#db.transactionSync(act);
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  #key(kind: EntryKind, name: readonly (string | Uint8Array)[]): string {
    return `${kind}/${toHex(hmacSha256(this.#nameKey, enc(kind, ...name)))}`;
  }

  #write(key: string, value: CborValue): void {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#sealKey, nonce).setAAD(utf8(key));
    const sealed = concat(
      nonce,
      cipher.update(encodeCanonical(value)),
      cipher.final(),
      cipher.getAuthTag(),
    );
    this.#db.putSync(key, Buffer.from(sealed));
  }

  #read(key: string): CborValue | undefined {
    const sealed = this.#db.get(key);
    if (sealed === undefined) return undefined;
    try {
      const tagAt = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv(
        "aes-256-gcm",
        this.#sealKey,
        sealed.subarray(0, NONCE_BYTES),
      );
      decipher.setAAD(utf8(key)).setAuthTag(sealed.subarray(tagAt));
      return decodeCanonical(
        concat(decipher.update(sealed.subarray(NONCE_BYTES, tagAt)), decipher.final()),
      );
    } catch (cause) {
      throw new AnamnesisError(
        "STORE_CORRUPT",
        "Identity store cannot be read: wrong key, or it was changed",
        { cause },
      );
    }
  }
}
