/** A record's label after MRS-6a of docs/spec/suite.md, written down once more over noble's HKDF and AES-GCM. */
import { gcm } from "@noble/ciphers/aes.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, enc, fromHex, i2osp, toHex, utf8 } from "../src/encoding/bytes.ts";
import { encodeCanonical } from "../src/encoding/cbor.ts";
import type { CborValue } from "../src/encoding/cborValue.ts";
import { flipped, labelledBytes } from "./labelledBytes.ts";

export interface LabelVector {
  readonly why: string;
  readonly secret: string;
  readonly tag: string;
  readonly ctx: string;
  /** What is sealed; of a refused vector, what would have been. */
  readonly label: LabelFields;
  readonly sealed: string;
  readonly valid: boolean;
}

interface LabelFields {
  readonly title: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly type: string | null;
  readonly series: string | null;
  readonly sensitivity: readonly string[];
}

const LABEL_BYTES = 512;

const binding = {
  secret: labelledBytes("label secret", 32),
  tag: labelledBytes("label tag", 16),
  ctx: labelledBytes("label ctx", 32),
};
const whole: LabelFields = {
  title: "Laboratory results: Zürich",
  start: "2026-11-20T08:00:00+01:00",
  end: "2026-11-21",
  type: "http://loinc.org|11502-2",
  series: "urn:uuid:6f1c2f4e-3c1a-4d55-9a53-2f0d5d2f7c11",
  sensitivity: ["R", "PSY"],
};
const bare: LabelFields = {
  title: "",
  start: null,
  end: null,
  type: null,
  series: null,
  sensitivity: [],
};

function sealBytes(data: Uint8Array, { secret, tag, ctx }: typeof binding): Uint8Array {
  const key = hkdf(sha256, secret, utf8("MRS-V1"), enc("label", enc(tag, ctx)), 32);
  return gcm(key, new Uint8Array(12), ctx).encrypt(data);
}

/** Length, bytes, zeros. */
const padded = (bytes: Uint8Array, length = bytes.length): Uint8Array =>
  concat(i2osp(length, 2), bytes, new Uint8Array(LABEL_BYTES - 2 - bytes.length));

const encoded = (fields: LabelFields): Uint8Array =>
  encodeCanonical(fields as unknown as CborValue);

function vector(
  why: string,
  sealed: Uint8Array,
  valid: boolean,
  { label = whole, bound = binding }: { label?: LabelFields; bound?: typeof binding } = {},
): LabelVector {
  const { secret, tag, ctx } = bound;
  return {
    why,
    secret: toHex(secret),
    tag: toHex(tag),
    ctx: toHex(ctx),
    label,
    sealed: toHex(sealed),
    valid,
  };
}

/** A title with which the encoding fills the label to its last byte. */
function fullLabel(): LabelFields {
  const room = LABEL_BYTES - 2 - encoded(bare).length;
  // A text of 256 or more has two bytes of length more than an empty one.
  return { ...bare, title: "x".repeat(room - 2) };
}

/** What stands in tests/vectors/record-label.json. */
export function makeLabel(): { source: string; vectors: LabelVector[] } {
  const good = sealBytes(padded(encoded(whole)), binding);
  const sealedAs = (fields: CborValue): Uint8Array =>
    sealBytes(padded(encodeCanonical(fields)), binding);
  const { series: _, ...short } = whole;
  const full = fullLabel();
  const dirty = padded(encoded(whole));
  dirty[LABEL_BYTES - 1] = 1;
  const other = { ...binding, tag: flipped(binding.tag, 5) };
  const elsewhere = { ...binding, ctx: flipped(binding.ctx, 5) };
  return {
    source:
      "Made by packages/crypto/vectors/makeLabel.ts after MRS-6a; sealed by noble-ciphers under noble-hashes' HKDF",
    vectors: [
      vector("every field", good, true),
      vector("nothing known", sealBytes(padded(encoded(bare)), binding), true, { label: bare }),
      vector("full to the last byte", sealBytes(padded(encoded(full)), binding), true, {
        label: full,
      }),
      ...[0, 100, 8 * LABEL_BYTES - 1, 8 * LABEL_BYTES, 8 * 528 - 1].map((bit) =>
        vector(`bit ${bit} flipped`, flipped(good, bit), false),
      ),
      vector("cut by a byte", good.subarray(0, -1), false),
      vector("a byte more", concat(good, fromHex("00")), false),
      vector("nothing", new Uint8Array(0), false),
      vector("another tag", good, false, { bound: other }),
      vector("another header", good, false, { bound: elsewhere }),
      vector("another secret", good, false, {
        bound: { ...binding, secret: flipped(binding.secret, 9) },
      }),
      vector("what follows is not zero", sealBytes(dirty, binding), false),
      vector(
        "a length beyond the end",
        sealBytes(padded(encoded(whole), LABEL_BYTES), binding),
        false,
      ),
      vector("a length of zero", sealBytes(padded(encoded(whole), 0), binding), false),
      vector("511 bytes inside", sealBytes(padded(encoded(whole)).subarray(1), binding), false),
      vector("a field missing", sealedAs(short as unknown as CborValue), false),
      vector("a field more", sealedAs({ ...whole, author: "x" } as unknown as CborValue), false),
      vector("a number as title", sealedAs({ ...whole, title: 1 } as unknown as CborValue), false),
      vector("a number as start", sealedAs({ ...whole, start: 1 } as unknown as CborValue), false),
      vector(
        "sensitivity that is no list",
        sealedAs({ ...whole, sensitivity: "R" } as unknown as CborValue),
        false,
      ),
      vector("a list", sealedAs([1]), false),
    ],
  };
}
