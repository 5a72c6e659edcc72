import { mkdir } from "node:fs/promises";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { equalBytes } from "@anamnesis/crypto/verify";
import { makeMachine, readRoots } from "@anamnesis/ledger";
import { AnamnesisError, InvariantError, appHashOf, memberOf } from "@anamnesis/protocol";
import type { Genesis, InstitutionId } from "@anamnesis/protocol";
import { Application } from "./application.ts";
import type { Chain } from "./chain.ts";
import { Follower } from "./embedded/follower.ts";
import type { MemberConfig } from "./embedded/member.ts";
import { peerOverHttp } from "./embedded/peer.ts";
import type { Peer } from "./embedded/peer.ts";
import { rebuildIfDamaged } from "./embedded/rebuild.ts";
import { recoverWritten } from "./embedded/recoverWritten.ts";
import { Writer } from "./embedded/writer.ts";
import { ChainStore } from "./store/chainStore.ts";
import { markDamaged } from "./store/damage.ts";
import type { TailSize } from "./store/indexTail.ts";
import { Scrubber } from "./store/scrubber.ts";
import { readableFault } from "./store/lmdbFile.ts";
import type { Verify } from "./verify/verifiedGroups.ts";

export interface ChainConfig {
  readonly genesis: Genesis;
  readonly institution: InstitutionId;
  readonly signing: SigningKeypair;
  /** Where the chain lies on disk. */
  readonly folder: string;
  readonly verify: Verify;
  /** Who re-hashes the store when asked; default one of its own. */
  readonly scrubber?: Scrubber;
  readonly quotaBytes?: number;
  /** See `ChainStore`. */
  readonly tail?: TailSize;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** See `MemberConfig`. */
  readonly onFault?: (why: string, cause: unknown) => void;
  /** How a follower reaches the writer; default HTTP at the address of genesis. */
  readonly writer?: Peer;
  /** The other members, who may hold entries that a writer lost; default none. See {@link peersOverHttp}. */
  readonly members?: readonly Peer[];
}

/**
 * Opens one chain where it was left, or begins it, as its writer or as a follower. One that a scrub found damaged is
 * rebuilt from its log first.
 *
 * @throws {AnamnesisError} BAD_REQUEST for a chain that this institution is not a member of, or that was begun from
 * another genesis document; STORE_CORRUPT when a store cannot be read, when a damaged
 * chain cannot be rebuilt, or parts ways with what a member holds.
 */
export async function openChain(config: ChainConfig): Promise<Chain> {
  const { genesis, institution, now } = config;
  memberOf(genesis, institution);
  await mkdir(config.folder, { recursive: true, mode: 0o700 });
  const isWriter = genesis.writer === institution;
  const writer =
    config.writer ??
    peerOverHttp(memberOf(genesis, genesis.writer).address, genesis.chain, config.signing);
  const peers = isWriter ? (config.members ?? []) : [writer];
  await rebuildIfDamaged({
    genesis,
    folder: config.folder,
    verify: config.verify,
    isWriter,
    peers,
    now,
  });
  const { quotaBytes, tail } = config;
  const options = {
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(tail === undefined ? {} : { tail }),
  };
  let store: ChainStore | undefined;
  try {
    store = new ChainStore(config.folder, options);
    const machine = makeMachine(genesis);
    const application = new Application({ machine, store, verify: config.verify, now });
    await application.initChain();
    await assertStateOfHeight(application, store);
    assertSameGenesis(application, store);
    if (isWriter) await recoverWritten({ genesis, store, application }, peers);
    const member: MemberConfig = {
      genesis,
      institution,
      signing: config.signing,
      application,
      store,
      scrubber: config.scrubber ?? new Scrubber(),
      now,
      ...(config.onFault === undefined ? {} : { onFault: config.onFault }),
    };
    return isWriter
      ? new Writer(member, config.verify)
      : new Follower(member, config.verify, writer);
  } catch (error) {
    await store?.close();
    throw readableFault(error);
  }
}

function assertSameGenesis({ machine }: Application, store: ChainStore): void {
  const begun = store.facts(0)?.appHash;
  if (begun === undefined)
    throw new AnamnesisError("STORE_CORRUPT", "The store keeps no beginning of its chain");
  if (!equalBytes(begun, machine.initChain().appHash)) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      `Chain ${machine.genesis.chain} was begun from another genesis document`,
    );
  }
}

/**
 * The height that the store names and the state that it holds were committed together. Where they were not, the next start
 * rebuilds the chain up to the newest entry that is kept, whatever height the store names.
 */
async function assertStateOfHeight({ machine }: Application, store: ChainStore): Promise<void> {
  if (await isStateOfHeight(store)) return;
  const fault = `the state kept is not that of height ${store.height}, or its newest slips cannot be read`;
  await markDamaged(store.folder, { fault, height: store.newestEntry });
  throw new AnamnesisError(
    "STORE_CORRUPT",
    `Chain ${machine.genesis.chain}: ${fault}; the next start rebuilds it from its log`,
  );
}

async function isStateOfHeight(store: ChainStore): Promise<boolean> {
  try {
    const appHash = store.facts(store.height ?? 0)?.appHash;
    if (appHash === undefined || !equalBytes(appHash, appHashOf(readRoots(store.state))))
      return false;
    await store.readIndex();
    return true;
  } catch (error) {
    // Roots, app hash or a slip are gone, or cannot be read any more.
    if (error instanceof InvariantError || error instanceof AnamnesisError) return false;
    throw error;
  }
}

/** Every other member of a chain, at its address in genesis. */
export const peersOverHttp = (
  genesis: Genesis,
  institution: string,
  signing: SigningKeypair,
): Peer[] =>
  genesis.members
    .filter(({ id }) => id !== institution)
    .map(({ address }) => peerOverHttp(address, genesis.chain, signing));
