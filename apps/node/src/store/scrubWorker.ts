import { parentPort } from "node:worker_threads";
import type { Genesis } from "@anamnesis/protocol";
import { ChainStore } from "./chainStore.ts";
import { scrubStore } from "./scrub.ts";
import type { ScrubResult } from "./scrub.ts";

/** What a scrub takes: a store that others may have open, and a flag that is raised (1) to end it. */
export interface ScrubJob {
  readonly genesis: Genesis;
  readonly folder: string;
  readonly stop: SharedArrayBuffer;
}

/** What it gives: nothing when it was stopped, or could not begin. */
export type ScrubReply = ScrubResult | undefined;

/** Scrubs off the main thread: it reads for as long as it takes without a pause. */
parentPort?.on("message", (job: ScrubJob) => {
  void scrub(job).then((reply) => parentPort?.postMessage(reply));
});

async function scrub({ genesis, folder, stop }: ScrubJob): Promise<ScrubReply> {
  const flag = new Int32Array(stop);
  let store: ChainStore | undefined;
  try {
    store = new ChainStore(folder, { readOnly: true });
    return scrubStore(genesis, store, () => Atomics.load(flag, 0) === 1);
  } catch {
    return undefined;
  } finally {
    await store?.close();
  }
}
