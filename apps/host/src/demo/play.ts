import { spawnKeys } from "@anamnesis/client/folder";
import type { DemoStep } from "@anamnesis/client/folder";
import type { RunningFederation } from "../runFederation.ts";
import { startWithPeople } from "../startWithPeople.ts";
import { playAttacks } from "./attacks.ts";
import { playPath } from "./path.ts";
import { DemoSteps } from "./steps.ts";
import { makeWorld } from "./world.ts";
import type { DemoWorld } from "./world.ts";

/** Starts a demo federation in a folder, plays the whole path, attacks it, and stops it; a step that fails ends the play. */
export async function playDemo(
  dir: string,
  options: { readonly told: (step: DemoStep) => void; readonly warn: (text: string) => void },
): Promise<void> {
  const demo = new DemoSteps(options.told);
  let running: RunningFederation | undefined;
  let world: DemoWorld | undefined;
  const keys = spawnKeys();
  try {
    const started = await demo.play(
      "start: keys, certificates, genesis, 10 processes",
      async () => {
        running = await startWithPeople({
          dir,
          profile: "federation",
          demo: true,
          people: false,
          say: () => undefined,
          warn: options.warn,
        });
      },
    );
    if (!started || running === undefined) return;
    const there = running;
    const enrolled = await demo.play(
      "enrol: a patient and three doctors, by their hospitals' registrars",
      async () => {
        world = await makeWorld(there, keys);
      },
    );
    if (!enrolled || world === undefined) return;
    const trail = await playPath(world, demo);
    if (trail !== undefined) await playAttacks(world, trail, demo);
  } finally {
    keys.end();
    if (running !== undefined) await stopOf(running, demo);
  }
}

async function stopOf(running: RunningFederation, demo: DemoSteps): Promise<void> {
  await demo.play("stop: every process ends cleanly", () => running.stop());
}
