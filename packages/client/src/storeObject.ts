import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, VAULTS_PER_OBJECT } from "@anamnesis/protocol";
import type { Ticket, Vault } from "@anamnesis/protocol";
import { branchesOf } from "./branches.ts";
import type { Caller } from "./ports.ts";
import { askInstitution, askMembers } from "./members/ask.ts";
import type { Session } from "./session.ts";
import { vaultsToAsk } from "./vaultChoice.ts";
import type { PassedVault } from "./vaultChoice.ts";

/** An object by the chain under which it lies. */
interface Named {
  readonly chain: string;
  readonly object: Uint8Array;
}

/** An object to be stored, by somebody who may put under its chain. */
export interface NewObject extends Named {
  readonly content: ReadableStream<Uint8Array>;
  readonly caller: Caller;
}

/** An object that two vaults hold. */
export interface HeldObject extends Named {
  readonly vaults: readonly Vault[];
}

interface Passed {
  readonly vault: Vault;
  readonly error: AnamnesisError;
}

/**
 * Stores an object at two vaults of different institutions, the first two in order that take it. Its content is sealed and
 * read once: a vault that fails on the way is replaced by the next, which gets a copy from the one that has it.
 *
 * @throws {AnamnesisError} TOO_FEW_VAULTS with `details.vaults`, what each of them answered, and `details.away`; OBJECT_CORRUPT when they hold
 * different bytes; UNAVAILABLE and others of the node that signs tickets. @throws what the content fails with.
 */
export async function storeObject(session: Session, given: NewObject): Promise<HeldObject> {
  const order = vaultsToAsk(session, given);
  const first = order.slice(0, VAULTS_PER_OBJECT);
  const tickets = await Promise.all(first.map((vault) => ticketFor(session, vault, given, "put")));
  const branches = branchesOf(given.content, first.length);
  const held = new Map<Vault, Uint8Array>();
  const passed: Passed[] = [];
  const attempt = async (vault: Vault, putting: () => Promise<Uint8Array>): Promise<void> => {
    try {
      held.set(vault, await putting());
    } catch (error) {
      if (!(error instanceof AnamnesisError)) throw error;
      passed.push({ vault, error });
    }
  };
  const putting = first.map((vault, at) =>
    attempt(vault, async () => {
      const stream = branches.streams[at] as ReadableStream<Uint8Array>;
      try {
        return await session.network
          .vault(vault.id)
          .put(given.object, tickets[at] as Ticket, stream);
      } finally {
        branches.leave(stream);
      }
    }),
  );
  const [fault] = (await Promise.allSettled(putting)).filter(({ status }) => status === "rejected");
  const failure = branches.failure() ?? (fault as PromiseRejectedResult | undefined)?.reason;
  if (failure !== undefined) throw failure;
  for (const vault of order.slice(VAULTS_PER_OBJECT)) {
    const [holder] = held.keys();
    if (holder === undefined || held.size >= VAULTS_PER_OBJECT) break;
    await attempt(vault, () => copy(session, given, { from: holder, to: vault }));
  }
  if (held.size < VAULTS_PER_OBJECT) throw tooFew(held.size, passed);
  const [one, ...others] = held.values();
  if (one === undefined || !others.every((other) => equalBytes(other, one))) throw different(held);
  return { chain: given.chain, object: given.object, vaults: [...held.keys()] };
}

/**
 * Has an object kept by the vaults that hold it, now that its slip stands on the chain. Best effort: whoever reads it has it
 * kept, too, and vaults tell each other.
 */
export async function haveKept(session: Session, held: HeldObject): Promise<void> {
  const { object, vaults } = held;
  await Promise.all(
    vaults.map(async (vault) => {
      try {
        const ticket = await ticketFor(session, vault, held, "get");
        await session.network.vault(vault.id).keep(object, ticket);
      } catch (error) {
        if (!(error instanceof AnamnesisError)) throw error;
      }
    }),
  );
}

async function copy(
  session: Session,
  given: NewObject,
  { from, to }: { readonly from: Vault; readonly to: Vault },
): Promise<Uint8Array> {
  const [get, put] = await Promise.all([
    ticketFor(session, from, given, "get"),
    ticketFor(session, to, given, "put"),
  ]);
  const content = await session.network.vault(from.id).get(given.object, get);
  return session.network.vault(to.id).put(given.object, put, content);
}

/** To put, the institution's own node signs; to get, any member of the chain. */
function ticketFor(
  session: Session,
  { id: vault }: Vault,
  { chain, object, caller }: Named & { readonly caller?: Caller },
  action: Ticket["action"],
): Promise<Ticket> {
  const wish = { vault, chain, action, object };
  return action === "get"
    ? askMembers(session, chain, (node) => node.ticket(wish))
    : askInstitution(session, chain, session.device.institution, (node) =>
        node.ticket(wish, caller),
      );
}

function tooFew(held: number, passed: readonly Passed[]): AnamnesisError {
  const vaults = passed.map(({ vault, error }): PassedVault => ({
    vault: vault.id,
    institution: vault.institution,
    code: error.code,
  }));
  const why = vaults.map(({ institution, code }) => `${institution}: ${code}`).join(", ");
  return new AnamnesisError(
    "TOO_FEW_VAULTS",
    `${held} of ${VAULTS_PER_OBJECT} vaults wanted hold the record, so it was not submitted (${why})`,
    {
      cause: passed[0]?.error,
      details: { vaults, away: vaults.map(({ institution }) => institution) },
    },
  );
}

function different(held: ReadonlyMap<Vault, Uint8Array>): AnamnesisError {
  const names = [...held.keys()].map(({ institution }) => institution).join(" and ");
  return new AnamnesisError(
    "OBJECT_CORRUPT",
    `The vaults of ${names} hold different bytes of the record, so it was not submitted`,
  );
}
