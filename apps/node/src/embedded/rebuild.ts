import { rename, rm } from "node:fs/promises";
import { makeMachine } from "@anamnesis/ledger";
import { AnamnesisError, decodeCertified } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import { Application } from "../application.ts";
import { replay } from "../replay.ts";
import { ChainStore } from "../store/chainStore.ts";
import { readDamage } from "../store/damage.ts";
import type { Verify } from "../verify/verifiedGroups.ts";
import type { Peer } from "./peer.ts";
import { follows, lastCommitted, predecessorOf, recordedOf } from "./succession.ts";
import type { Predecessor } from "./succession.ts";

export interface RebuildConfig {
  readonly genesis: Genesis;
  readonly folder: string;
  readonly verify: Verify;
  readonly isWriter: boolean;
  /** Members whose entries may fill what the damaged store lost. */
  readonly peers: readonly Peer[];
  readonly now: () => number;
}

/**
 * Makes a damaged chain anew, if it was marked as such: every entry of the log is replayed from genesis, taken from the
 * damaged store as long as it holds there, else from another member. The damaged store is kept beside it.
 *
 * @throws {AnamnesisError} STORE_CORRUPT at the writer when nobody has an entry that it had vouched for: going on without
 * it would lose acknowledged slips (I1). A follower goes on and pulls the rest.
 */
export async function rebuildIfDamaged(config: RebuildConfig): Promise<void> {
  const { genesis, folder, verify, isWriter, now } = config;
  const damage = await readDamage(folder);
  if (damage === undefined) return;
  const fresh = `${folder}.rebuilding`;
  await rm(fresh, { recursive: true, force: true });
  const old = new ChainStore(folder);
  const store = new ChainStore(fresh);
  try {
    const application = new Application({ machine: makeMachine(genesis), store, verify, now });
    await application.initChain();
    let last: Predecessor | undefined = lastCommitted(genesis, store);
    while (last !== undefined && last.height < damage.height)
      last = await replaySound(last, { config, old, application });
    const reached = application.info().height;
    if (isWriter && reached < damage.height) {
      throw new AnamnesisError(
        "STORE_CORRUPT",
        `Chain ${genesis.chain} is damaged (${damage.fault}); entries ${reached + 1} to ${damage.height} can be had nowhere now`,
      );
    }
  } finally {
    await old.close();
    await store.close();
  }
  await rename(folder, `${folder}.damaged-${now()}`);
  await rename(fresh, folder);
}

interface Sources {
  readonly config: RebuildConfig;
  readonly old: ChainStore;
  readonly application: Application;
}

/** Replays the first source's entry that follows the last, holds and leads to the app hash it claims, if there is one. */
async function replaySound(
  last: Predecessor,
  { config, old, application }: Sources,
): Promise<Predecessor | undefined> {
  for await (const bytes of candidates(last.height + 1, config, old)) {
    try {
      const certified = decodeCertified(bytes);
      if (!follows(certified, config.genesis, last)) continue;
      // Block time, not now: a head of an old height must not look fresh.
      const { time } = certified.entry;
      await (
        await replay(application, recordedOf(certified), { time })
      ).committed;
      return predecessorOf(certified);
    } catch (error) {
      const isOfSource = error instanceof AnamnesisError && !isOfDisk(error);
      if (!isOfSource) throw error;
    }
  }
  return undefined;
}

/** Whether it is this disk that failed, not what a source gave. */
const isOfDisk = ({ code }: AnamnesisError): boolean =>
  code === "STORAGE_FULL" || code === "STORE_CORRUPT";

async function* candidates(
  height: number,
  { peers }: RebuildConfig,
  old: ChainStore,
): AsyncIterable<Uint8Array> {
  const own = kept(old, height);
  if (own !== undefined) yield own;
  for (const peer of peers) {
    const got = await peer.blocks(height - 1, 1, 0, AbortSignal.timeout(10_000)).catch(() => []);
    yield* got.slice(0, 1);
  }
}

/** What the damaged store holds of a height, where it can still be read. */
function kept(old: ChainStore, height: number): Uint8Array | undefined {
  try {
    return old.entry(height);
  } catch {
    return undefined; // Whatever cannot be read is had from a member.
  }
}
