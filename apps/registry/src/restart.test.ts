import assert from "node:assert/strict";
import { after, test } from "node:test";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { randomBytes } from "@anamnesis/crypto/verify";
import { bareKeyId } from "@anamnesis/protocol";
import { forwarded } from "@anamnesis/testing/forwarded";
import {
  jsonBytes,
  post,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { startRegistry } from "./registry.ts";

const federation = await startFederation();
after(() => federation.node.stop());

test("H-50 to H-52: a registry's data directory is its own, and it refuses what is replayed, at another server too", async (t) => {
  const { config, registry } = federation;
  const { host, port } = new URL(registry.address);
  const { publicKey, secretKey } = signingKeypair(randomBytes(32));
  const body = jsonBytes({ fingerprint: "ab".repeat(32) });
  const signable = { method: "POST", path: "/revocations", body };
  const headers = signedHeaders(federation, signable, bareKeyId(publicKey), secretKey);
  const fresh = signedHeaders(federation, signable, bareKeyId(publicKey), secretKey);

  assert.notEqual(
    await codeOf(await post(federation, "/revocations", body, headers)),
    "NONCE_REUSED",
  );
  await assert.rejects(startRegistry(config), { code: "ALREADY_RUNNING" });

  await registry.stop();
  const elsewhere = await startRegistry(config);
  const sent = { method: "POST", headers: fresh, body: Buffer.from(body) };
  assert.equal(
    await forwarded(`${elsewhere.address}/revocations`, host, sent),
    "SIGNATURE_INVALID",
  );
  await elsewhere.stop();

  const again = await startRegistry({ ...config, port: Number(port) });
  t.after(() => again.stop());
  assert.equal(await codeOf(await post(federation, "/revocations", body, headers)), "NONCE_REUSED");
});
