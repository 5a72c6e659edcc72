import { sha256 } from "@noble/hashes/sha2.js";
import { toUtf8 } from "./text.ts";

/**
 * A UUID version 8 (RFC 9562 section 5.8) from the SHA-256 of the parts, each preceded by its length: the same parts
 * give the same UUID. It stands only inside records; outside of an envelope it would confirm a guess at its parts.
 */
export function deriveUuid(...parts: readonly string[]): string {
  const digest = sha256(toUtf8(parts.map((part) => `${part.length}:${part}`).join("")));
  const bytes = digest.slice(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
