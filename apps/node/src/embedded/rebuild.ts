import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes } from "@anamnesis/crypto/verify";
import { makeMachine } from "@anamnesis/ledger";
import { AnamnesisError, decodeBlock } from "@anamnesis/protocol";
import type { Block, Genesis } from "@anamnesis/protocol";
import { Application } from "../application.ts";
import type { Verify } from "../application.ts";
import { ChainStore } from "../store/chainStore.ts";
import { followsStore } from "./succession.ts";
import type { Peer } from "./peer.ts";

/** Left in a chain's folder when its store was found damaged: what was wrong, and the height that was vouched for. */
interface Damage {
  readonly fault: string;
  readonly height: number;
}

const damageFile = (folder: string): string => join(folder, "damage.json");

/** From now on the store is not opened again before it is rebuilt. */
export const markDamaged = (folder: string, damage: Damage): Promise<void> =>
  writeFile(damageFile(folder), JSON.stringify(damage), { mode: 0o600 });

async function readDamage(folder: string): Promise<Damage | undefined> {
  try {
    return JSON.parse(await readFile(damageFile(folder), "utf8")) as Damage;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export interface RebuildConfig {
  readonly genesis: Genesis;
  readonly folder: string;
  readonly verify: Verify;
  readonly isWriter: boolean;
  /** Members whose blocks may fill what the damaged store lost. */
  readonly peers: readonly Peer[];
  readonly now: () => number;
}

/**
 * Makes a damaged chain anew, if it was marked as such: every block is executed again from genesis, taken from the damaged
 * store as long as it holds there, else from another member. The damaged store is kept beside it.
 *
 * @throws {AnamnesisError} STORE_CORRUPT at the writer when nobody has a block that it had vouched for: going on without
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
    const application = new Application(makeMachine(genesis), store, verify);
    await application.initChain();
    for (let height = 1; height <= damage.height; height++) {
      const block = await soundBlock(height, { config, old, store, application });
      if (block === undefined) break;
      // Block time, not now: a head of an old height must not look fresh.
      await application.commit(block.block, block.result, block.block.time);
    }
    const reached = application.info().height;
    if (isWriter && reached < damage.height) {
      throw new AnamnesisError(
        "STORE_CORRUPT",
        `Chain ${genesis.chain} is damaged (${damage.fault}); blocks ${reached + 1} to ${damage.height} can be had nowhere now`,
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
  readonly store: ChainStore;
  readonly application: Application;
}

/** The first source's block that follows, holds and leads to the app hash it claims. */
async function soundBlock(height: number, { config, old, store, application }: Sources) {
  for await (const bytes of candidates(height, config, old)) {
    try {
      const block: Block = decodeBlock(bytes);
      if (!followsStore(block, config.genesis, store)) continue;
      const groups = await application.process(block.groups);
      const result = application.finalize({ ...block, groups });
      if (equalBytes(result.appHash, block.appHash)) return { block, result };
    } catch (error) {
      if (!(error instanceof AnamnesisError)) throw error;
    }
  }
  return undefined;
}

async function* candidates(
  height: number,
  { peers }: RebuildConfig,
  old: ChainStore,
): AsyncIterable<Uint8Array> {
  const own = old.block(height);
  if (own !== undefined) yield own;
  for (const peer of peers) {
    const got = await peer.blocks(height - 1, 1, 0, AbortSignal.timeout(10_000)).catch(() => []);
    yield* got.slice(0, 1);
  }
}
