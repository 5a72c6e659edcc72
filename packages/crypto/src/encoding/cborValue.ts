/** What canonical structures are made of. Integers beyond 2^53 - 1 are bigints, up to 64 bits. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** Deepest nesting of arrays and maps. */
export const CBOR_DEPTH_MAX = 16;
/** Default limit of `decodeCanonical`: 1 MiB. */
export const CBOR_BYTES_MAX = 1 << 20;
