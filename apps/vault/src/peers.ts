import { Alive, Part } from "@anamnesis/http";
import { fromHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  nodeRoutes,
  vaultRoutes,
  vaultsInOrder,
} from "@anamnesis/protocol";
import type { ByteStream, ChainId, Genesis, Ticket, Trust, Vault } from "@anamnesis/protocol";
import type { NamedObject } from "./store.ts";

/** How long a node may take to sign a ticket. */
const TICKET_MS = 2_000;

/** And a vault to say what it has. */
const KEEP_MS = 10_000;

/** An object at another institution's vault. */
export interface PeerObject {
  /** Whose vault it is. */
  readonly institution: string;
  /** Has it kept there, too. @returns the SHA-256 that it has there; `undefined` where it does not lie. */
  keep(): Promise<Uint8Array | undefined>;
  /** @throws {AnamnesisError} NOT_FOUND, OBJECT_CORRUPT, UNAVAILABLE, … */
  content(): Promise<ByteStream>;
}

/** The other vaults of a federation: where else an object may lie. */
export interface Peers {
  /** In the object's order. */
  of(object: NamedObject): readonly PeerObject[];
}

/**
 * The vaults of the trust file but for this one. A vault has no keys: like any reader it shows them a ticket that a member of
 * the object's chain signs for whoever shows the id.
 */
export function httpPeers(trust: Trust, self: string): Peers {
  const { consortium } = consortiumOf(trust);
  const chains = new Map<ChainId, Genesis>(trust.chains.map((genesis) => [genesis.chain, genesis]));
  return {
    of: ({ id, chain }) => {
      const genesis = chains.get(chain);
      const institution = genesis?.institution;
      if (genesis === undefined || institution === undefined) return [];
      const object = fromHex(id);
      return vaultsInOrder(consortium, { institution, object })
        .filter((vault) => vault.id !== self)
        .map((vault) => peerObject(genesis, vault, object));
    },
  };
}

function peerObject(genesis: Genesis, vault: Vault, object: Uint8Array): PeerObject {
  const part = new Part(`vault of ${vault.institution}`, vault.address);
  const params = { id: Buffer.from(object).toString("hex") };
  const ticket = (): Promise<Ticket> => ticketOf(genesis, { vault: vault.id, object });
  return {
    institution: vault.institution,
    keep: async () => {
      const call = { params, caller: await ticket(), timeoutMs: KEEP_MS };
      try {
        return (await part.call(vaultRoutes.keepObject, call)).sha256;
      } catch (error) {
        if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
        throw error;
      }
    },
    content: async () => {
      const call = { params, caller: await ticket() };
      const alive = new Alive(part);
      const { signal } = alive;
      const given = await alive.until(part.call(vaultRoutes.getObject, { ...call, signal }));
      return { ...given, content: alive.stream(given.content) };
    },
  };
}

/** A ticket to get, of the first member of the chain that gives one. */
async function ticketOf(
  { chain, members }: Genesis,
  wish: { readonly vault: string; readonly object: Uint8Array },
): Promise<Ticket> {
  let failure: unknown;
  for (const { id, address } of members) {
    const body = { ...wish, chain, action: "get" } as const;
    try {
      const node = new Part(`node of ${id}`, address);
      return await node.call(nodeRoutes.postTicket, { body, timeoutMs: TICKET_MS });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
