import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync, inflateSync } from "node:zlib";

/** One hit: which secret (by its place in the list, never its text), in which disguise, where. */
export interface Leak {
  readonly secret: number;
  readonly disguise: string;
  readonly file: string;
  readonly offset: number;
}

interface Needle {
  readonly bytes: Buffer;
  readonly secret: number;
  readonly disguise: string;
}

/** Shorter needles would turn up in random ciphertext by chance. */
const shortestNeedle = 6;
const hashes = ["md5", "sha1", "sha256", "sha512", "sha3-256"] as const;
const mebibyte = 1024 * 1024;

/** Every form in which a careless program might write a secret down. */
function disguisesOf(secret: string): { bytes: Buffer; disguise: string }[] {
  const plain = Buffer.from(secret, "utf8");
  const utf16 = Buffer.from(secret, "utf16le");
  const hashed = hashes.flatMap((name) => {
    const digest = createHash(name).update(plain).digest();
    return [
      { bytes: digest.subarray(0, 16), disguise: `${name} raw` },
      { bytes: Buffer.from(digest.toString("hex").slice(0, 32)), disguise: `${name} hex` },
      { bytes: Buffer.from(digest.toString("base64").slice(0, 20)), disguise: `${name} base64` },
      {
        bytes: Buffer.from(digest.toString("base64url").slice(0, 20)),
        disguise: `${name} base64url`,
      },
    ];
  });
  return [
    { bytes: plain, disguise: "plain" },
    { bytes: Buffer.from(JSON.stringify(secret).slice(1, -1)), disguise: "JSON text" },
    { bytes: Buffer.from(asciiJson(secret)), disguise: "JSON escapes" },
    { bytes: Buffer.from(encodeURIComponent(secret)), disguise: "percent" },
    { bytes: utf16, disguise: "UTF-16LE" },
    { bytes: Buffer.from(utf16).swap16(), disguise: "UTF-16BE" },
    { bytes: Buffer.from(plain.toString("hex")), disguise: "hex" },
    { bytes: Buffer.from(plain.toString("hex").toUpperCase()), disguise: "hex upper" },
    ...base64Alignments(plain),
    ...hashed,
  ];
}

const asciiJson = (text: string): string =>
  text.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Base64 of the secret inside a longer text begins at one of three alignments; the characters it shares with neighbours are cut. */
function base64Alignments(plain: Buffer): { bytes: Buffer; disguise: string }[] {
  return [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), plain]);
    const cutFront = [0, 2, 3][shift]!;
    const whole = Math.floor((padded.length * 8) / 6);
    return (["base64", "base64url"] as const).map((alphabet) => ({
      bytes: Buffer.from(padded.toString(alphabet).slice(cutFront, whole)),
      disguise: `${alphabet} +${shift}`,
    }));
  });
}

/**
 * Searches files for secrets in every disguise of {@link disguisesOf}, and inside zlib, gzip and raw deflate streams.
 * A filter over the first four bytes of all needles keeps it near the speed of reading.
 */
export class LeakScanner {
  readonly #filter = new Uint8Array(1 << 21);
  readonly #needles = new Map<number, Needle[]>();
  #count = 0;

  constructor(secrets: Iterable<string>) {
    let index = 0;
    for (const secret of secrets) {
      const seen = new Set<string>();
      for (const { bytes, disguise } of disguisesOf(secret)) {
        const id = bytes.toString("latin1");
        if (bytes.length < shortestNeedle || seen.has(id)) continue;
        seen.add(id);
        this.#add({ bytes, disguise, secret: index });
      }
      index++;
    }
  }

  /** Needles searched for, disguises included. */
  get needles(): number {
    return this.#count;
  }

  #add(needle: Needle): void {
    const key = needle.bytes.readUInt32LE(0);
    const slot = hashOf(key);
    this.#filter[slot >> 3]! |= 1 << (slot & 7);
    const list = this.#needles.get(key);
    if (list === undefined) this.#needles.set(key, [needle]);
    else list.push(needle);
    this.#count++;
  }

  /** Every file below `directory`, their names included. */
  scanDirectory(directory: string): { leaks: Leak[]; files: number; bytes: number } {
    const leaks: Leak[] = [];
    let files = 0;
    let bytes = 0;
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      leaks.push(...this.scan(Buffer.from(entry.name), `name of ${file}`));
      if (!entry.isFile()) continue;
      const content = readFileSync(file);
      files++;
      bytes += content.length;
      leaks.push(...this.scan(content, file), ...this.#scanInflated(content, file));
    }
    return { leaks, files, bytes };
  }

  scan(content: Buffer, file: string): Leak[] {
    const leaks: Leak[] = [];
    const filter = this.#filter;
    const last = content.length - 4;
    if (last < 0) return leaks;
    let key = content.readUInt32LE(0);
    for (let offset = 0; offset <= last; offset++) {
      if (offset > 0) key = ((key >>> 8) | (content[offset + 3]! << 24)) >>> 0;
      const slot = hashOf(key);
      if ((filter[slot >> 3]! & (1 << (slot & 7))) === 0) continue;
      for (const needle of this.#needles.get(key) ?? []) {
        if (content.subarray(offset, offset + needle.bytes.length).equals(needle.bytes)) {
          leaks.push({ secret: needle.secret, disguise: needle.disguise, file, offset });
        }
      }
    }
    return leaks;
  }

  #scanInflated(content: Buffer, file: string): Leak[] {
    const leaks: Leak[] = [];
    const tryAt = (offset: number, inflate: (input: Buffer) => Buffer): void => {
      const inflated = quietly(() => inflate(content.subarray(offset)));
      if (inflated !== undefined && inflated.length > 0)
        leaks.push(...this.scan(inflated, `${file} inflated at ${offset}`));
    };
    const options = { maxOutputLength: 256 * mebibyte, finishFlush: 2 };
    tryAt(0, (input) => inflateRawSync(input, options));
    for (let offset = 0; offset + 2 < content.length; offset++) {
      const first = content[offset]!;
      if (first === 0x1f && content[offset + 1] === 0x8b && content[offset + 2] === 8)
        tryAt(offset + gzipHeaderBytes(content, offset), (input) => inflateRawSync(input, options));
      else if (first === 0x78 && (first * 256 + content[offset + 1]!) % 31 === 0)
        tryAt(offset, (input) => inflateSync(input, options));
    }
    return leaks;
  }
}

/** RFC 1952 2.3: ten bytes, then an optional extra field, name and comment. */
function gzipHeaderBytes(content: Buffer, offset: number): number {
  const flags = content[offset + 3] ?? 0;
  let end = offset + 10;
  if ((flags & 4) !== 0) end += 2 + (content[end] ?? 0) + 256 * (content[end + 1] ?? 0);
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const zero = content.indexOf(0, end);
    end = zero === -1 ? content.length : zero + 1;
  }
  return end - offset;
}

const hashOf = (key: number): number => (Math.imul(key, 0x9e3779b1) >>> 8) & 0xffffff;

/** Most offsets that look like a compressed stream are not one. */
function quietly(work: () => Buffer): Buffer | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
