/**
 * Where a device keeps its sealed items: one flat folder of small named byte strings.
 *
 * Several processes may use one folder at once. Names are 1 to 128 of a-z, 0-9, `-` and `.`.
 */
export interface BlobDir {
  list(): Promise<readonly string[]>;
  /** `undefined` when there is no such blob. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Atomic: readers see the old bytes or the new ones, never a part. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>;
}

/** A folder in memory, for tests. */
export class MemoryBlobDir implements BlobDir {
  readonly #blobs = new Map<string, Uint8Array>();

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#blobs.keys()]);
  }

  read(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#blobs.get(name)?.slice());
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    this.#blobs.set(name, bytes.slice());
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.#blobs.delete(name);
    return Promise.resolve();
  }
}
