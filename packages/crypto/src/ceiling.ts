/**
 * The units that the suite's costs are counted in, one call each: what this machine can do at best with the primitives
 * in use. For benchmarks; nothing here is needed to seal or open.
 */
import { gcmSeal } from "./primitives/aesGcm.ts";
import { mlKemEncapsulate, mlKemKeys } from "./kem/mlKem.ts";
import { XWing } from "@hpke/hybridkem-x-wing";
import { randomBytes, sha256 } from "./primitives/derive.ts";
import { os2ip } from "./encoding/bytes.ts";
import { curve } from "./engine/ready.ts";

export interface Ceilings {
  /** One pairing of two fresh points. */
  pairing(): void;
  /** What one encapsulation needs of the curve: one pairing, one multiplication in G2, two in G1, two hashes to G1. */
  curveEncapsulate(): void;
  /** One ML-KEM-768 encapsulation. */
  mlKemEncapsulate(): void;
  /** One X-Wing encapsulation. */
  xWingEncapsulate(): Promise<void>;
  /** SHA-256 over the given bytes. */
  sha256(bytes: Uint8Array): void;
  /** AES-256-GCM over the given bytes in one piece. */
  aesGcm(bytes: Uint8Array): Promise<void>;
}

/** Prepares keys and points once; await `ready()` first. */
export async function makeCeilings(): Promise<Ceilings> {
  const engine = curve();
  const scalar = os2ip(randomBytes(31));
  const p = engine.g1Multiply(engine.g1Base(), 0x1234567890abcdefn);
  const q = engine.g2Multiply(engine.g2Base(), 0xfedcba0987654321n);
  const { ek } = mlKemKeys(randomBytes(64));
  const coins = randomBytes(32);
  const kem = new XWing();
  const { publicKey } = await kem.generateKeyPair();
  const key = randomBytes(32);
  const nonce = randomBytes(12);
  const aad = new Uint8Array(32);
  return {
    pairing: () => void engine.pairing(p, q),
    curveEncapsulate() {
      engine.g2Multiply(engine.g2Base(), scalar);
      for (const bytes of [key, aad]) engine.g1Multiply(engine.hashToG1(bytes, "CEILING"), scalar);
      engine.pairing(p, q);
    },
    mlKemEncapsulate: () => void mlKemEncapsulate(ek, coins),
    xWingEncapsulate: async () => void (await kem.encap({ recipientPublicKey: publicKey })),
    sha256: (bytes) => void sha256(bytes),
    aesGcm: async (data) => void (await gcmSeal({ key, nonce, aad, data })),
  };
}
