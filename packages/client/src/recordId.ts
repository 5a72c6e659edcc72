import { AnamnesisError } from "@anamnesis/protocol";

const pattern = /^([0-9a-f]{64})(?:@([1-9]\d{0,5}))?$/;

/** A record as people name it: its id, or `ID@n` for an older version. @throws {AnamnesisError} BAD_REQUEST */
export function parseRecordId(text: string): { readonly id: string; readonly n: number | undefined } {
  const match = pattern.exec(text);
  if (match === null) throw new AnamnesisError("BAD_REQUEST", `'${text.slice(0, 80)}' is not a record id, want 64 hex digits, and @n for an older version`);
  return { id: match[1]!, n: match[2] === undefined ? undefined : Number(match[2]) };
}
