import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { LeakScanner } from "./leakScan.ts";

const secret = "Zhang Wei 张伟";
const noise = () => randomBytes(5_000);
const hash = (name: string) => createHash(name).update(secret).digest();

const planted: [string, Buffer][] = [
  ["plain", Buffer.from(secret)],
  [
    "JSON escapes",
    Buffer.from(
      JSON.stringify({ name: secret }).replace(
        /[^\x20-\x7e]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16)}`,
      ),
    ),
  ],
  ["percent", Buffer.from(`/patients?name=${encodeURIComponent(secret)}`)],
  ["UTF-16LE", Buffer.from(secret, "utf16le")],
  ["UTF-16BE", Buffer.from(secret, "utf16le").swap16()],
  ["hex", Buffer.from(Buffer.from(secret).toString("hex"))],
  ["base64 of it alone", Buffer.from(Buffer.from(secret).toString("base64"))],
  ["base64 inside a longer text", Buffer.from(Buffer.from(`{"n":"${secret}"}`).toString("base64"))],
  [
    "base64url inside a longer text",
    Buffer.from(Buffer.from(`name=${secret};`).toString("base64url")),
  ],
  ["sha256 raw", hash("sha256")],
  ["sha1 hex", Buffer.from(hash("sha1").toString("hex"))],
  ["md5 base64", Buffer.from(hash("md5").toString("base64"))],
  ["gzip", gzipSync(`...${secret}...`)],
  ["zlib", deflateSync(`...${secret}...`)],
];

test("LeakScanner finds a planted secret in every disguise, in noise", async (t) => {
  const scanner = new LeakScanner(["another secret", secret]);
  for (const [disguise, bytes] of planted) {
    await t.test(disguise, () => {
      const directory = mkdtempSync(join(tmpdir(), "leak-"));
      try {
        writeFileSync(join(directory, "data"), Buffer.concat([noise(), bytes, noise()]));
        const { leaks } = scanner.scanDirectory(directory);
        assert.ok(
          leaks.some((leak) => leak.secret === 1),
          "the planted secret was not found",
        );
        assert.ok(
          leaks.every((leak) => leak.secret === 1),
          "a secret that is not there was found",
        );
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});

test("LeakScanner finds a secret in a file of raw deflate and in a file name", () => {
  const directory = mkdtempSync(join(tmpdir(), "leak-"));
  try {
    writeFileSync(join(directory, "raw"), deflateRawSync(`text ${secret}`));
    writeFileSync(join(directory, secret), "");
    assert.equal(
      new Set(new LeakScanner([secret]).scanDirectory(directory).leaks.map((leak) => leak.file))
        .size,
      2,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("LeakScanner finds nothing in 8 MiB of noise", () => {
  const scanner = new LeakScanner(Array.from({ length: 500 }, (_, i) => `secret number ${i}`));
  assert.deepEqual(scanner.scan(randomBytes(8 * 1024 * 1024), "noise"), []);
});
