import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import { pause } from "./pause.ts";
import { whileThere } from "./whileThere.ts";

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new AnamnesisError("UNAVAILABLE", "aborted"))),
  );
const name = "node of general-hospital";

test("whileThere() waits for a slow answer of a server that shows that it is there", async () => {
  let [probes, silences] = [0, 0];
  const answer = await whileThere({
    name,
    call: async () => {
      await pause(120);
      return "late";
    },
    probe: async () => {
      probes += 1;
      if (probes === 2) throw new AnamnesisError("NOT_FOUND", "A refusal is an answer");
    },
    silentMs: 20,
    answerMs: 1_000,
    onSilent: () => void (silences += 1),
  });
  assert.equal(answer, "late");
  assert.ok(probes >= 2);
  assert.equal(silences, 0, "it is there");
});

test("whileThere() gives up one that answers nothing, names it, and ends what was asked", async () => {
  let isEnded = false;
  let silences = 0;
  const call = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener("abort", () => (isEnded = true));
    return never(signal);
  };
  const onSilent = (): void => void (silences += 1);
  const wanted = { name, call, probe: never, silentMs: 20, answerMs: 200, onSilent };
  await assert.rejects(whileThere(wanted), {
    code: "UNAVAILABLE",
    message: /node of general-hospital .* does not answer/,
  });
  assert.deepEqual([isEnded, silences], [true, 1]);
});
