import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandModule } from "../commandTable.ts";
import { warnings } from "../output.ts";
import { playAttacks } from "../demoAttacks.ts";
import { playPath } from "../demoPath.ts";
import { DemoSteps } from "../demoSteps.ts";
import { makeWorld } from "../demoWorld.ts";
import type { DemoWorld } from "../demoWorld.ts";
import { spawnKeys } from "../keysProcess.ts";
import { startWithPeople } from "../startWithPeople.ts";
import type { RunningFederation } from "../runFederation.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command.description(
      "Starts a federation of its own, plays the whole path from enrolment to proof, attacks it, and says what held. Uses a temporary folder unless --dir names one.",
    );
  },
  run: async (options) => {
    const demo = new DemoSteps(({ name, ok, ms, detail }) => {
      if (options.json === true) return;
      process.stdout.write(
        `${ok ? "✔" : "✖"} ${name} (${ms} ms)${detail === undefined ? "" : `: ${detail}`}\n`,
      );
    });
    const temporary = options.isDirGiven
      ? undefined
      : await mkdtemp(join(tmpdir(), "anamnesis-demo-"));
    try {
      await playAll(temporary ?? options.dir, demo);
    } finally {
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    }
    const seconds = demo.steps.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
    const failed = demo.steps.filter(({ ok }) => !ok).length;
    return {
      json: { ok: demo.allHeld, steps: demo.steps },
      lines: [
        `${demo.steps.length} steps in ${seconds.toFixed(1)} s; ${failed === 0 ? "all held" : `${failed} failed`}`,
      ],
      ...(demo.allHeld ? {} : { exitCode: 5 }),
    };
  },
};

async function playAll(dir: string, demo: DemoSteps): Promise<void> {
  let running: RunningFederation | undefined;
  let world: DemoWorld | undefined;
  const keys = spawnKeys();
  try {
    const started = await demo.play("start: keys, certificates, genesis, 8 processes", async () => {
      const protection = (): Promise<{ readonly demo: true }> => Promise.resolve({ demo: true });
      running = await startWithPeople({
        dir,
        profile: "federation",
        demo: true,
        people: false,
        say: () => undefined,
        warn: warnings(true),
        protection,
      });
    });
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
