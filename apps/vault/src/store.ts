import { AnamnesisError } from "@anamnesis/protocol";
import type { ChainId } from "@anamnesis/protocol";

/** Where an object lies: 32 random bytes as lower-case hex. It says nothing about what is inside. */
export type ObjectId = string & { readonly __brand: "ObjectId" };

/** @throws {AnamnesisError} BAD_REQUEST unless the text is 64 lower-case hex digits. */
export function parseObjectId(text: string): ObjectId {
  if (/^[0-9a-f]{64}$/.test(text)) return text as ObjectId;
  throw new AnamnesisError("BAD_REQUEST", "Object id is not an id: want 64 lower-case hex digits");
}

/** An object by its id and its chain, whose members may let it be read. */
export interface NamedObject {
  readonly id: ObjectId;
  readonly chain: ChainId;
}

/** What a store knows of an object that it holds. */
export interface StoredObject extends NamedObject {
  readonly bytes: number;
  /** Of all its bytes, 32 bytes. */
  readonly sha256: Uint8Array;
}

/** An object whose every byte was checked against its SHA-256. Close it whether or not it was read. */
export interface CheckedObject extends StoredObject {
  /**
   * The bytes, read again: the last chunk is held back until the whole hash fits once more.
   * @throws {AnamnesisError} OBJECT_CORRUPT when they changed since the check.
   */
  content(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** An object on its way in. Until `commit` nobody can see it; after `abort`, or a crash, nothing is left of it. */
export interface Upload {
  /** @throws {AnamnesisError} STORAGE_FULL, UNAVAILABLE */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Durable and visible when this resolves.
   *
   * @param sha256 - What the bytes have to have, if that is known.
   * @throws {AnamnesisError} OBJECT_CORRUPT unless they have it; STORAGE_FULL, OBJECT_EXISTS, UNAVAILABLE
   */
  commit(sha256?: Uint8Array): Promise<StoredObject>;
  /** Harmless after `commit`. */
  abort(): Promise<void>;
}

/** An object that nobody asked to be kept yet. */
export interface UnkeptObject {
  readonly id: ObjectId;
  /** When it was put, Unix milliseconds. */
  readonly since: number;
}

/** Immutable objects by random id. A disk directory is such a store; another one (S3, IPFS) has to pass `storeCompliance`. */
export interface Store {
  /** Starts an upload. @throws {AnamnesisError} OBJECT_EXISTS also for a second upload at once; UNAVAILABLE */
  begin(named: NamedObject): Promise<Upload>;
  /** Starts an upload that takes a damaged object's place. @throws {AnamnesisError} OBJECT_EXISTS while another runs */
  beginRepair(named: NamedObject): Promise<Upload>;
  /** Checks the whole object. @returns `undefined` when there is none. @throws {AnamnesisError} OBJECT_CORRUPT */
  open(id: ObjectId): Promise<CheckedObject | undefined>;
  /** What stands beside the object, whose bytes may be damaged; `undefined` where that is lost or damaged. */
  known(id: ObjectId): Promise<StoredObject | undefined>;
  /** Every object held, good or not, in any order. */
  ids(): AsyncIterable<ObjectId>;
  /** Durably marks an object as one to be kept. @returns whether it is there. */
  keep(id: ObjectId): Promise<boolean>;
  unkept(): AsyncIterable<UnkeptObject>;
  /** Forgets an object that is not to be kept. @returns `false` when somebody had it kept meanwhile. */
  sweep(id: ObjectId): Promise<boolean>;
  /** Forgets an object, in whatever condition it is. Harmless when there is none. */
  remove(id: ObjectId): Promise<void>;
}

export const objectExists = (): AnamnesisError =>
  new AnamnesisError(
    "OBJECT_EXISTS",
    "Object refused: there is one with this id, and objects never change",
  );

export const objectCorrupt = (why: string): AnamnesisError =>
  new AnamnesisError("OBJECT_CORRUPT", `Object cannot be read: ${why}`);

export const storageFull = (why: string): AnamnesisError =>
  new AnamnesisError("STORAGE_FULL", `Object refused: ${why}, nothing of it was kept`);
