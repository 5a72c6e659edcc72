import { sha256, shake128 } from "./derive.ts";
import { CryptoError } from "./errors.ts";

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
  const lanes = new Uint16Array(LANES);
  if (state !== undefined) {
    if (state.length !== STATE_BYTES) {
      throw new CryptoError(
        "E_ARGUMENT",
        `Cannot resume from ${state.length} bytes, want ${STATE_BYTES}`,
      );
    }
    for (let i = 0; i < LANES; i += 1) lanes[i] = lane(state, i);
  }
  const self: LtHash = {
    add(item) {
      const stretched = shake128(item, STATE_BYTES);
      for (let i = 0; i < LANES; i += 1) lanes[i] = (lanes[i] ?? 0) + lane(stretched, i);
      return self;
    },
    remove(item) {
      const stretched = shake128(item, STATE_BYTES);
      for (let i = 0; i < LANES; i += 1) lanes[i] = (lanes[i] ?? 0) - lane(stretched, i);
      return self;
    },
    state() {
      const out = new Uint8Array(STATE_BYTES);
      lanes.forEach((value, i) => out.set([value & 0xff, value >> 8], 2 * i));
      return out;
    },
    digest: () => sha256(self.state()),
  };
  return self;
}

function lane(bytes: Uint8Array, i: number): number {
  return (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8);
}
