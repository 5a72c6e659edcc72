import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { EntryCertificate, LogEntry } from "@anamnesis/protocol";
import type { Application } from "./application.ts";

/** One entry of a recorded log, and what it led to where it was recorded. */
export interface Recorded {
  readonly entry: LogEntry;
  readonly appHash: Uint8Array;
  /** Of the embedded engine; kept with the entry. */
  readonly certificate?: EntryCertificate;
}

/**
 * Executes one recorded entry here and makes it durable: what a follower, a rebuild, a recovery and an engine that knows
 * more than its application all do.
 *
 * @param options.time - When the height counts as committed here, Unix milliseconds: a follower's clock; block time for what
 * was committed long ago, because a head of it must not look fresh.
 * @param options.after - The commit of the entry before, where it is still under way: this one is executed meanwhile.
 * @returns `committed`, fulfilled once the entry is durable.
 * @throws {AnamnesisError} APP_HASH_MISMATCH when it leads elsewhere here; UNAVAILABLE when signatures cannot be verified
 * now; and what `after` throws. The entry before is committed and nothing of this one is left then.
 */
export async function replay(
  application: Application,
  { entry, appHash, certificate }: Recorded,
  options: { readonly time: number; readonly after?: Promise<void> },
): Promise<{ readonly committed: Promise<void> }> {
  const { time, after = Promise.resolve() } = options;
  try {
    // What was decided is executed, whatever this member would have said of it as a proposal: see `finalize`.
    await application.process(entry);
    const executed = await application.finalize(entry);
    if (!equalBytes(executed.appHash, appHash))
      throw new AnamnesisError(
        "APP_HASH_MISMATCH",
        `Entry ${entry.height} leads to another app hash here than where it was recorded`,
      );
    await after;
  } catch (error) {
    await after.catch(() => undefined);
    application.discard();
    throw error;
  }
  const committed = application.commit(
    certificate === undefined ? { time } : { time, certificate },
  );
  committed.catch(() => undefined); // thrown where it is awaited
  return { committed };
}
