/**
 * Seals a 1 GiB record to a file and opens it again, in this process alone, and prints the peak of its anonymous
 * memory as JSON: {"peakMegabytes": number}. Where the system does not tell it, all resident memory counts.
 */
import { createReadStream, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import { openAsPatient, openBody, readStoredRecord } from "@anamnesis/crypto/open";
import { institutionPublicKey, tagKeys, visitSigningKey } from "@anamnesis/crypto/patientKeys";
import { sealRecord } from "@anamnesis/crypto/seal";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { piecesOf, randomBytes, ready, streamOf } from "@anamnesis/crypto/verify";

const SIZE = 1 << 30;
const PIECE = randomBytes(1 << 20);

let peakBytes = 0;

function sampleMemory(): void {
  peakBytes = Math.max(peakBytes, anonymousBytes());
}

function anonymousBytes(): number {
  try {
    const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (found?.[1] !== undefined) return 1024 * Number(found[1]);
  } catch {
    // No such file on this system.
  }
  return process.memoryUsage.rss();
}

function* content(): Generator<Uint8Array> {
  for (let sent = 0; sent < SIZE; sent += PIECE.length) {
    sampleMemory();
    yield Uint8Array.from(PIECE);
  }
}

const folder = await mkdtemp(join(tmpdir(), "anamnesis-bench-"));
try {
  await ready();
  const seed = randomBytes(32);
  const tag = randomBytes(16);
  const who = { seed, institution: "general-hospital", epoch: "1" };
  const author = signingKeypair(randomBytes(32));
  const { addressKey, ekTag } = tagKeys({ seed, tag });
  const path = join(folder, "object");
  const sealing = await sealRecord({
    target: {
      pid: visitSigningKey({ seed, visitSalt: randomBytes(16) }).id,
      tag,
      A: institutionPublicKey(who),
      ekTag,
      addressKey,
    },
    author: {
      signingSecretKey: author.secretKey,
      certFingerprint: randomBytes(32),
      boxPublicKey: (await boxKeypairFromSeed(randomBytes(32))).publicKey,
    },
    content: { size: SIZE, open: () => streamOf(content()) },
    description: {
      mediaClass: "dicom",
      mediaType: "application/dicom",
      category: "imaging",
      keywords: [],
      label: { title: "scan", start: null, end: null, type: null, series: null, sensitivity: [] },
    },
    time: 1_790_000_000,
  });
  await writeFile(path, piecesOf(sealing.object));
  const sealed = await sealing.sealed;
  const source = streamOf(createReadStream(path));
  const record = await readStoredRecord({ source, addressKey });
  const contentKey = await openAsPatient({ ...who, record });
  let opened = 0;
  const body = openBody({
    record,
    contentKey,
    authorPublicKey: author.publicKey,
    expectedDigest: sealed.digest,
  });
  for await (const piece of piecesOf(body.content)) {
    opened += piece.length;
    if (opened % PIECE.length < piece.length) sampleMemory();
  }
  await body.finished;
  if (opened !== SIZE) throw new Error(`Opened ${opened} bytes, want ${SIZE}`);
  process.stdout.write(`${JSON.stringify({ peakMegabytes: Math.round(peakBytes / 1e6) })}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
