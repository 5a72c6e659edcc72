import { toBase64url } from "@anamnesis/crypto/verify";

/** A view of the ledger as JSON: byte strings become base64url, the rest stays (docs/spec/http.md). */
export function wire(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64url(value);
  if (Array.isArray(value)) return value.map(wire);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, wire(item)]));
}
