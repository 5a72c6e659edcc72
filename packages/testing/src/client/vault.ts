/** A vault in memory behind the client's port; its objects can be changed. */
import { concat, piecesOf, streamOf, toHex } from "@anamnesis/crypto/verify";
import type { VaultApi } from "@anamnesis/client";
import { AnamnesisError, verifyTicket } from "@anamnesis/protocol";
import type { Ticket } from "@anamnesis/protocol";
import { keyOf } from "../keys.ts";

export interface VaultState {
  /** Stored objects by id. */
  readonly objects: Map<string, Uint8Array>;
  /** Ids of objects that were downloaded, in order. */
  readonly downloads: string[];
  /** From this many objects on uploads fail with STORAGE_FULL. */
  readonly vaultFullAfter: number;
}

export function memoryVault(state: VaultState, id: string): VaultApi {
  return {
    put: async (object, ticket, content) => {
      check(id, object, "put", ticket);
      const parts: Uint8Array[] = [];
      for await (const part of piecesOf(content)) parts.push(part.slice());
      if (state.objects.size >= state.vaultFullAfter)
        throw new AnamnesisError("STORAGE_FULL", "The vault is full");
      state.objects.set(toHex(object), concat(...parts));
    },
    get: async (object, ticket) => {
      check(id, object, "get", ticket);
      const found = state.objects.get(toHex(object));
      state.downloads.push(toHex(object));
      if (found === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such object");
      return streamOf(pieces(found));
    },
  };
}

function check(vault: string, object: Uint8Array, action: "get" | "put", ticket: Ticket): void {
  const isFor =
    ticket.vault === vault && ticket.action === action && toHex(ticket.object) === toHex(object);
  if (!isFor || !verifyTicket(ticket, keyOf(ticket.institution).publicKey))
    throw new AnamnesisError("TICKET_INVALID", "The ticket is for something else");
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.slice(at, at + 10_000);
}
