import { openSymmetric, sealSymmetric } from "../box.ts";
import { StreamFront } from "../encoding/streamFront.ts";
import { concat, i2osp, readU32, utf8 } from "../encoding/bytes.ts";
import { decodeCanonical, encodeCanonical } from "../encoding/cbor.ts";
import type { CborValue } from "../encoding/cborValue.ts";
import type { RandomSource } from "../primitives/derive.ts";
import { sha256 } from "../primitives/derive.ts";
import { capsulesDigest } from "./digest.ts";
import { CryptoError, decryptError } from "../errors.ts";
import { decodeHeader, RECORD_VERSION } from "./header.ts";
import type { RecordHeader } from "./header.ts";
import { LABEL } from "../suite.ts";

/** "MRSO" and the version: the first five bytes of a stored object. */
const MAGIC = concat(utf8("MRSO"), Uint8Array.of(RECORD_VERSION));
const PREFIX_BYTES = MAGIC.length + 4;
const HEAD_BYTES_MAX = 1 << 16;

/** A stored object whose head is open and whose body waits to be read once. */
export interface StoredRecord {
  readonly header: RecordHeader;
  /** SHA-256 of the header as stored. */
  readonly ctx: Uint8Array;
  /** The patient's capsule first, then the author's; the label last. */
  readonly capsules: readonly Uint8Array[];
  readonly capsulesHash: Uint8Array;
  /** The sealed chunks, to be read once. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Header and capsules of a record. */
export interface RecordHead {
  /** Canonical bytes. */
  readonly header: Uint8Array;
  readonly capsules: readonly Uint8Array[];
}

/** magic || version || I2OSP(length, 4) || AES-256-GCM of header and capsules under the address key. */
export async function sealHead(
  head: RecordHead,
  addressKey: Uint8Array,
  random: RandomSource,
): Promise<Uint8Array> {
  const plaintext = encodeCanonical({ header: head.header, capsules: head.capsules });
  const sealed = await sealSymmetric(
    { key: addressKey, aad: utf8(LABEL.objectHead), plaintext },
    random,
  );
  return concat(MAGIC, i2osp(sealed.length, 4), sealed);
}

/**
 * Reads and opens the head of a stored object; its body stays unread.
 *
 * @param input.source - The object's bytes, in pieces of any size; cancelled where the head is refused.
 * @param input.addressKey - The tag's, 32 bytes.
 * @throws {CryptoError} `E_DECRYPT` for another key, a changed or truncated head; `E_FORMAT` for bytes that are no
 * stored object of this version.
 */
export async function readStoredRecord(input: {
  readonly source: ReadableStream<Uint8Array>;
  readonly addressKey: Uint8Array;
}): Promise<StoredRecord> {
  const front = new StreamFront(input.source);
  try {
    const head = await readHead(front, input.addressKey);
    return { ...head, body: front.rest() };
  } catch (error) {
    await front.cancel(error).catch(() => undefined);
    throw error;
  }
}

async function readHead(
  front: StreamFront,
  addressKey: Uint8Array,
): Promise<Omit<StoredRecord, "body">> {
  const prefix = await front.read(PREFIX_BYTES);
  const isObject = prefix.length === PREFIX_BYTES && MAGIC.every((byte, i) => prefix[i] === byte);
  const length = isObject ? readU32(prefix, MAGIC.length) : 0;
  if (!isObject || length > HEAD_BYTES_MAX) {
    throw new CryptoError(
      "E_FORMAT",
      `Cannot read stored object, want version ${RECORD_VERSION} of MRSO`,
    );
  }
  const sealed = await front.read(length);
  const plaintext = await openSymmetric({
    key: addressKey,
    aad: utf8(LABEL.objectHead),
    sealed,
  });
  const head = decodeHead(plaintext);
  const header = decodeHeader(head.header);
  if (header.nCaps !== head.capsules.length) throw decryptError();
  return {
    header,
    ctx: sha256(head.header),
    capsules: head.capsules,
    capsulesHash: capsulesDigest(head.capsules),
  };
}

function decodeHead(plaintext: Uint8Array): RecordHead {
  const map = decodeCanonical(plaintext, { maxBytes: HEAD_BYTES_MAX }) as {
    readonly [key: string]: CborValue;
  };
  const header = map["header"];
  const capsules = map["capsules"];
  const isHead =
    header instanceof Uint8Array &&
    Array.isArray(capsules) &&
    capsules.every((capsule) => capsule instanceof Uint8Array) &&
    Object.keys(map).length === 2;
  if (!isHead)
    throw new CryptoError(
      "E_FORMAT",
      "Cannot read stored object, want header and capsules in its head",
    );
  return { header, capsules: capsules as readonly Uint8Array[] };
}
