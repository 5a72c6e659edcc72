/** A test file in a process of its own, as a hunt sees it. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../pinnedNode.mjs";
import { ATTACK, type Attack } from "./hooks.ts";
import type { Order, Report } from "./testProcess.ts";

const hooks = join(import.meta.dirname, "hooks.ts");
const main = join(import.meta.dirname, "testProcess.ts");

/** An answer; or the process died, or was too late and was ended. */
export type Answer = Report | { readonly kind: "died" } | { readonly kind: "late" };

export class TestRun {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting: Report[] = [];
  #take: ((answer: Answer) => void) | undefined;
  #isOver = false;

  /** Starts loading `testFile`; the first {@link next} says how that went. */
  constructor(testFile: string, attack: Attack) {
    this.#folder = mkdtempSync(join(tmpdir(), "mutants-"));
    const options = process.env["NODE_OPTIONS"] ?? "";
    this.#child = fork(main, [testFile], {
      cwd: projectRoot,
      // Whatever the tests start has the hooks too, is in this group of processes, and writes below this folder.
      detached: true,
      stdio: ["ignore", "ignore", process.env["SHOW_FAILURES"] ? "inherit" : "ignore", "ipc"],
      env: {
        ...process.env,
        NODE_OPTIONS: `${options} --disable-warning=ExperimentalWarning --import=${hooks}`,
        TMPDIR: this.#folder,
        [ATTACK]: JSON.stringify(attack),
      },
    });
    this.#child.on("message", (report: Report) => {
      if (this.#take === undefined) this.#waiting.push(report);
      else this.#take(report);
    });
    this.#child.on("exit", () => {
      this.#isOver = true;
      this.#take?.({ kind: "died" });
    });
    running.add(this);
  }

  async ask(order: Order, withinMs: number): Promise<Answer> {
    if (this.#isOver) return { kind: "died" };
    this.#child.send(order, () => undefined);
    return this.next(withinMs);
  }

  /** The next report. After "late" the process is gone. */
  async next(withinMs: number): Promise<Answer> {
    const report = this.#waiting.shift();
    if (report !== undefined) return report;
    if (this.#isOver) return { kind: "died" };
    const answer = await new Promise<Answer>((resolve) => {
      const timer = setTimeout(() => resolve({ kind: "late" }), withinMs);
      this.#take = (taken) => {
        clearTimeout(timer);
        resolve(taken);
      };
    });
    this.#take = undefined;
    if (answer.kind === "late") await this.end();
    return answer;
  }

  /** Ends the process, all that its tests started, and what they left on disk. */
  async end(): Promise<void> {
    running.delete(this);
    const exit = this.#isOver ? undefined : once(this.#child, "exit");
    try {
      process.kill(-this.#child.pid!, "SIGKILL");
    } catch {
      // The whole group has ended.
    }
    await exit;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const running = new Set<TestRun>();

/** For a hunt that is told to stop. */
export async function endAllRuns(): Promise<void> {
  await Promise.all([...running].map((run) => run.end()));
}
