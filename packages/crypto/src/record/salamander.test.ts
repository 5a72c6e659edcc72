/**
 * AES-GCM does not commit to its key: one ciphertext can be made that opens under two keys to two plaintexts (Dodis,
 * Grubbs, Ristenpart and Woodage, CRYPTO 2018). This builds such a chunk and shows that the key commitment refuses it.
 */
import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { before, test } from "node:test";
import { concat, os2ip, utf8, xor } from "../encoding/bytes.ts";
import { kdf, randomBytes, sha256 } from "../primitives/derive.ts";
import { recordDigest } from "./digest.ts";
import {
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
} from "@anamnesis/testing/cryptoParties";
import { encodeHeader } from "./header.ts";
import { openBody } from "./openBody.ts";
import { isCommitted, openingChunks } from "./stream.ts";
import { readAll, streamOf } from "../encoding/streams.ts";

const BLOCK = 16;
const ALL_BITS = (1n << 128n) - 1n;

/** Multiplication in GF(2^128) of NIST SP 800-38D 6.3. */
function multiply(x: bigint, y: bigint): bigint {
  let z = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return z & ALL_BITS;
}

/** x^(2^128 - 2). */
function inverse(x: bigint): bigint {
  let result = 1n << 127n;
  let square = x;
  for (let i = 1; i < 128; i += 1) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}

function ghash(h: bigint, aad: Uint8Array, ciphertext: Uint8Array): bigint {
  const lengths = (BigInt(aad.length * 8) << 64n) | BigInt(ciphertext.length * 8);
  let y = 0n;
  for (const part of [aad, ciphertext]) {
    for (let at = 0; at < part.length; at += BLOCK) {
      const block = new Uint8Array(BLOCK);
      block.set(part.subarray(at, at + BLOCK));
      y = multiply(y ^ os2ip(block), h);
    }
  }
  return multiply(y ^ lengths, h);
}

function encryptBlock(key: Uint8Array, block: Uint8Array): bigint {
  const cipher = createCipheriv("aes-256-ecb", key, null);
  return os2ip(new Uint8Array(cipher.update(block)));
}

function toBlock(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(32, "0"), "hex"));
}

/** The first chunk's AES key and nonce (the only chunk, so last = 1). */
function chunkKey(contentKey: Uint8Array, salt: Uint8Array): { h: bigint; mask: bigint } {
  const key = kdf(contentKey, "enc", salt, 32);
  const nonce = concat(kdf(contentKey, "np", salt, 7), Uint8Array.of(0, 0, 0, 0, 1));
  const j0 = concat(nonce, Uint8Array.of(0, 0, 0, 1));
  return { h: encryptBlock(key, new Uint8Array(BLOCK)), mask: encryptBlock(key, j0) };
}

let parties: Awaited<ReturnType<typeof makeParties>>;

before(async () => {
  parties = await makeParties();
});

test("openBody() refuses a chunk that opens under two keys", async () => {
  const record = await readFixture(
    await sealContent(parties, makeTarget(parties, "two keys"), utf8("plain")),
  );
  const { salt } = record.header;
  const keys = [randomBytes(32), randomBytes(32)] as const;
  const [one, two] = [chunkKey(keys[0], salt), chunkKey(keys[1], salt)];
  // Four random blocks and a fifth chosen so that both GHASHes, masked, give one authentication tag.
  const free = concat(randomBytes(4 * BLOCK), new Uint8Array(BLOCK));
  const gap = ghash(one.h, record.ctx, free) ^ one.mask ^ ghash(two.h, record.ctx, free) ^ two.mask;
  const slope = multiply(one.h, one.h) ^ multiply(two.h, two.h);
  const ciphertext = concat(free.subarray(0, 4 * BLOCK), toBlock(multiply(gap, inverse(slope))));
  const sealed = concat(ciphertext, toBlock(ghash(one.h, record.ctx, ciphertext) ^ one.mask));

  const plaintexts: Uint8Array[] = [];
  for (const contentKey of keys) {
    const opening = openingChunks({ contentKey, salt, ctx: record.ctx }, () => undefined);
    plaintexts.push(await readAll(streamOf([sealed]).pipeThrough(opening)));
  }
  assert.equal(plaintexts.length, 2, "the attack on AES-GCM itself works");
  assert.notDeepEqual(plaintexts[0], plaintexts[1]);
  assert.ok(xor(plaintexts[0] ?? sealed, plaintexts[1] ?? sealed).some((byte) => byte !== 0));

  // Whatever commitment the author puts into the header, at most one of the keys is let near the chunk.
  for (const [index, committed] of keys.entries()) {
    const header = { ...record.header, kc: kdf(committed, "commit", salt, 32) };
    const other = keys[1 - index] ?? committed;
    assert.equal(isCommitted(committed, header), true);
    assert.equal(isCommitted(other, header), false);
    const ctx = sha256(encodeHeader(header));
    const hashes = { headerHash: ctx, capsulesHash: record.capsulesHash, bodyHash: sha256(sealed) };
    const { content } = openBody({
      record: { ...record, header, ctx, body: streamOf([sealed]) },
      contentKey: other,
      authorPublicKey: parties.author.publicKey,
      expectedDigest: recordDigest(hashes),
    });
    // Nothing was released before it failed.
    await assert.rejects(content.getReader().read(), { code: "E_DECRYPT" });
  }
});
