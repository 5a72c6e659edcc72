/** Opens a chain (folder, file of genesis, secret key as hex), scrubs it and reads it whole, and prints how long each held the event loop. */
import { makeMachine } from "@anamnesis/ledger";
import { LoopWatch } from "@anamnesis/testing/loopWatch";
import { Application } from "../../apps/node/src/application.ts";
import { ChainStore } from "../../apps/node/src/store/chainStore.ts";
import { openFromArguments } from "../simulation/openFromArguments.ts";
import type { LongestBlocks } from "./longestBlocks.ts";

const watch = new LoopWatch();

async function longest<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  watch.longestMs();
  const value = await work();
  return { value, ms: watch.longestMs() };
}

const { value: chain, ms: load } = await longest(openFromArguments);
const { value: found, ms: scrub } = await longest(() => chain.scrub());
if (found.fault !== undefined) throw new Error(`The scrub found ${found.fault}`);
await chain.stop();
const store = new ChainStore(process.argv[2] ?? "");
const machine = makeMachine(chain.genesis);
const verify = async (): Promise<boolean[]> => [];
const application = new Application({ machine, store, verify, now: Date.now });
const { ms: snapshot } = await longest(async () => {
  for await (const part of application.snapshot()) if (part.length === 0) throw new Error("Empty");
});
await store.close();
watch.stop();
const blocks: LongestBlocks = { load, scrub, snapshot };
process.stdout.write(JSON.stringify(blocks));
