import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, randomBytes } from "@anamnesis/crypto/verify";
import { newDevice } from "@anamnesis/testing/registryFederation";
import { requestedKey } from "./certificateRequest.ts";

const device = await newDevice();

test("requestedKey() wants a PKCS#10 request that its own Ed25519 key signed", async () => {
  assert.deepEqual(requestedKey(device.request), device.keys.publicKey);
  for (const at of [device.request.length - 1, device.request.length >> 1]) {
    const flipped = device.request.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.throws(
      () => requestedKey(flipped),
      (error: { code?: string }) => ["SIGNATURE_INVALID", "BAD_REQUEST"].includes(error.code ?? ""),
    );
  }
  const flippedSignature = device.request.slice();
  flippedSignature[flippedSignature.length - 1] = (flippedSignature.at(-1) ?? 0) ^ 1;
  assert.throws(() => requestedKey(flippedSignature), { code: "SIGNATURE_INVALID" });
  assert.throws(() => requestedKey(randomBytes(100)), { code: "BAD_REQUEST" });
  assert.throws(() => requestedKey(new Uint8Array(0)), { code: "BAD_REQUEST" });
  assert.throws(() => requestedKey(concat(device.request, new Uint8Array(1))), {
    code: "BAD_REQUEST",
  });
});
