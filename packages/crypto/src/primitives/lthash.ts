import { sha256, shake128 } from "./derive.ts";
import { CryptoError } from "../errors.ts";

const LANES = 1024;
const STATE_BYTES = 2 * LANES;

/** A hash of a multiset: items come and go in any order at the same small cost. */
export interface LtHash {
  add(item: Uint8Array): LtHash;
  /** Undoes one `add` of the same bytes. */
  remove(item: Uint8Array): LtHash;
  /** SHA-256 of the state: 32 bytes, equal for equal multisets. */
  digest(): Uint8Array;
  /** 2048 bytes, little-endian lanes, to go on from later. */
  state(): Uint8Array;
}

/**
 * LtHash16: 1024 lanes of 16 bits; an item is SHAKE128 stretched to 2048 bytes, added lane by lane mod 2^16.
 *
 * Items must be encoded injectively, name their kind, and never be present twice where presence matters (65536 copies
 * of one item vanish).
 * Source: Bellare and Micciancio, EUROCRYPT 1997; Lewi, Kim, Maykov and Weis, ePrint 2019/227.
 *
 * @param state - What `state()` gave earlier; the empty multiset without it.
 * @throws {CryptoError} `E_ARGUMENT` unless the state is 2048 bytes.
 */
export function createLtHash(state?: Uint8Array): LtHash {
  if (state !== undefined && state.length !== STATE_BYTES) {
    throw new CryptoError(
      "E_ARGUMENT",
      `Cannot resume from ${state.length} bytes, want ${STATE_BYTES}`,
    );
  }
  const lanes = state === undefined ? new Uint16Array(LANES) : readLanes(state);
  const self: LtHash = {
    add(item) {
      const stretched = lanesOf(item);
      for (let i = 0; i < LANES; i += 1) lanes[i] = (lanes[i] as number) + (stretched[i] as number);
      return self;
    },
    remove(item) {
      const stretched = lanesOf(item);
      for (let i = 0; i < LANES; i += 1) lanes[i] = (lanes[i] as number) - (stretched[i] as number);
      return self;
    },
    state: () => writeLanes(lanes),
    digest: () => sha256(writeLanes(lanes)),
  };
  return self;
}

/** Whether a typed array's words lie in memory as the lanes do in bytes. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function readLanes(bytes: Uint8Array): Uint16Array {
  const copy = new Uint8Array(bytes);
  return new Uint16Array((IS_LITTLE_ENDIAN ? copy : swapPairs(copy)).buffer);
}

/** The lanes that an item stretches to. */
function lanesOf(item: Uint8Array): Uint16Array {
  const bytes = shake128(item, STATE_BYTES);
  const isAligned = IS_LITTLE_ENDIAN && bytes.byteOffset % 2 === 0;
  return isAligned ? new Uint16Array(bytes.buffer, bytes.byteOffset, LANES) : readLanes(bytes);
}

function writeLanes(lanes: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(lanes.slice().buffer);
  return IS_LITTLE_ENDIAN ? bytes : swapPairs(bytes);
}

function swapPairs(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.map((_, i) => bytes[i ^ 1] as number);
}
