import { performance } from "node:perf_hooks";

export interface DemoStep {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What held, or what went wrong. */
  readonly detail?: string;
}

/** Runs the demo's steps one after the other and keeps what came of them. */
export class DemoSteps {
  readonly steps: DemoStep[] = [];
  readonly #told: (step: DemoStep) => void;

  constructor(told: (step: DemoStep) => void) {
    this.#told = told;
  }

  get allHeld(): boolean {
    return this.steps.every(({ ok }) => ok);
  }

  /** A step that has to succeed; what it returns in words goes into the answer. Resolves to whether it did. */
  async play(name: string, work: () => Promise<string | void>): Promise<boolean> {
    const since = performance.now();
    try {
      const detail = await work();
      return this.#keep({
        name,
        ok: true,
        ms: elapsed(since),
        ...(detail === undefined ? {} : { detail }),
      });
    } catch (error) {
      return this.#keep({ name, ok: false, ms: elapsed(since), detail: textOf(error) });
    }
  }

  /** An attack: it has to be refused with one of these codes. An attack that succeeds, or fails otherwise, fails the demo. */
  attack(name: string, codes: readonly string[], work: () => Promise<unknown>): Promise<boolean> {
    return this.play(name, async () => {
      const code = await refusalOf(work);
      if (code === undefined) throw new Error("The attack succeeded");
      if (!codes.includes(code))
        throw new Error(`Refused with ${code}, wanted ${codes.join(" or ")}`);
      return `Refused: ${code}`;
    });
  }

  #keep(step: DemoStep): boolean {
    this.steps.push(step);
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
