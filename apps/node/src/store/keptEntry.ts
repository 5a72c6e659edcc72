import { decodeCanonical, encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  encodeGroup,
  limits,
  parseChainId,
  parseInstitutionId,
} from "@anamnesis/protocol";
import type {
  ChainId,
  EntryCertificate,
  Group,
  InstitutionId,
  LogEntry,
  SlipCode,
} from "@anamnesis/protocol";

/** A group of an executed entry: as it was decoded, unless its form was refused, and the code of each slip. */
export interface ExecutedGroup {
  readonly bytes: Uint8Array;
  readonly group: Group | undefined;
  readonly codes: readonly SlipCode[];
}

/**
 * An entry of the log as a store keeps it: a slip that the chain took stands in the state, by its place on the chain, and
 * here only counts. Canonical CBOR [chain, time, proposer, [absent…], [misbehaviour…], [prevHash, appHash, signature], first,
 * [group…]]; `first` is the place of the entry's first slip, a group [carrier, signature, [slip…]], or its bytes where it left
 * nothing; a slip its bytes, or a number: so many that follow each other on the chain.
 *
 * @param first - How many slips the chain held before.
 */
export function encodeKept(
  { chain, time, proposer, absent, misbehaviour }: LogEntry,
  { prevHash, appHash, signature }: EntryCertificate,
  { first, groups }: { readonly first: number; readonly groups: readonly ExecutedGroup[] },
): Uint8Array {
  const certificate = [prevHash, appHash, signature];
  const kept = groups.map(keptGroup);
  return encodeCanonical([
    chain,
    time,
    proposer,
    [...absent],
    [...misbehaviour],
    certificate,
    first,
    kept,
  ]);
}

function keptGroup({ bytes, group, codes }: ExecutedGroup): CborValue {
  if (group === undefined || !codes.includes("OK")) return bytes;
  const slips: (number | Uint8Array)[] = [];
  for (const [i, slip] of group.slips.entries()) {
    const last = slips.at(-1);
    if (codes[i] !== "OK") slips.push(slip.bytes);
    else if (typeof last === "number") slips[slips.length - 1] = last + 1;
    else slips.push(1);
  }
  return [group.carrier, group.signature, slips];
}

/**
 * The entry that was kept, with every byte of its groups.
 *
 * @param slipAt - The bytes of the slip at a place of the chain.
 * @throws {AnamnesisError} STORE_CORRUPT when what is kept cannot be read any more, or a slip of it is gone.
 */
export function decodeKept(
  height: number,
  bytes: Uint8Array,
  slipAt: (place: number) => Uint8Array | undefined,
): { readonly entry: LogEntry; readonly certificate: EntryCertificate } {
  const list = listOf(item(bytes), 8);
  const [, time, , , , , first, groups] = list;
  if (typeof time !== "number" || typeof first !== "number" || !Array.isArray(groups))
    throw corrupt();
  const [prevHash, appHash, signature] = listOf(list[5], 3).map(bytesOf);
  const chain = name(list[0], parseChainId);
  const next = slipsFrom(first, slipAt);
  const entry: LogEntry = {
    chain,
    height,
    time,
    proposer: name(list[2], parseInstitutionId),
    groups: groups.map((group: unknown) => wholeGroup(chain, group, next)),
    absent: names(list[3]),
    misbehaviour: names(list[4]),
  };
  return {
    entry,
    certificate: { prevHash: prevHash!, appHash: appHash!, signature: signature! },
  };
}

/** Gives the slips of the chain one after another. */
function slipsFrom(
  first: number,
  slipAt: (place: number) => Uint8Array | undefined,
): () => Uint8Array {
  let place = first;
  return () => {
    const slip = slipAt(place);
    if (slip === undefined) throw corrupt(`slip ${place} of the chain is missing`);
    place += 1;
    return slip;
  };
}

function wholeGroup(chain: ChainId, kept: unknown, next: () => Uint8Array): Uint8Array {
  if (kept instanceof Uint8Array) return kept;
  const [carrier, signature, parts] = listOf(kept, 3);
  if (!Array.isArray(parts)) throw corrupt();
  const slips = parts.flatMap((part: unknown): Uint8Array[] => {
    if (typeof part !== "number") return [bytesOf(part)];
    if (part > limits.groupSlips) throw corrupt();
    return Array.from({ length: part }, next);
  });
  return encodeGroup(chain, name(carrier, parseInstitutionId), slips, bytesOf(signature));
}

const corrupt = (
  why = "an entry of the log is not in the form it was written in",
  cause?: unknown,
) => new AnamnesisError("STORE_CORRUPT", `The store cannot be read: ${why}`, { cause });

function item(bytes: Uint8Array): unknown {
  try {
    return decodeCanonical(bytes, { maxBytes: limits.blockBytes });
  } catch (cause) {
    throw corrupt(undefined, cause);
  }
}

function listOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw corrupt();
  return value;
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw corrupt();
  return value;
}

function name<T>(value: unknown, parse: (text: string) => T): T {
  if (typeof value !== "string") throw corrupt();
  try {
    return parse(value);
  } catch (cause) {
    throw corrupt(undefined, cause);
  }
}

function names(value: unknown): InstitutionId[] {
  if (!Array.isArray(value)) throw corrupt();
  return value.map((id: unknown) => name(id, parseInstitutionId));
}
