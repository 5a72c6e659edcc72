import { fromHex, equalBytes, toHex, utf8 } from "../encoding/bytes.ts";
import { sha256 } from "../primitives/derive.ts";
import type { CurveEngine } from "./curveEngine.ts";
import { mclEngine } from "./engineMcl.ts";
import { CryptoError } from "../errors.ts";
import { DST } from "../suite.ts";

/** SHA-256 of the 576 bytes of e(P1, P2); noble, mcl and zkcrypto/pairing agree on it. */
const PAIRING_SHA256 = "06fa588b89fdfb034dbc1c163ecb3dfac228f552b643c7294cc5f2c4dc170b84";
/** H_tag("known answer"), computed by noble-curves 2.4.0. */
const HASH_TO_G1 =
  "99411f61f546cd3fa8cc2b1928e1a2852ae6f54a4d74e83782a749b925467fd821a095d99f347fea4ba250e10b516ad4";

let active: CurveEngine = mclEngine;

/** The engine in use. */
export function curve(): CurveEngine {
  return active;
}

/**
 * Loads the curve engine and checks it against known answers: hash-to-curve, pairing, GT bytes.
 *
 * Await it once before anything that touches the curve. Idempotent; takes about 0.1 s the first time.
 *
 * @throws {CryptoError} `E_ENGINE` if an answer differs: a wrong version or mode of the engine.
 */
export async function ready(): Promise<void> {
  await checkEngine(active);
}

/** Makes another engine the active one; for tests that run one engine against the other. */
export async function useEngine(engine: CurveEngine): Promise<void> {
  await checkEngine(engine);
  active = engine;
}

const checked = new WeakSet<CurveEngine>();

async function checkEngine(engine: CurveEngine): Promise<void> {
  await engine.init();
  if (checked.has(engine)) return;
  const pairing = engine.gtEncode(engine.pairing(engine.g1Base(), engine.g2Base()));
  const hashed = engine.g1Encode(engine.hashToG1(utf8("known answer"), DST.tag));
  if (toHex(sha256(pairing)) !== PAIRING_SHA256 || !equalBytes(hashed, fromHex(HASH_TO_G1))) {
    throw new CryptoError(
      "E_ENGINE",
      `Cannot use curve engine ${engine.name}, it fails its known-answer test`,
    );
  }
  checked.add(engine);
}
