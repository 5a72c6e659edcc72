import { AnamnesisError, decodeCertified } from "@anamnesis/protocol";
import type { CertifiedEntry, Genesis } from "@anamnesis/protocol";
import type { Application } from "../application.ts";
import { replay } from "../replay.ts";
import type { ChainStore } from "../store/chainStore.ts";
import type { Peer } from "./peer.ts";
import { follows, isOfWriter, lastCommitted, recordedOf } from "./succession.ts";

const ASK_MS = 2_000;
const ENTRIES_AT_ONCE = 100;

interface OwnLog {
  readonly genesis: Genesis;
  readonly store: ChainStore;
  readonly application: Application;
}

/**
 * Before a writer goes on: does any member hold entries that it wrote and no longer has? A disk that was lost or put back
 * to an older state would otherwise make it write other entries at heights that others have committed, and lose
 * acknowledged slips (I1). Members that do not answer within 2 s cannot help; with none, the writer trusts its disk.
 *
 * @throws {AnamnesisError} STORE_CORRUPT when a member's entries and its own part ways.
 */
export async function recoverWritten(own: OwnLog, peers: readonly Peer[]): Promise<void> {
  const answering = await Promise.all(
    peers.map(async (peer) => ({ peer, entries: await entriesAfter(own, peer) })),
  );
  for (const { peer, entries: first } of answering) {
    for (let entries = first; entries.length > 0; entries = await entriesAfter(own, peer)) {
      for (const certified of entries) await takeBack(own, certified);
    }
  }
}

/** What a member holds of this writer's above the newest height kept here; nothing when it does not answer. */
async function entriesAfter({ genesis, store }: OwnLog, peer: Peer): Promise<CertifiedEntry[]> {
  const height = store.height ?? 0;
  try {
    const found = await peer.blocks(height, ENTRIES_AT_ONCE, 0, AbortSignal.timeout(ASK_MS));
    return found.map(decodeCertified).filter((certified) => isOfWriter(certified, genesis));
  } catch (error) {
    if (error instanceof AnamnesisError) return [];
    throw error;
  }
}

async function takeBack(own: OwnLog, certified: CertifiedEntry): Promise<void> {
  const { genesis, store, application } = own;
  const { height, time } = certified.entry;
  if (height <= (store.height ?? 0)) return;
  const parted = (cause?: unknown) =>
    new AnamnesisError(
      "STORE_CORRUPT",
      `Chain ${genesis.chain}: a member holds an entry ${height} of ours that does not follow from what is kept here`,
      { cause },
    );
  if (!follows(certified, genesis, lastCommitted(genesis, store))) throw parted();
  try {
    await (
      await replay(application, recordedOf(certified), { time })
    ).committed;
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "APP_HASH_MISMATCH") throw parted(error);
    throw error;
  }
}
