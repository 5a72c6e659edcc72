import { performance } from "node:perf_hooks";
import type { DemoStep } from "@anamnesis/client/folder";
import type { Answered } from "./answered.ts";

/** Runs the demo's steps one after the other and tells what came of each. */
export class DemoSteps {
  readonly #told: (step: DemoStep) => void;

  constructor(told: (step: DemoStep) => void) {
    this.#told = told;
  }

  /** A step that has to succeed; what it returns in words goes into the answer. Resolves to whether it did. */
  async play(name: string, work: () => Promise<string | void>): Promise<boolean> {
    const since = performance.now();
    try {
      const detail = await work();
      return this.#tell({
        name,
        ok: true,
        ms: elapsed(since),
        ...(detail === undefined ? {} : { detail }),
      });
    } catch (error) {
      return this.#tell({ name, ok: false, ms: elapsed(since), detail: textOf(error) });
    }
  }

  /**
   * An attack: whoever is asked has to refuse it with this very code. One that anybody serves, or refuses for another reason,
   * is a step that failed; so is one that reached nobody.
   */
  attack(name: string, code: string, ask: () => Promise<readonly Answered[]>): Promise<boolean> {
    return this.play(`attack: ${name}`, async () => {
      const answers = await ask();
      if (answers.length === 0) throw new Error("Nobody was asked");
      const others = answers.filter((answer) => answer.code !== code);
      const said = others.map((answer) => `${answer.by}: ${answer.code}`).join(", ");
      if (others.length > 0) throw new Error(`Wanted ${code}; ${said}`);
      const asked = answers.length === 1 ? answers[0]!.by : `all ${answers.length}`;
      return `Refused by ${asked}: ${code}`;
    });
  }

  #tell(step: DemoStep): boolean {
    this.#told(step);
    return step.ok;
  }
}

const elapsed = (since: number): number => Math.round(performance.now() - since);

function textOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? `${code}: ${String(message)}` : String(message);
}
