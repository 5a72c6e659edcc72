import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { utf8 } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import {
  NonceMemory,
  bareKey,
  bareKeyId,
  parseRequestSignature,
  signRequest,
} from "./httpSignature.ts";
import { limits } from "./limits.ts";

const key = keyOf("caller");
const now = 1_767_225_600_000;
const request = {
  method: "POST",
  authority: "node.example:8443",
  path: "/chains/consortium/slips",
  body: utf8('{"a":1}'),
};
const rawSign = (message: Uint8Array) => ed25519.sign(message, key.secretKey);
const sign = (of = request, keyId = bareKeyId(key.publicKey), created = now) =>
  signRequest(of, keyId, rawSign, created, bytesOf("nonce", 16));

test("a signed request verifies under the caller's key and no other", () => {
  const parsed = parseRequestSignature(request, sign(), now);
  assert.equal(parsed.keyId, bareKeyId(key.publicKey));
  assert.equal(parsed.created, now);
  assert.deepEqual(bareKey(parsed.keyId), key.publicKey);
  assert.ok(parsed.verify(key.publicKey));
  assert.ok(!parsed.verify(keyOf("another").publicKey));
});

test("the signature base is that of RFC 9421 2.5", () => {
  let base = "";
  signRequest(
    request,
    "ab",
    (message) => ((base = new TextDecoder().decode(message)), new Uint8Array(64)),
    now,
    bytesOf("nonce", 16),
  );
  assert.equal(
    base,
    [
      '"@method": POST',
      '"@authority": node.example:8443',
      '"@path": /chains/consortium/slips',
      '"content-digest": sha-256=:AVq9fxDzgpcR51WAzPtcOr5L8uDb/y3sWd0hJz46G5g=:',
      '"@signature-params": ("@method" "@authority" "@path" "content-digest");created=1767225600;nonce="eDdxJ5pmFdKTGdyH_Zrz-g";keyid="ab";alg="ed25519"',
    ]
      .join("\n")
      .replace("AVq9fxDzgpcR51WAzPtcOr5L8uDb/y3sWd0hJz46G5g=", /sha-256=:([^:]+):/.exec(base)![1]!)
      .replace("eDdxJ5pmFdKTGdyH_Zrz-g", /nonce="([^"]+)"/.exec(base)![1]!),
  );
});

const changed: Record<string, Partial<typeof request>> = {
  "another method": { method: "DELETE" },
  "another authority": { authority: "node.example:8444" },
  "another path": { path: "/chains/consortium/batch" },
};
for (const [what, change] of Object.entries(changed)) {
  test(`a signature does not hold for ${what}`, () => {
    assert.ok(!parseRequestSignature({ ...request, ...change }, sign(), now).verify(key.publicKey));
  });
}

const refused: Record<
  string,
  { of?: typeof request; headers: Record<string, string | undefined>; at?: number; code?: string }
> = {
  "no signature": { headers: {}, code: "SIGNATURE_REQUIRED" },
  "half a signature": { headers: { ...sign(), signature: undefined }, code: "SIGNATURE_REQUIRED" },
  "no digest of the body": { headers: { ...sign(), "content-digest": undefined } },
  "a digest of another form": {
    headers: { ...sign(), "content-digest": `${sign()["content-digest"]}, md5=:AAAA:` },
  },
  "more than a minute past": { headers: sign(), at: now + limits.requestSkewMs + 1 },
  "more than a minute ahead": { headers: sign(), at: now - limits.requestSkewMs - 1 },
  "fewer components": {
    headers: {
      ...sign(),
      "signature-input": sign()["signature-input"].replace(' "content-digest"', ""),
    },
  },
  "another algorithm": {
    headers: {
      ...sign(),
      "signature-input": sign()["signature-input"].replace('ed25519"', 'hmac-sha256"'),
    },
  },
  "a second signature": { headers: { ...sign(), signature: `${sign().signature}, sig2=:AA==:` } },
  "a short nonce": {
    headers: {
      ...sign(),
      "signature-input": sign()["signature-input"].replace(/nonce="[^"]+"/, 'nonce="AA"'),
    },
  },
};
for (const [
  what,
  { of = request, headers, at = now, code = "SIGNATURE_INVALID" },
] of Object.entries(refused)) {
  test(`parseRequestSignature() refuses ${what}`, () =>
    assert.throws(() => parseRequestSignature(of, headers, at), { code }));
}

test("a signature covers one body: by its digest, which is signed", () => {
  const other = { ...request, body: utf8('{"a":2}') };
  const parsed = parseRequestSignature(request, sign(), now);
  assert.ok(parsed.covers(request.body));
  assert.ok(!parsed.covers(other.body));
  const digest = sign(other)["content-digest"];
  const swapped = parseRequestSignature(request, { ...sign(), "content-digest": digest }, now);
  assert.ok(!swapped.verify(key.publicKey));
});

test("created, nonce and keyid are signed", () => {
  const headers = sign();
  const input = headers["signature-input"];
  const nonce = Buffer.from(bytesOf("other nonce", 16)).toString("base64url");
  const changes = [
    input.replace("created=1767225600", "created=1767225601"),
    input.replace(/nonce="[^"]+"/, `nonce="${nonce}"`),
    input.replace(/keyid="[^"]+"/, `keyid="${"0".repeat(64)}"`),
  ];
  for (const changed of changes)
    assert.ok(
      !parseRequestSignature(request, { ...headers, "signature-input": changed }, now).verify(
        key.publicKey,
      ),
    );
});

test("bareKey() gives a code for what is no key", () => {
  assert.equal(bareKey("0".repeat(64)), undefined);
  for (const id of ["ed25519:", "ed25519:AAAA", "ed25519:A", `ed25519:${"_".repeat(43)}`])
    assert.throws(() => bareKey(id), { code: "SIGNATURE_INVALID" });
});

test("NonceMemory refuses a replay for as long as the request could be in time, and forgets it then", () => {
  const memory = new NonceMemory();
  memory.use("k", "n", now);
  assert.throws(() => memory.use("k", "n", now), { code: "NONCE_REUSED" });
  assert.throws(() => memory.use("k", "n", now + 2 * limits.requestSkewMs), {
    code: "NONCE_REUSED",
  });
  memory.use("another", "n", now);
  memory.use("k", "n", now + 2 * limits.requestSkewMs + 1);
});
