import type { SignatureCheck } from "@anamnesis/protocol";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const LENGTH_BYTES = 4;

/** Many signature checks as one run of bytes, which crosses to a worker without a copy: key, signature, length, message. */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  const fixed = KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES;
  const packed = Buffer.from(
    new ArrayBuffer(checks.reduce((sum, { message }) => sum + fixed + message.length, 0)),
  );
  let at = 0;
  for (const { publicKey, signature, message } of checks) {
    packed.set(publicKey, at);
    packed.set(signature, at + KEY_BYTES);
    packed.writeUInt32LE(message.length, at + KEY_BYTES + SIGNATURE_BYTES);
    packed.set(message, at + fixed);
    at += fixed + message.length;
  }
  return packed;
}

/** The inverse of {@link packChecks}; views into the same bytes. */
export function unpackChecks(
  packed: Uint8Array,
): { publicKey: Buffer; signature: Buffer; message: Buffer }[] {
  const buffer = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
  const checks: { publicKey: Buffer; signature: Buffer; message: Buffer }[] = [];
  for (let at = 0; at < buffer.length;) {
    const publicKey = buffer.subarray(at, (at += KEY_BYTES));
    const signature = buffer.subarray(at, (at += SIGNATURE_BYTES));
    const length = buffer.readUInt32LE(at);
    at += LENGTH_BYTES;
    checks.push({ publicKey, signature, message: buffer.subarray(at, (at += length)) });
  }
  return checks;
}
