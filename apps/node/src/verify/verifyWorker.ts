import { parentPort } from "node:worker_threads";
import sodium from "sodium-native";
import { unpackChecks } from "./packedChecks.ts";

/** Verifies Ed25519 signatures off the main thread, by the one library that decides on every node. */
parentPort?.on("message", (packed: Uint8Array) => {
  const results = new Uint8Array(unpackChecks(packed).map((check) => Number(verify(check))));
  parentPort?.postMessage(results, [results.buffer]);
});

function verify({
  publicKey,
  message,
  signature,
}: {
  publicKey: Buffer;
  message: Buffer;
  signature: Buffer;
}): boolean {
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}
