import { equalBytes } from "@anamnesis/crypto/verify";
import type { Genesis } from "@anamnesis/protocol";
import type { SlipContext } from "./context.ts";
import { fact } from "./outcome.ts";
import type { Write } from "./outcome.ts";
import { rows } from "./rows.ts";
import type { LedgerView } from "./view.ts";

/** Whether this is a member's node key, or was: a key that was left, perhaps because it was stolen, comes back for nobody. */
export const isNodeKey = (state: LedgerView, { members }: Genesis, key: Uint8Array): boolean =>
  state.has(rows.nodeKey.key(key)) || members.some(({ nodeKey }) => equalBytes(nodeKey, key));

/** That this slip brought the key to a member. */
export const nodeKeyWrite = (key: Uint8Array, { sequence }: SlipContext): Write =>
  fact(rows.nodeKey, rows.nodeKey.key(key), sequence);

/**
 * Whether parties that see no state judge by the member's key as genesis has it: the embedded engine's writer, whose entries
 * are certified under it, and members without a vote, whose heads count under it where one alone votes.
 */
export const isJudgedByGenesis = ({ members, writer }: Genesis, id: string): boolean =>
  id === writer || members.some((member) => member.id === id && member.power === 0);
