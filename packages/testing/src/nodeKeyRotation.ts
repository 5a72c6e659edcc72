/** Slips that give a member's node another key. Keys are named by labels: a member's first one by its id. */
import { provePossession } from "@anamnesis/protocol";
import { keyOf, signer } from "./keys.ts";
import type { MadeSlip, TestChain } from "./testChain.ts";

export interface RotationParts {
  readonly id: string;
  /** Label of the new key. */
  readonly to: string;
  /** Who signs; default the member itself. */
  readonly by?: string;
  /** Label of the key that signs; default the first one of `by`. */
  readonly key?: string;
  /** Voters who sign too. */
  readonly voters?: readonly string[];
  /** Label of the key that `possession` is made with; default `to`. */
  readonly possessedBy?: string;
  /** For a rotation of which time; default now. */
  readonly possessedAt?: number;
}

export function rotationSlip(chain: TestChain, parts: RotationParts): MadeSlip {
  const { id, to, by = id, key = by, voters = [], possessedBy = to } = parts;
  const rotated = { id, nodeKey: keyOf(to).publicKey };
  const header = { chain: chain.genesis.chain, time: parts.possessedAt ?? chain.time };
  const possession = provePossession(header, rotated, signer(keyOf(possessedBy)));
  const fields = { ...rotated, possession, by };
  return chain.cosignedSlip("institution.rotateKey", fields, voters, keyOf(key));
}
