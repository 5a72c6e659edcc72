import type * as MclModule from "mcl-wasm";
import type { Fr, G1 as MclG1, G2 as MclG2, GT as MclGt, PrecomputedG2 } from "mcl-wasm";
import { fromHex, i2osp, utf8 } from "../encoding/bytes.ts";
import type { CurveEngine, G1, G2, Gt, Pair } from "./curveEngine.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { assertCanonicalGt } from "./gtEncoding.ts";
import { BYTES, GROUP_ORDER } from "../suite.ts";

/** Loaded when the curve is first needed: it is the largest part of a browser's worker, and lists do without. */
let mcl: typeof MclModule;

/** An operation of the WebAssembly module on pointers. */
type RawOperation = (...args: readonly number[]) => number;

/** The part of the raw module used here; it lies outside the typed surface, so the version is pinned. */
interface RawModule {
  stackSave(): number;
  stackRestore(stack: number): void;
  salloc(words: Uint32Array): number;
  sallocArray(elements: readonly Uint32Array[]): number;
  sallocBytes(bytes: Uint8Array): number;
  copyFromHeap32(words: Uint32Array, pointer: number): void;
  callGetter(operation: RawOperation, words: Uint32Array): number;
  callOp2(operation: RawOperation, out: Uint32Array, left: Uint32Array, right: Uint32Array): void;
  readonly _mclBnG1_hashAndMapToWithDst: RawOperation;
  readonly _mclBn_millerLoopVec: RawOperation;
  readonly _mclBnGT_powGeneric: RawOperation;
}

/** mcl keeps an element's words in `a_`. */
type Words = { readonly a_: Uint32Array };

const G1_BASE =
  "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
const G2_BASE =
  "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e" +
  "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";

interface Loaded {
  readonly raw: RawModule;
  readonly g1: MclG1;
  readonly g2: MclG2;
  /** Miller loop coefficients of the G2 generator. */
  readonly g2Lines: PrecomputedG2;
}

let loading: Promise<void> | undefined;
let loaded: Loaded | undefined;

async function load(): Promise<void> {
  // mcl-wasm is CommonJS: its namespace is `default` under Node and in most bundles, the module itself in others.
  const module = (await import("mcl-wasm")) as typeof MclModule & { default?: typeof MclModule };
  mcl = module.default ?? module;
  await mcl.init(mcl.BLS12_381);
  mcl.setETHserialization(true);
  mcl.setMapToMode(mcl.IRTF);
  mcl.verifyOrderG1(true);
  mcl.verifyOrderG2(true);
  const g1 = new mcl.G1();
  g1.deserialize(fromHex(G1_BASE));
  const g2 = new mcl.G2();
  g2.deserialize(fromHex(G2_BASE));
  // `mod` is replaced by `init`, so it is read now and not before.
  loaded = {
    raw: (mcl as unknown as { mod: RawModule }).mod,
    g1,
    g2,
    g2Lines: new mcl.PrecomputedG2(g2),
  };
}

function state(): Loaded {
  if (loaded === undefined)
    throw new CryptoError("E_ENGINE", "Cannot compute before ready() has resolved");
  return loaded;
}

const g1Of = (point: G1): MclG1 => point as unknown as MclG1;
const g2Of = (point: G2): MclG2 => point as unknown as MclG2;
const gtOf = (element: Gt): MclGt => element as unknown as MclGt;
const asG1 = (point: MclG1): G1 => point as unknown as G1;
const asG2 = (point: MclG2): G2 => point as unknown as G2;
const asGt = (element: MclGt): Gt => element as unknown as Gt;
const wordsOf = (element: object): Uint32Array => (element as unknown as Words).a_;

function frOf(scalar: bigint): Fr {
  const fr = new mcl.Fr();
  fr.setBigEndianMod(i2osp(scalar, 32));
  return fr;
}

function decodePoint<T extends MclG1 | MclG2>(point: T, bytes: Uint8Array, length: number): T {
  expectLength("point", bytes, length, "E_FORMAT");
  try {
    point.deserialize(bytes);
  } catch (cause) {
    throw new CryptoError("E_SUBGROUP", "Cannot use point, want one of the prime-order subgroup", {
      cause,
    });
  }
  if (point.isZero())
    throw new CryptoError("E_SUBGROUP", "Cannot use point, the identity is refused");
  return point;
}

/** Runs with values on the module's stack and gives the stack back. */
function onStack<T>(body: (raw: RawModule) => T): T {
  const { raw } = state();
  const stack = raw.stackSave();
  try {
    return body(raw);
  } finally {
    raw.stackRestore(stack);
  }
}

function millerProduct(pairs: readonly Pair[]): MclGt {
  const { g2, g2Lines } = state();
  const [first, second, ...more] = pairs;
  if (first === undefined)
    throw new CryptoError("E_ARGUMENT", "Cannot pair nothing, want at least one pair");
  if (second === undefined) {
    const [p, q] = first;
    return g2Of(q) === g2
      ? mcl.precomputedMillerLoop(g1Of(p), g2Lines)
      : mcl.millerLoop(g1Of(p), g2Of(q));
  }
  if (more.length === 0 && g2Of(second[1]) === g2) {
    return mcl.precomputedMillerLoop2mixed(
      g1Of(first[0]),
      g2Of(first[1]),
      g1Of(second[0]),
      g2Lines,
    );
  }
  const products: MclGt[] = [];
  for (let i = 0; i < pairs.length; i += STACK_PAIRS_MAX) {
    products.push(millerVector(pairs.slice(i, i + STACK_PAIRS_MAX)));
  }
  return products.reduce((left, right) => mcl.mul(left, right));
}

/** One call for a few pairs. */
function millerVector(pairs: readonly Pair[]): MclGt {
  const out = new mcl.GT();
  onStack((raw) => {
    const pointer = raw.salloc(wordsOf(out));
    const lefts = raw.sallocArray(pairs.map(([p]) => wordsOf(p)));
    const rights = raw.sallocArray(pairs.map(([, q]) => wordsOf(q)));
    raw._mclBn_millerLoopVec(pointer, lefts, rights, pairs.length);
    raw.copyFromHeap32(wordsOf(out), pointer);
  });
  return out;
}

/** mcl's `_mclBnGT_powGeneric`: square and multiply without the subgroup's endomorphism. */
function powerGeneric(element: MclGt, scalar: bigint): MclGt {
  const out = new mcl.GT();
  const { raw } = state();
  raw.callOp2(raw._mclBnGT_powGeneric, wordsOf(out), wordsOf(element), wordsOf(frOf(scalar)));
  return out;
}

/** BLS12-381 by mcl-wasm: fast, for all product work. One global curve state a process. */
export const mclEngine: CurveEngine = {
  name: "mcl",
  init() {
    loading ??= load();
    return loading;
  },

  g1Base: () => asG1(state().g1),
  g2Base: () => asG2(state().g2),
  g1Decode: (bytes) => asG1(decodePoint(new mcl.G1(), bytes, BYTES.g1)),
  g2Decode: (bytes) => asG2(decodePoint(new mcl.G2(), bytes, BYTES.g2)),
  g1Encode: (point) => g1Of(point).serialize(),
  g2Encode: (point) => g2Of(point).serialize(),

  g1Add: (left, right) => asG1(mcl.add(g1Of(left), g1Of(right))),
  g1Negate: (point) => asG1(mcl.neg(g1Of(point))),
  g1Multiply: (point, scalar) => asG1(mcl.mul(g1Of(point), frOf(scalar))),
  g2Add: (left, right) => asG2(mcl.add(g2Of(left), g2Of(right))),
  g2Multiply: (point, scalar) => asG2(mcl.mul(g2Of(point), frOf(scalar))),
  g1MultiplySum(terms) {
    const sums: MclG1[] = [];
    for (let i = 0; i < terms.length; i += STACK_TERMS_MAX) {
      const part = terms.slice(i, i + STACK_TERMS_MAX);
      sums.push(
        mcl.mulVec(
          part.map(([p]) => g1Of(p)),
          part.map(([, scalar]) => frOf(scalar)),
        ),
      );
    }
    return asG1(sums.reduce((left, right) => mcl.add(left, right)));
  },

  hashToG1(message, dst) {
    const out = new mcl.G1();
    onStack((raw) => {
      const pointer = raw.salloc(wordsOf(out));
      const label = utf8(dst);
      const failed = raw._mclBnG1_hashAndMapToWithDst(
        pointer,
        raw.sallocBytes(message),
        message.length,
        raw.sallocBytes(label),
        label.length,
      );
      if (failed !== 0) throw new CryptoError("E_ENGINE", "Cannot hash to the curve");
      raw.copyFromHeap32(wordsOf(out), pointer);
    });
    return asG1(out);
  },

  pairing: (left, right) => asGt(mcl.finalExp(millerProduct([[left, right]]))),
  pairingProduct: (pairs) => asGt(mcl.finalExp(millerProduct(pairs))),

  gtDecode(bytes) {
    assertCanonicalGt(bytes);
    const element = new mcl.GT();
    element.deserialize(swapFp2Halves(bytes));
    return asGt(element);
  },
  gtEncode: (element) => swapFp2Halves(gtOf(element).serialize()),
  gtOne() {
    const one = new mcl.GT();
    one.setInt(1);
    return asGt(one);
  },
  gtMultiply: (left, right) => asGt(mcl.mul(gtOf(left), gtOf(right))),
  gtConjugate: (element) => asGt(mcl.inv(gtOf(element))),
  gtPower: (element, scalar) => asGt(mcl.pow(gtOf(element), frOf(scalar))),
  gtPowerUnchecked: (element, scalar) => asGt(powerGeneric(gtOf(element), scalar)),
  gtEqual: (left, right) => gtOf(left).isEqual(gtOf(right)),
  // x^(q-1) * x, because q itself is no scalar.
  gtHasOrder: (element) =>
    mcl.mul(powerGeneric(gtOf(element), GROUP_ORDER - 1n), gtOf(element)).isOne(),
};

/** Terms of one multi-multiplication and pairs of one Miller loop: the module's stack is small. */
const STACK_TERMS_MAX = 32;
const STACK_PAIRS_MAX = 16;

/** mcl writes the two halves of each Fp2 the other way round. */
function swapFp2Halves(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 96) {
    out.set(bytes.subarray(i + 48, i + 96), i);
    out.set(bytes.subarray(i, i + 48), i + 48);
  }
  return out;
}
