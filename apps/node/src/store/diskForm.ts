/** One run of memory for all values of a commit: LMDB asks where each lies, which costs more than to copy it. */
export class Values {
  readonly #memory: Buffer;
  #at = 0;

  constructor(writes: Iterable<readonly [string, Uint8Array | undefined]>) {
    let bytes = 0;
    for (const [, value] of writes) bytes += value?.length ?? 0;
    this.#memory = Buffer.allocUnsafeSlow(bytes);
  }

  get bytes(): number {
    return this.#memory.length;
  }

  copy(value: Uint8Array): Buffer {
    const start = this.#at;
    this.#memory.set(value, start);
    this.#at += value.length;
    return this.#memory.subarray(start, this.#at);
  }
}

/** A key of the state as the bytes that it stands for. */
export const onDisk = (key: string): Buffer => Buffer.from(key, "latin1");

/** Where LMDB looks for the keys that begin with a prefix: from it to the first byte string that does not. */
export function boundsOf(
  prefix: string,
  after: string | undefined,
  reverse: boolean | undefined,
): object {
  const kept = prefix.replace(/\xff+$/, "");
  const last = kept.length - 1;
  const next = kept.slice(0, last) + String.fromCharCode(kept.charCodeAt(last) + 1);
  const high = kept === "" ? {} : { end: onDisk(next) };
  if (reverse !== true) return { start: onDisk(after ?? prefix), ...high };
  const start = after === undefined ? high.end : onDisk(after);
  return { ...(start === undefined ? {} : { start }), reverse };
}

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Entries of a range of the file. */
export function* fromDisk(
  range: Iterable<{ readonly key: Buffer; readonly value: Buffer }>,
): Generator<readonly [string, Uint8Array]> {
  for (const { key, value } of range) yield [key.toString("latin1"), value];
}
