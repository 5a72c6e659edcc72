import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { sign, signingKeypair } from "@anamnesis/crypto/sign";
import {
  fromHex,
  sha256,
  signatureInput,
  utf8,
  verifySignatureRaw,
} from "@anamnesis/crypto/verify";
import type { SignatureCheck } from "@anamnesis/protocol";
import { packChecks, unpackChecks } from "./packedChecks.ts";
import { VerifierPool } from "./verifierPool.ts";

const pool = new VerifierPool(2);
after(() => pool.stop());

interface Vectors {
  readonly rfc8032: readonly { publicKey: string; message: string; signature: string }[];
  readonly refusedKeys: readonly { publicKey: string; why: string }[];
}
const vectors = JSON.parse(
  await readFile(new URL("../../../../tests/vectors/ed25519-strict.json", import.meta.url), "utf8"),
) as Vectors;

const key = signingKeypair(sha256(utf8("a key")));
const message = signatureInput("TEST", utf8("a message"));
const signature = sign({ type: "TEST", message: utf8("a message"), secretKey: key.secretKey });
const good: SignatureCheck = { publicKey: key.publicKey, message, signature };

/** Group order of edwards25519, little endian. */
const L = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

test("verify() accepts the signatures of RFC 8032 section 7.1", async () => {
  const checks = vectors.rfc8032.map((vector) => ({
    publicKey: fromHex(vector.publicKey),
    message: fromHex(vector.message),
    signature: fromHex(vector.signature),
  }));
  assert.deepEqual(
    await pool.verify(checks),
    checks.map(() => true),
  );
});

test("verify() refuses small-order and non-canonical keys, as the crypto package does", async () => {
  for (const { publicKey, why } of vectors.refusedKeys) {
    // R = identity and S = 0 verify under a key of small order wherever nobody looks.
    for (const forged of [Uint8Array.of(1, ...new Uint8Array(63)), signature]) {
      const check = { publicKey: fromHex(publicKey), message, signature: forged };
      assert.deepEqual(await pool.verify([check]), [false], why);
      assert.equal(verifySignatureRaw(check), false, why);
    }
  }
});

test("verify() refuses S of the group order or above, and small-order or non-canonical R", async () => {
  const s = addLittleEndian(signature.subarray(32), L);
  const malleable = Uint8Array.from([...signature.subarray(0, 32), ...s]);
  const rows = [
    malleable,
    ...vectors.refusedKeys.map(({ publicKey }) =>
      Uint8Array.from([...fromHex(publicKey), ...signature.subarray(32)]),
    ),
  ].map((changed) => ({ ...good, signature: changed }));
  assert.deepEqual(
    await pool.verify(rows),
    rows.map(() => false),
  );
  assert.deepEqual(
    rows.map(verifySignatureRaw),
    rows.map(() => false),
  );
});

test("verify() judges a mixed-order key like the crypto package (Chalkias et al., cases 3 to 7)", async () => {
  const cases = [
    [
      "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
      "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
      "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ],
    [
      "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
      "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
      "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ],
    [
      "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
      "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
      "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ],
    [
      "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
      "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
      "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    ],
    [
      "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
      "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
      "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ],
  ] as const;
  const checks = cases.map(([text, publicKey, bytes]) => ({
    message: fromHex(text),
    publicKey: fromHex(publicKey),
    signature: fromHex(bytes),
  }));
  assert.deepEqual(await pool.verify(checks), checks.map(verifySignatureRaw));
});

test("verify() gives the verdict of every vector at the edges of Ed25519", async () => {
  const file = new URL("../../../../tests/vectors/ed25519-edges.json", import.meta.url);
  const edges = JSON.parse(await readFile(file, "utf8")) as {
    readonly vectors: readonly (Record<"publicKey" | "message" | "signature" | "why", string> & {
      readonly valid: boolean;
    })[];
  };
  // A parser lets through no key and no signature of another length.
  const whole = edges.vectors.filter(
    (vector) => vector.publicKey.length === 64 && vector.signature.length === 128,
  );
  const verdicts = await pool.verify(
    whole.map((vector) => ({
      publicKey: fromHex(vector.publicKey),
      message: fromHex(vector.message),
      signature: fromHex(vector.signature),
    })),
  );
  assert.deepEqual(
    verdicts.map((verdict, i) => ({ verdict, why: whole[i]?.why })),
    whole.map(({ valid, why }) => ({ verdict: valid, why })),
  );
});

test("verify() answers many callers at once, each with its own results", async () => {
  const bad = { ...good, message: utf8("another message") };
  const calls = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? [good, bad] : [good]));
  const answers = await Promise.all(calls.map((checks) => pool.verify(checks)));
  assert.deepEqual(
    answers,
    calls.map((checks) => checks.map((check) => check === good)),
  );
  assert.deepEqual(await pool.verify([]), []);
});

test("packChecks() is undone by unpackChecks()", () => {
  const checks = [good, { ...good, message: new Uint8Array(0) }];
  const unpacked = unpackChecks(packChecks(checks));
  assert.deepEqual(
    unpacked.map((check) => [...check.message]),
    checks.map((check) => [...check.message]),
  );
  assert.deepEqual([...unpacked[1]!.signature], [...signature]);
});

/** Says yes to everything, and dies of a key that begins with 255. */
const mortal = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    parentPort.on("message", (packed) => {
      if (packed[0] === 255) throw new Error("dies");
      parentPort.postMessage(Uint8Array.of(1));
    });`)}`,
);

test("a thread that dies fails what it had, and another takes its place", async (t) => {
  const deadly = { ...good, publicKey: new Uint8Array(32).fill(255) };
  const replaced = new VerifierPool(1, mortal);
  t.after(() => replaced.stop());
  assert.deepEqual(await replaced.verify([good]), [true]);
  const had = replaced.verify([deadly]);
  const waits = replaced.verify([good]);
  await assert.rejects(had, { code: "UNAVAILABLE" });
  const heldOpen = setTimeout(() => undefined, 30_000); // The pool itself keeps no process alive.
  assert.deepEqual(await waits, [true]);
  clearTimeout(heldOpen);
});

test("a thread that gives another number of results has verified nothing", async (t) => {
  const short = new VerifierPool(1, mortal);
  t.after(() => short.stop());
  await assert.rejects(short.verify([good, good]), { code: "UNAVAILABLE" });
  assert.deepEqual(await short.verify([good]), [true]);
});

test("a stopped pool verifies nothing", async () => {
  const stopped = new VerifierPool(1);
  await stopped.stop();
  await assert.rejects(stopped.verify([good]), { code: "UNAVAILABLE" });
});

function addLittleEndian(left: Uint8Array, right: Uint8Array): number[] {
  let carry = 0;
  return Array.from(left, (byte, i) => {
    const sum = byte + right[i]! + carry;
    carry = sum >> 8;
    return sum & 255;
  });
}
