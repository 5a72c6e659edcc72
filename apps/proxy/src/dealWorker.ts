/** Judges deals off the main thread, in turns: a large one does not hold up a small one that came later. */
import { parentPort } from "node:worker_threads";
import { ready } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { checkDeal } from "./dealCheck.ts";
import type { DealQuestion, DealVerdict } from "./dealJudge.ts";

parentPort?.on("message", (question: DealQuestion) => void judge(question));

async function judge({ id, deal }: DealQuestion): Promise<void> {
  const refused = await ready()
    .then(() => checkDeal(deal))
    .then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof AnamnesisError)) throw error;
        return { code: error.code, message: error.message };
      },
    );
  const verdict: DealVerdict = { id, refused };
  parentPort?.postMessage(verdict);
}
