/** Vaults in memory behind the client's port; their objects can be changed, and they can be away, full or forgetful. */
import { concat, piecesOf, sha256, streamOf, toHex } from "@anamnesis/crypto/verify";
import type { VaultApi } from "@anamnesis/client";
import { AnamnesisError, consortiumOf, verifyTicket } from "@anamnesis/protocol";
import type { Ticket, Trust } from "@anamnesis/protocol";
import { keyOf } from "../keys.ts";

export class MemoryVault implements VaultApi {
  readonly id: string;
  /** Stored objects by id. */
  readonly objects = new Map<string, Uint8Array>();
  /** Ids of objects that were asked for, in order. */
  readonly downloads: string[] = [];
  /** Ids that somebody had kept. */
  readonly kept = new Set<string>();
  isAway = false;
  /** Answers that it keeps what it drops. */
  forgets = false;
  /** From this many objects on uploads fail with STORAGE_FULL. */
  fullAfter = Number.POSITIVE_INFINITY;
  /** After so many bytes of a transfer it is away. */
  breaksAfter = Number.POSITIVE_INFINITY;

  constructor(id: string) {
    this.id = id;
  }

  isSilent(): boolean {
    return false;
  }

  async put(object: Uint8Array, ticket: Ticket, content: ReadableStream<Uint8Array>) {
    this.#check(object, "put", ticket);
    const parts: Uint8Array[] = [];
    let taken = 0;
    for await (const part of piecesOf(content)) {
      taken += part.length;
      if (taken > this.breaksAfter) throw away();
      parts.push(part.slice());
    }
    if (this.objects.size >= this.fullAfter)
      throw new AnamnesisError("STORAGE_FULL", "The vault is full");
    const bytes = concat(...parts);
    if (!this.forgets) this.objects.set(toHex(object), bytes);
    return sha256(bytes);
  }

  async keep(object: Uint8Array, ticket: Ticket) {
    this.#check(object, "get", ticket);
    this.kept.add(toHex(object));
  }

  async get(object: Uint8Array, ticket: Ticket) {
    this.#check(object, "get", ticket);
    this.downloads.push(toHex(object));
    const found = this.objects.get(toHex(object));
    if (found === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such object");
    return streamOf(this.#pieces(found));
  }

  #check(object: Uint8Array, action: "get" | "put", ticket: Ticket): void {
    if (this.isAway) throw away();
    const isFor =
      ticket.vault === this.id &&
      ticket.action === action &&
      toHex(ticket.object) === toHex(object);
    if (!isFor || !verifyTicket(ticket, keyOf(ticket.institution).publicKey))
      throw new AnamnesisError("TICKET_INVALID", "The ticket is for something else");
  }

  async *#pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 10_000) {
      if (at >= this.breaksAfter) throw away();
      yield bytes.slice(at, at + 10_000);
    }
  }
}

/** Every vault that a federation's genesis names. */
export class MemoryVaults {
  readonly all: readonly MemoryVault[];

  constructor(trust: Trust) {
    this.all = consortiumOf(trust).consortium.vaults.map(({ id }) => new MemoryVault(id));
  }

  /** @throws {AnamnesisError} NOT_FOUND */
  named(id: string): MemoryVault {
    const found = this.all.find((vault) => vault.id === id);
    if (found === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such vault");
    return found;
  }

  /** What lies in some vault, by id. */
  stored(): Map<string, Uint8Array> {
    return new Map(this.all.flatMap(({ objects }) => [...objects]));
  }

  /** Puts other bytes in an object's place, wherever it lies. */
  change(id: string, bytes: Uint8Array): void {
    for (const { objects } of this.all) if (objects.has(id)) objects.set(id, bytes);
  }

  /** All are there, with room. */
  mend(): void {
    for (const vault of this.all) {
      vault.isAway = vault.forgets = false;
      vault.fullAfter = vault.breaksAfter = Number.POSITIVE_INFINITY;
    }
  }
}

const away = (): AnamnesisError => new AnamnesisError("UNAVAILABLE", "This vault is away");
