import { performance } from "node:perf_hooks";
import type { DemoStep } from "@anamnesis/client/folder";

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

  /** An attack: it has to be refused with one of these codes. One that succeeds, or fails otherwise, is a step that failed. */
  attack(name: string, codes: readonly string[], work: () => Promise<unknown>): Promise<boolean> {
    return this.play(name, async () => {
      const code = await refusalOf(work);
      if (code === undefined) throw new Error("The attack succeeded");
      if (!codes.includes(code))
        throw new Error(`Refused with ${code}, wanted ${codes.join(" or ")}`);
      return `Refused: ${code}`;
    });
  }

  #tell(step: DemoStep): boolean {
    this.#told(step);
    return step.ok;
  }
}

async function refusalOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code === "string") return code;
    throw error;
  }
}

const elapsed = (since: number): number => Math.round(performance.now() - since);

function textOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? `${code}: ${String(message)}` : String(message);
}
